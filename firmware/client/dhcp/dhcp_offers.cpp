// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "client/dhcp/dhcp_offers.h"

#include <tuple>

namespace kedge::client {

DhcpOffers::Verdict DhcpOffers::add(DhcpPacket packet, wire::Ipv4Address source) {
  const auto type = packet.type();
  if (type && *type != wire::DhcpMessageType::offer) return Verdict::ignored;
  const bool has_address = packet.header().yours.is_usable_host();
  // PXE 2.1, 2.2.3: a ProxyDHCP offer has the class PXEClient and no address.
  const bool is_proxy = !has_address && type && packet.is_pxe();
  DhcpOffer offer{std::move(packet), source};
  // A server identifier that cannot be a host would only lead requests astray.
  const auto id = offer.packet.server_id();
  if (id && id->is_usable_host()) offer.server = *id;
  if (is_proxy) {
    if (policy_ == ProxyPolicy::never) return Verdict::ignored;
    if (!proxy_ || better(offer, *proxy_)) proxy_ = std::move(offer);
    return Verdict::proxy;
  }
  if (!has_address) {
    saw_addressless_ = true;
    return Verdict::ignored;
  }
  if (!best_ || better(offer, *best_)) best_ = std::move(offer);
  return Verdict::address;
}

bool DhcpOffers::better(const DhcpOffer& candidate, const DhcpOffer& incumbent) const noexcept {
  const auto rank = [this](const DhcpOffer& offer) {
    return std::tuple(offer.server != avoided_, offer.packet.priority(), !offer.is_bootp(),
                      offer.packet.has_boot_information());
  };
  return rank(candidate) > rank(incumbent);  // of equals the first
}

bool DhcpOffers::complete() const noexcept {
  if (!best_) return false;
  const DhcpPacket& packet = best_->packet;
  if (best_->server == avoided_ || packet.priority() < 0 || best_->is_bootp()) return false;
  switch (policy_) {
    case ProxyPolicy::never:
      return true;
    case ProxyPolicy::required:
      return proxy_.has_value();
    case ProxyPolicy::automatic:
      return proxy_.has_value() || packet.no_proxy_dhcp() || packet.is_pxe() ||
             packet.has_boot_information();
  }
  return true;
}

}  // namespace kedge::client
