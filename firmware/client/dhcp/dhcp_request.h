// SPDX-License-Identifier: BSD-2-Clause-Patent
// What a PXE client tells DHCP servers about itself, and the messages it sends.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "wire/dhcp4.h"
#include "wire/pxe_options.h"

namespace kedge::client {

/// Option 93 (RFC 4578 2.1 and IANA's "Processor Architecture Types").
enum class DhcpArchitecture : std::uint16_t {
  x86_uefi = 6,
  x64_uefi = 7,
  arm32_uefi = 10,
  arm64_uefi = 11,
  riscv64_uefi = 27,
  loongarch64_uefi = 39,
};

/// PCI identity of the NIC (option 175.177).
struct DhcpBusId {
  std::uint16_t vendor = 0;
  std::uint16_t device = 0;
};

struct DhcpIdentity {
  /// The user class under which servers know network boot firmware that understands scripts.
  static constexpr std::string_view kUserClass = "iPXE";

  wire::MacAddress mac;
  DhcpArchitecture architecture = DhcpArchitecture::x64_uefi;
  /// The 16 bytes of SMBIOS's system UUID as they are stored there (first three fields little
  /// endian), which is also their order on the wire.
  std::optional<std::array<std::uint8_t, 16>> uuid;
  std::string user_class{kUserClass};   ///< sent raw, as in the field, not as RFC 3004 has it
  std::string vendor_class;             ///< empty: PXEClient:Arch:NNNNN:UNDI:003010
  std::string hostname;                 ///< empty: not sent
  std::vector<std::uint8_t> client_id;  ///< empty: hardware type and MAC
  std::optional<DhcpBusId> bus;
  /// Tags of option 175 that are sent with value 1.
  std::vector<std::uint8_t> features{
      wire::etherboot_option::kFeatureHttp, wire::etherboot_option::kFeatureTftp,
      wire::etherboot_option::kFeatureDns, wire::etherboot_option::kFeatureEfi};
};

/// The part that differs from message to message.
struct DhcpRequest {
  wire::DhcpMessageType type = wire::DhcpMessageType::discover;
  std::uint32_t transaction = 0;
  std::uint16_t seconds = 0;
  bool broadcast = false;
  wire::Ipv4Address client{};                    ///< ciaddr
  std::optional<wire::Ipv4Address> requested{};  ///< option 50
  std::optional<wire::Ipv4Address> server_id{};  ///< option 54
  std::optional<wire::PxeBootItem> boot_item{};  ///< option 43.71
};

/// Writes the message into `buffer`. Errors: dhcp_request_too_large.
Result<ByteView> write_dhcp_request(ByteSpan buffer, const DhcpIdentity& identity,
                                    const DhcpRequest& request);

}  // namespace kedge::client
