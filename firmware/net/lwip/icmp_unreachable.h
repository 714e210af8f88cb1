// SPDX-License-Identifier: BSD-2-Clause-Patent
// ICMP destination unreachable (RFC 792): which packet of ours did not arrive, and why.
#pragma once

#include <optional>

#include "base/bytes.h"
#include "wire/ip.h"

namespace kedge::net {

struct IcmpUnreachable {
  static constexpr std::uint8_t kTcp = 6;
  static constexpr std::uint8_t kUdp = 17;
  static constexpr std::uint8_t kCodeProtocol = 2;
  static constexpr std::uint8_t kCodePort = 3;
  static constexpr std::uint8_t kCodeFragmentationNeeded = 4;

  std::uint8_t code = 0;
  std::uint8_t protocol = 0;
  wire::Ipv4Address local;  ///< source of the packet that did not arrive
  std::uint16_t local_port = 0;
  wire::Endpoint remote;       ///< its destination
  std::uint32_t sequence = 0;  ///< of TCP, else the UDP length and checksum

  /// Parses an IPv4 packet. Nothing unless it is a well-formed report with a right checksum about
  /// an unfragmented TCP or UDP packet, addressed to that packet's source.
  static std::optional<IcmpUnreachable> parse(ByteView packet) noexcept;
};

}  // namespace kedge::net
