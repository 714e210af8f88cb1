// SPDX-License-Identifier: BSD-2-Clause-Patent
// LwipUdpSocket: UdpSocket on a udp_pcb, with a bounded queue.
#pragma once

#include <deque>
#include <optional>

#include "async/wait.h"
#include "net/lwip/lwip_headers.h"
#include "net/lwip/lwip_stack.h"

namespace kedge::net {

class LwipUdpSocket final : public UdpSocket, public ListNode<LwipUdpSocket> {
 public:
  /// Four full windows of TFTP (RFC 7440) at 64 blocks.
  static constexpr std::size_t kQueueMax = 256;

  /// For any port: one datagram of the largest size, and a burst of small ones for a reader who
  /// sorts out what it wants. More would keep the segments that the NIC receives into.
  static constexpr std::size_t kAnyPortQueueMax = 32;
  static constexpr std::size_t kAnyPortBytesMax = 64 * 1024;

  LwipUdpSocket(LwipStack& stack, const UdpOptions& options) noexcept;
  LwipUdpSocket(const LwipUdpSocket&) = delete;
  LwipUdpSocket& operator=(const LwipUdpSocket&) = delete;
  ~LwipUdpSocket() override;

  Result<void> open() noexcept;
  bool broadcast() const noexcept { return options_.broadcast; }
  bool any_port() const noexcept { return options_.any_port; }
  bool uses(const Interface& interface) const noexcept {
    return options_.interface == nullptr || options_.interface == &interface;
  }
  /// Of one that takes any port: the port of the datagram that comes next. 0: another socket's.
  void take_port(std::uint16_t port) noexcept { pcb_->local_port = port; }
  void unreachable(const IcmpUnreachable& report) noexcept;
  void interface_closed(const Interface& interface) noexcept;

  wire::Endpoint local() const noexcept override { return {local_address(), port_}; }
  Result<void> send(const wire::Endpoint& target, ByteView payload) noexcept override;
  async::Task<Result<Datagram>> receive(Instant deadline) noexcept override;

 private:
  static constexpr int kPortTriesMax = 64;

  struct Queued {
    wire::Endpoint source;
    wire::Ipv4Address destination;
    std::uint16_t port;
    pbuf* packet;
  };

  wire::Ipv4Address local_address() const noexcept;
  bool port_taken(std::uint16_t port) noexcept;
  void received(pbuf* packet, const ip_addr_t& source, std::uint16_t port) noexcept;
  void make_room(std::size_t bytes) noexcept;
  Datagram show(const Queued& datagram) noexcept;

  LwipStack& stack_;
  UdpOptions options_;
  std::uint16_t port_ = 0;
  udp_pcb* pcb_ = nullptr;
  std::deque<Queued> queue_;
  std::size_t queued_bytes_ = 0;
  pbuf* shown_ = nullptr;  // what the last receive() returned
  wire::Endpoint last_target_;
  std::optional<Error> error_;
  async::Signal changed_;
};

}  // namespace kedge::net
