// SPDX-License-Identifier: BSD-2-Clause-Patent
// Routing among the interfaces: longest prefix first (RFC 1122 3.3.1, RFC 3442).
#pragma once

#include <optional>
#include <span>

#include "net/stack.h"

namespace kedge::net {

/// One step towards a destination.
struct Hop {
  std::size_t interface = 0;  ///< index into the configurations given
  wire::Ipv4Address next;     ///< the host to ask ARP for: a gateway, or the destination itself
  int prefix_bits = -1;       ///< how specific the route is
};

/// The best route of one configuration, or nothing. A configuration without address has none.
std::optional<Hop> find_hop(const Ipv4Configuration& configuration,
                            wire::Ipv4Address destination) noexcept;
/// The best route of all, among equals the first. `source`, unless 0.0.0.0, restricts the choice to
/// interfaces that have this address. Closed interfaces are nullptr.
std::optional<Hop> find_hop(std::span<const Ipv4Configuration* const> configurations,
                            wire::Ipv4Address source, wire::Ipv4Address destination) noexcept;

}  // namespace kedge::net
