// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "client/dhcp/dhcp_request.h"

#include "client/dhcp/dhcp_errors.h"

namespace kedge::client {
namespace {

namespace option_number = wire::dhcp_option;
namespace suboption_number = wire::etherboot_option;

// UNDI 3.10, what servers expect of UEFI clients (RFC 4578 2.2).
constexpr std::uint8_t kInterfaceTypeUndi = 1;
constexpr std::uint8_t kUndiMajor = 3;
constexpr std::uint8_t kUndiMinor = 10;
constexpr std::uint8_t kMachineIdUuid = 0;  // RFC 4578 2.3
constexpr std::uint8_t kBusPci = 1;
constexpr std::size_t kEncapsulatedMax = 255;

// Option 121 comes before 3, as RFC 3442 demands.
constexpr std::uint8_t kRequested[] = {option_number::kSubnetMask,
                                       option_number::kClasslessRoutes,
                                       option_number::kRouters,
                                       option_number::kDnsServers,
                                       option_number::kLogServers,
                                       option_number::kHostName,
                                       option_number::kDomainName,
                                       option_number::kRootPath,
                                       option_number::kInterfaceMtu,
                                       option_number::kNtpServers,
                                       option_number::kVendorEncapsulated,
                                       option_number::kVendorClass,
                                       option_number::kTftpServerName,
                                       option_number::kBootFileName,
                                       option_number::kDomainSearch,
                                       128,
                                       129,
                                       130,
                                       131,
                                       132,
                                       133,
                                       134,
                                       135,
                                       option_number::kEtherboot,
                                       option_number::kInitiatorIqn};
static_assert(option_number::kPxeFirst == 128 && option_number::kPxeLast == 135);

void add_pxe_options(wire::Dhcp4Builder& builder, const DhcpIdentity& identity) {
  const auto architecture = static_cast<std::uint16_t>(identity.architecture);
  builder.option_u16(option_number::kClientArchitecture, architecture);
  const std::uint8_t interface[] = {kInterfaceTypeUndi, kUndiMajor, kUndiMinor};
  builder.option(option_number::kClientInterface, std::as_bytes(std::span(interface)));
  if (identity.vendor_class.empty()) {
    builder.option_text(option_number::kVendorClass,
                        format("{}:Arch:{:05}:UNDI:{:03}{:03}", wire::kPxeVendorClass, architecture,
                               kUndiMajor, kUndiMinor));
  } else {
    builder.option_text(option_number::kVendorClass, identity.vendor_class);
  }
  if (identity.uuid) {
    std::array<std::uint8_t, 17> value;
    value[0] = kMachineIdUuid;
    std::copy(identity.uuid->begin(), identity.uuid->end(), value.begin() + 1);
    builder.option(option_number::kClientMachineId, std::as_bytes(std::span(value)));
  }
}

void add_client_id(wire::Dhcp4Builder& builder, const DhcpIdentity& identity) {
  if (!identity.client_id.empty()) {
    builder.option(option_number::kClientId, std::as_bytes(std::span(identity.client_id)));
    return;
  }
  std::array<std::byte, 1 + wire::MacAddress::kSize> value;
  ByteWriter writer(value);
  writer.u8(wire::Dhcp4Header::kEthernet);
  identity.mac.write(writer);
  builder.option(option_number::kClientId, value);
}

Result<void> add_features(wire::Dhcp4Builder& builder, const DhcpIdentity& identity) {
  std::array<std::byte, kEncapsulatedMax> value;
  ByteWriter writer(value);
  for (const std::uint8_t feature : identity.features) {
    writer.u8(feature);
    writer.u8(1);
    writer.u8(1);
  }
  if (identity.bus) {
    writer.u8(suboption_number::kBusId);
    writer.u8(5);
    writer.u8(kBusPci);
    writer.be16(identity.bus->vendor);
    writer.be16(identity.bus->device);
  }
  if (!writer.ok()) return fail(err::dhcp_request_too_large);
  KEDGE_TRY(const ByteView features, writer.finish());
  if (!features.empty()) builder.option(option_number::kEtherboot, features);
  return {};
}

}  // namespace

Result<ByteView> write_dhcp_request(ByteSpan buffer, const DhcpIdentity& identity,
                                    const DhcpRequest& request) {
  wire::Dhcp4Header header;
  header.transaction = request.transaction;
  header.seconds = request.seconds;
  header.flags = request.broadcast ? wire::Dhcp4Header::kBroadcastFlag : std::uint16_t{0};
  header.client = request.client;
  header.set_mac(identity.mac);
  wire::Dhcp4Builder builder(buffer, header);
  builder.type(request.type);
  if (request.server_id) builder.option_address(option_number::kServerId, *request.server_id);
  if (request.requested) {
    builder.option_address(option_number::kRequestedAddress, *request.requested);
  }
  add_client_id(builder, identity);
  if (request.type != wire::DhcpMessageType::release) {  // RFC 2131 table 5: nothing else there
    builder.option_u16(option_number::kMaximumMessageSize, wire::kDhcpMessageMax);
    builder.option(option_number::kParameterRequestList, std::as_bytes(std::span(kRequested)));
    add_pxe_options(builder, identity);
    if (!identity.user_class.empty()) {
      builder.option_text(option_number::kUserClass, identity.user_class);
    }
    if (!identity.hostname.empty()) {
      builder.option_text(option_number::kHostName, identity.hostname);
    }
    KEDGE_CHECK(add_features(builder, identity));
    if (request.boot_item) {
      std::array<std::byte, 8> value;
      ByteWriter writer(value);
      wire::write_pxe_boot_item(writer, *request.boot_item);
      KEDGE_TRY(const ByteView item, writer.finish());
      builder.option(option_number::kVendorEncapsulated, item);
    }
  }
  auto message = builder.finish();
  if (!message) return fail(err::dhcp_request_too_large);
  return *message;
}

}  // namespace kedge::client
