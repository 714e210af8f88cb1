// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "net/lwip/lwip_udp_socket.h"

#include "net/lwip/icmp_unreachable.h"
#include "net/lwip/lwip_hooks.h"
#include "net/lwip/lwip_interface.h"
#include "net/net_errors.h"

namespace kedge::net {
namespace {

constexpr std::size_t kPayloadMax = 0xffff - 20 - 8;

bool is_broadcast(const netif& interface, const ip4_addr_t& address) noexcept {
  return ip4_addr_isbroadcast(&address, &interface) != 0;
}

}  // namespace

LwipUdpSocket::LwipUdpSocket(LwipStack& stack, const UdpOptions& options) noexcept
    : stack_(stack), options_(options) {
  stack_.sockets_.push_back(*this);
}

LwipUdpSocket::~LwipUdpSocket() {
  if (pcb_ != nullptr) udp_remove(pcb_);
  for (const Queued& datagram : queue_) pbuf_free(datagram.packet);
  if (shown_ != nullptr) pbuf_free(shown_);
}

bool LwipUdpSocket::port_taken(std::uint16_t port) noexcept {
  for (LwipUdpSocket* s = stack_.sockets_.front(); s != nullptr; s = stack_.sockets_.next(*s)) {
    if (s->pcb_ == nullptr || s->port_ != port) continue;
    const Interface* a = options_.interface;
    const Interface* b = s->options_.interface;
    if (a == nullptr || b == nullptr || a == b) return true;
  }
  return false;
}

Result<void> LwipUdpSocket::open() noexcept {
  port_ = options_.any_port ? std::uint16_t{0} : options_.local_port;
  if (port_ == 0 && !options_.any_port) {
    for (int i = 0; i < kPortTriesMax && (port_ == 0 || port_taken(port_)); ++i) {
      port_ = stack_.random_port();
    }
  }
  if (port_taken(port_)) return fail(err::net_port_in_use, port_);
  pcb_ = udp_new();
  if (pcb_ == nullptr) return fail(err::net_no_memory);
  ip_set_option(pcb_, SOF_REUSEADDR);
  if (options_.time_to_live != 0) pcb_->ttl = options_.time_to_live;
  pcb_->tos = options_.type_of_service;
  if (udp_bind(pcb_, IP4_ADDR_ANY, port_) != ERR_OK) return fail(err::net_port_in_use, port_);
  if (options_.any_port) take_port(0);  // lwIP has bound it to one
  if (options_.interface != nullptr) {
    udp_bind_netif(pcb_, &static_cast<LwipInterface*>(options_.interface)->lwip());
  }
  udp_recv(
      pcb_,
      [](void* self, udp_pcb*, pbuf* packet, const ip_addr_t* source, u16_t port) {
        static_cast<LwipUdpSocket*>(self)->received(packet, *source, port);
      },
      this);
  return {};
}

wire::Ipv4Address LwipUdpSocket::local_address() const noexcept {
  return options_.interface != nullptr ? options_.interface->ipv4().address : wire::Ipv4Address();
}

Result<void> LwipUdpSocket::send(const wire::Endpoint& target, ByteView payload) noexcept {
  if (!target.address.is_v4()) return fail(err::net_unreachable);
  if (payload.size() > kPayloadMax) return fail(err::net_too_large);
  const ip4_addr_t address = to_lwip(target.address.v4());
  netif* interface = nullptr;
  if (options_.interface != nullptr) {
    if (!options_.interface->is_open()) return fail(err::net_closed);
    interface = &static_cast<LwipInterface*>(options_.interface)->lwip();
  } else {
    interface = LwipHooks::route({}, target.address.v4());
  }
  if (interface == nullptr) return fail(err::net_unreachable);
  const bool to_all = is_broadcast(*interface, address);
  if (to_all && !options_.broadcast) return fail(err::net_unreachable);
  LwipInterface& out = LwipInterface::of(*interface);
  const bool needs_answer = !to_all && !ip4_addr_ismulticast(&address);
  if (needs_answer && !out.mode().asks_neighbours && !out.neighbour_answers(target.address.v4())) {
    return fail(err::net_no_neighbour);
  }

  pbuf* packet = pbuf_alloc(PBUF_TRANSPORT, static_cast<u16_t>(payload.size()), PBUF_RAM);
  if (packet == nullptr) return fail(err::net_no_memory);
  if (!payload.empty()) std::memcpy(packet->payload, payload.data(), payload.size());
  last_target_ = target;
  // From 0.0.0.0 while the interface has no address yet (RFC 2131 4.1).
  const err_t result = udp_sendto_if(pcb_, packet, &address, target.port, interface);
  pbuf_free(packet);
  switch (result) {
    case ERR_OK:
      return {};
    case ERR_MEM:
    case ERR_BUF:
      return fail(err::net_no_memory);
    default:
      return fail(err::net_unreachable);
  }
}

void LwipUdpSocket::received(pbuf* packet, const ip_addr_t& source, std::uint16_t port) noexcept {
  const ip4_addr_t* destination = ip4_current_dest_addr();
  const netif& input = *ip_current_input_netif();
  const bool wanted = (options_.broadcast || !is_broadcast(input, *destination)) &&
                      (options_.any_port || !LwipInterface::of(input).is_to_another());
  if (!wanted || (!options_.any_port && queue_.size() >= kQueueMax)) {
    pbuf_free(packet);
    return;
  }
  if (options_.any_port) make_room(packet->tot_len);
  queued_bytes_ += packet->tot_len;
  queue_.push_back(
      {{from_lwip(*ip_2_ip4(&source)), port}, from_lwip(*destination), pcb_->local_port, packet});
  changed_.notify_all();
}

/// Nobody may ever read what comes to any port: the oldest goes.
void LwipUdpSocket::make_room(std::size_t bytes) noexcept {
  while (!queue_.empty() &&
         (queue_.size() >= kAnyPortQueueMax || queued_bytes_ + bytes > kAnyPortBytesMax)) {
    queued_bytes_ -= queue_.front().packet->tot_len;
    pbuf_free(queue_.front().packet);
    queue_.pop_front();
  }
}

void LwipUdpSocket::unreachable(const IcmpUnreachable& report) noexcept {
  if (report.local_port != port_ || report.remote != last_target_) return;
  const bool port = report.code == IcmpUnreachable::kCodePort;
  error_ = port ? fail(err::net_refused) : fail(err::net_unreachable, report.code);
  changed_.notify_all();
}

void LwipUdpSocket::interface_closed(const Interface& interface) noexcept {
  if (options_.interface != &interface) return;
  error_ = fail(err::net_closed);
  changed_.notify_all();
}

Datagram LwipUdpSocket::show(const Queued& datagram) noexcept {
  // Fragments that were put together, and frames in several segments, are not in one piece.
  shown_ = pbuf_coalesce(datagram.packet, PBUF_RAW);
  const bool whole = shown_->next == nullptr;
  return {
      datagram.source, datagram.destination, datagram.port,
      whole ? ByteView(static_cast<const std::byte*>(shown_->payload), shown_->len) : ByteView()};
}

async::Task<Result<Datagram>> LwipUdpSocket::receive(Instant deadline) noexcept {
  while (queue_.empty()) {
    if (error_) co_return *std::exchange(error_, std::nullopt);
    KEDGE_CO_CHECK(co_await changed_.wait_until(deadline));
  }
  if (shown_ != nullptr) pbuf_free(std::exchange(shown_, nullptr));
  const Queued first = queue_.front();
  queue_.pop_front();
  queued_bytes_ -= first.packet->tot_len;
  const Datagram datagram = show(first);
  if (shown_->next != nullptr) co_return fail(err::net_no_memory);
  co_return datagram;
}

}  // namespace kedge::net
