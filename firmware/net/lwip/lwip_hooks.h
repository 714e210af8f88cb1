// SPDX-License-Identifier: BSD-2-Clause-Patent
// LwipHooks: from lwIP's global C functions to the one stack that exists.
#pragma once

#include "net/lwip/lwip_stack.h"
#include "net/lwip/siphash.h"

struct netif;

namespace kedge::net {

struct LwipHooks {
  static LwipStack* stack;    ///< nullptr while there is none
  static SipHashKey isn_key;  ///< RFC 6528: the secret
  static std::size_t blocks;  ///< allocated by lwIP and not yet freed

  static std::uint32_t random() noexcept;
  static std::int64_t now_ns() noexcept;
  static void tcp_timer_needed() noexcept;
  static bool accepts_udp_port(const ::netif& netif, std::uint16_t port) noexcept;
  /// A whole IPv4 packet, before lwIP's protocols see it.
  static void packet(::netif& netif, ByteView packet) noexcept;
  static ::netif* route(wire::Ipv4Address source, wire::Ipv4Address destination) noexcept;
  static wire::Ipv4Address gateway(const ::netif& netif, wire::Ipv4Address destination) noexcept;
};

}  // namespace kedge::net
