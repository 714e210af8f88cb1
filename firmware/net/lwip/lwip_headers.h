// SPDX-License-Identifier: BSD-2-Clause-Patent
// All of lwIP that this folder uses, and conversions between its addresses and ours.
#pragma once

#include "lwip/etharp.h"
#include "lwip/init.h"
#include "lwip/ip4.h"
#include "lwip/ip4_frag.h"
#include "lwip/netif.h"
#include "lwip/pbuf.h"
#include "lwip/priv/raw_priv.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/tcp.h"
#include "lwip/timeouts.h"
#include "lwip/udp.h"
#include "wire/ip.h"

namespace kedge::net {

inline ip4_addr_t to_lwip(wire::Ipv4Address address) noexcept {
  return ip4_addr_t{lwip_htonl(address.value())};
}
inline wire::Ipv4Address from_lwip(const ip4_addr_t& address) noexcept {
  return wire::Ipv4Address(lwip_ntohl(address.addr));
}

}  // namespace kedge::net
