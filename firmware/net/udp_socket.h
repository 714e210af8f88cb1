// SPDX-License-Identifier: BSD-2-Clause-Patent
// UdpSocket: datagrams of one local port.
#pragma once

#include "async/task.h"
#include "base/bytes.h"
#include "base/time.h"
#include "wire/ip.h"

namespace kedge::net {

struct Datagram {
  wire::Endpoint source;
  wire::IpAddress destination;  ///< as in the packet: tells broadcast from unicast
  std::uint16_t destination_port = 0;
  ByteView payload;  ///< valid until the next receive() on the socket
};

class UdpSocket {
 public:
  virtual ~UdpSocket() = default;

  virtual wire::Endpoint local() const noexcept = 0;
  /// Sends one datagram to `target`. err::net_unreachable without a route or address.
  virtual Result<void> send(const wire::Endpoint& target, ByteView payload) noexcept = 0;
  /// Waits for a datagram. The queue holds a bounded number; the oldest are kept.
  /// Errors: async_timed_out, async_cancelled, net_refused (ICMP port unreachable).
  virtual async::Task<Result<Datagram>> receive(Instant deadline) noexcept = 0;
};

}  // namespace kedge::net
