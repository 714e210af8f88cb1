// SPDX-License-Identifier: BSD-2-Clause-Patent
// The offers that came in answer to one DISCOVER: which to take, and whether to wait for more.
//
//   an offer with an address and ...                    then
//   ProxyDHCP has answered too                          take it at once
//   175.176, or boot information, or PXEClient class    take it at once: no proxy is expected
//   the same, but 175.1 below zero ("prefer others")    wait for a short window
//   nothing of this, or plain BOOTP                     wait for a short window: a proxy may answer
#pragma once

#include <optional>

#include "base/time.h"
#include "client/dhcp/dhcp_packet.h"

namespace kedge::client {

struct DhcpOffer {
  DhcpPacket packet;
  wire::Ipv4Address server;  ///< server identifier, or where the offer came from

  bool is_bootp() const noexcept { return !packet.type().has_value(); }
};

/// Whether to look for a ProxyDHCP server.
enum class ProxyPolicy : std::uint8_t {
  automatic,  ///< wait only where nothing says that none is needed
  required,   ///< wait for the whole window unless it answers; for scripts that know it is there
  never,      ///< ignore ProxyDHCP servers
};

class DhcpOffers {
 public:
  explicit DhcpOffers(ProxyPolicy policy) noexcept : policy_(policy) {}

  /// What became of a packet.
  enum class Verdict : std::uint8_t { ignored, address, proxy };
  Verdict add(DhcpPacket packet, wire::Ipv4Address source);
  /// Takes offers of this server only when there are no others: it failed before.
  void avoid(wire::Ipv4Address server) noexcept { avoided_ = server; }

  const std::optional<DhcpOffer>& best() const noexcept { return best_; }
  const std::optional<DhcpOffer>& proxy() const noexcept { return proxy_; }
  /// An offer came that had neither an address nor the marks of a ProxyDHCP server.
  bool saw_addressless() const noexcept { return saw_addressless_; }
  /// There is an offer with an address, and nothing better is expected.
  bool complete() const noexcept;

 private:
  bool better(const DhcpOffer& candidate, const DhcpOffer& incumbent) const noexcept;

  ProxyPolicy policy_;
  std::optional<DhcpOffer> best_;
  std::optional<DhcpOffer> proxy_;
  wire::Ipv4Address avoided_;
  bool saw_addressless_ = false;
};

}  // namespace kedge::client
