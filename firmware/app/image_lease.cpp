// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "app/image_lease.h"

#include "client/dhcp/dhcp_boot_file.h"
#include "wire/dhcp4.h"
#include "wire/uri.h"

namespace kedge::app {
namespace {

/// Where an image came from, as DHCP would say it.
struct BootFile {
  wire::Ipv4Address server;
  std::string name;
};

BootFile boot_file(std::string_view text, wire::Ipv4Address known_server) {
  BootFile file{known_server, std::string(text)};
  const auto uri = wire::Uri::parse(text);
  if (!uri.ok()) return file;
  const auto address = wire::Ipv4Address::parse(uri->host);
  if (address.ok()) file.server = *address;
  const bool plain_tftp = uri->scheme == "tftp" && address.ok() && !uri->port.has_value();
  if (plain_tftp) file.name = uri->tftp_file_name();
  return file;
}

/// The DHCPACK that a configuration without DHCP would have come by.
std::vector<std::byte> made_up_ack(const net::Interface& interface, const wire::MacAddress& mac,
                                   const BootFile& file) {
  const net::Ipv4Configuration& configuration = interface.ipv4();
  std::vector<std::byte> buffer(wire::kDhcpMessageMax);
  wire::Dhcp4Header header;
  header.operation = wire::BootpOperation::reply;
  header.yours = configuration.address;
  header.server = file.server;
  header.set_mac(mac);
  wire::Dhcp4Builder builder(buffer, header);
  builder.type(wire::DhcpMessageType::ack);
  builder.option_address(wire::dhcp_option::kSubnetMask,
                         wire::Ipv4Subnet{{}, configuration.prefix_bits}.netmask());
  if (!configuration.gateway.is_any()) {
    builder.option_address(wire::dhcp_option::kRouters, configuration.gateway);
  }
  builder.option_address(wire::dhcp_option::kServerId, file.server);
  const auto message = builder.finish();
  if (!message.ok()) return {};
  return {message->begin(), message->end()};
}

/// The boot file's name is in option 67 only: many servers put it there for a client that asks for
/// the option, as ours does. Boot loaders look at the field of the header and nowhere else.
bool hides_boot_file(const std::vector<std::byte>& packet) {
  const auto message = wire::Dhcp4View::parse(packet);
  if (!message.ok() || !message->file().empty()) return false;
  const auto parsed = client::DhcpPacket::parse(packet);
  return parsed.ok() && !parsed->filename().empty();
}

/// The packet stays as it is when it cannot be changed.
void rename(std::vector<std::byte>& packet, const BootFile& file) {
  if (packet.empty()) return;
  const auto parsed = client::DhcpPacket::parse(packet);
  if (!parsed.ok()) return;
  if (auto changed = client::with_boot_file(*parsed, file.server, file.name); changed.ok()) {
    packet = *std::move(changed);
  }
}

}  // namespace

uefi::PxeLease image_lease(const InterfaceSlot& slot, std::string_view uri) {
  uefi::PxeLease lease;
  wire::Ipv4Address server;
  if (slot.lease.has_value()) {
    lease = uefi::pxe_lease(*slot.lease, slot.interface.ipv4());
    const client::BootInformation& boot = slot.lease->boot;
    server = boot.next_server.is_any() ? slot.lease->server_id : boot.next_server;
  }
  const BootFile file = boot_file(uri, server);
  bool names_image = false;
  if (!slot.lease.has_value()) {
    lease.configuration = slot.interface.ipv4();
    lease.ack = made_up_ack(slot.interface, slot.interface.device().mac(), file);
  } else {
    names_image =
        slot.lease->boot.filename == file.name && slot.lease->boot.next_server == file.server;
  }
  for (auto* packet : {&lease.ack, &lease.proxy_offer, &lease.boot_server_reply}) {
    if (!names_image || hides_boot_file(*packet)) rename(*packet, file);
  }
  return lease;
}

}  // namespace kedge::app
