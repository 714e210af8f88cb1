// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "net/lwip/routes.h"

namespace kedge::net {

std::optional<Hop> find_hop(const Ipv4Configuration& configuration,
                            wire::Ipv4Address destination) noexcept {
  if (configuration.address.is_any()) return std::nullopt;
  Hop best;
  const auto offer = [&](wire::Ipv4Subnet subnet, wire::Ipv4Address gateway) {
    if (!subnet.contains(destination) || subnet.prefix_length <= best.prefix_bits) return;
    best.prefix_bits = subnet.prefix_length;
    best.next = gateway.is_any() ? destination : gateway;
  };
  offer({configuration.address, configuration.prefix_bits}, {});
  for (const Ipv4Route& route : configuration.routes) {
    offer({route.network, route.prefix_bits}, route.gateway);
  }
  // RFC 3442: with classless static routes the router option is not used.
  if (configuration.routes.empty() && !configuration.gateway.is_any()) {
    offer({{}, 0}, configuration.gateway);
  }
  if (best.prefix_bits < 0) return std::nullopt;
  return best;
}

std::optional<Hop> find_hop(std::span<const Ipv4Configuration* const> configurations,
                            wire::Ipv4Address source, wire::Ipv4Address destination) noexcept {
  std::optional<Hop> best;
  for (std::size_t i = 0; i < configurations.size(); ++i) {
    const Ipv4Configuration* configuration = configurations[i];
    if (configuration == nullptr) continue;
    if (!source.is_any() && configuration->address != source) continue;
    auto hop = find_hop(*configuration, destination);
    if (!hop || (best && hop->prefix_bits <= best->prefix_bits)) continue;
    hop->interface = i;
    best = hop;
  }
  return best;
}

}  // namespace kedge::net
