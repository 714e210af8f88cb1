// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "client/dhcp/dhcp_boot_file.h"

#include "client/dhcp/dhcp_errors.h"

namespace kedge::client {
namespace {

constexpr std::size_t kFileFieldBytes = 128;  // RFC 2131 2, its final zero included

bool names_boot_file(std::uint8_t code) {
  return code == wire::dhcp_option::kTftpServerName || code == wire::dhcp_option::kBootFileName ||
         code == wire::dhcp_option::kOverload;
}

}  // namespace

Result<std::vector<std::byte>> with_boot_file(const DhcpPacket& packet, wire::Ipv4Address server,
                                              std::string_view file) {
  std::vector<std::byte> buffer(wire::kDhcpMessageMax);
  wire::Dhcp4Header header = packet.header();
  header.server = server;
  const bool fits = file.size() < kFileFieldBytes;
  // Options follow one another without padding between them, and END comes right behind the last:
  // some boot managers take anything else for the end or for more.
  wire::Dhcp4Builder builder(buffer, header, {}, fits ? file : std::string_view());
  // Where everybody looks first.
  if (const auto type = packet.type()) builder.type(*type);
  for (const std::uint8_t code : packet.option_codes()) {
    if (names_boot_file(code) || code == wire::dhcp_option::kMessageType) continue;
    builder.option(code, packet.option(code).value_or(ByteView()));
  }
  if (!fits) builder.option_text(wire::dhcp_option::kBootFileName, file);
  const auto message = builder.finish();
  if (!message) return fail(err::dhcp_request_too_large);
  return std::vector<std::byte>(message->begin(), message->end());
}

}  // namespace kedge::client
