// SPDX-License-Identifier: BSD-2-Clause-Patent
// DhcpPacket: a received DHCP message, kept with all its options for as long as the lease lives.
#pragma once

#include <string>
#include <vector>

#include "wire/dhcp4.h"

namespace kedge::client {

/// A copy of a message. Options that came in several parts are joined (RFC 3396). Copyable.
class DhcpPacket {
 public:
  DhcpPacket() = default;
  /// Errors: wire_bad_dhcp, also for messages over kDhcpMessageMax bytes.
  static Result<DhcpPacket> parse(ByteView message);

  /// The message as it was received; what PXE Base Code hands on to loaded images.
  ByteView bytes() const noexcept { return bytes_; }
  const wire::Dhcp4Header& header() const noexcept { return header_; }
  std::optional<wire::DhcpMessageType> type() const noexcept;

  std::optional<ByteView> option(std::uint8_t code) const noexcept;
  /// Suboption `inner` of an encapsulating option (43, 175).
  std::optional<ByteView> suboption(std::uint8_t outer, std::uint8_t inner) const noexcept;
  /// The numbers of all options, ascending.
  std::vector<std::uint8_t> option_codes() const;

  std::optional<wire::Ipv4Address> address(std::uint8_t code) const noexcept;
  std::vector<wire::Ipv4Address> addresses(std::uint8_t code) const;
  /// The text of an option; empty when absent.
  std::string_view text(std::uint8_t code) const noexcept;

  /// Option 54.
  std::optional<wire::Ipv4Address> server_id() const noexcept {
    return address(wire::dhcp_option::kServerId);
  }
  /// The boot file: the `file` field, or option 67 where that is empty.
  std::string_view filename() const noexcept;
  /// The server's name: `sname`, or option 66 where that is empty. May be an address in text form.
  std::string_view server_name() const noexcept;
  std::string_view root_path() const noexcept { return text(wire::dhcp_option::kRootPath); }
  /// The vendor class is that of a PXE server: PXE options apply.
  bool is_pxe() const noexcept;
  /// Option 175.1: higher wins; 0 when absent.
  int priority() const noexcept;
  /// Option 175.176: the network has no ProxyDHCP server.
  bool no_proxy_dhcp() const noexcept;
  /// Says how to boot: a file, a root path, or PXE options (menu, boot servers, discovery control).
  bool has_boot_information() const noexcept;

 private:
  struct Entry {
    std::uint8_t code;
    std::uint16_t offset;
    std::uint16_t length;
  };

  std::vector<std::byte> bytes_;
  wire::Dhcp4Header header_;
  std::string server_name_;
  std::string file_;
  std::vector<std::byte> values_;  // of all options, joined by code
  std::vector<Entry> entries_;     // by ascending code
};

}  // namespace kedge::client
