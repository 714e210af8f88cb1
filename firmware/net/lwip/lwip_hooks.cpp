// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "net/lwip/lwip_hooks.h"

#include <cstring>
#include <new>

#include "base/assert.h"
#include "net/lwip/checksum.h"
#include "net/lwip/lwip_headers.h"
#include "net/lwip/lwip_interface.h"
#include "net/lwip/lwip_timers.h"
#include "net/lwip/lwip_udp_socket.h"
#include "net/lwip/routes.h"

namespace kedge::net {

LwipStack* LwipHooks::stack = nullptr;
SipHashKey LwipHooks::isn_key{};
std::size_t LwipHooks::blocks = 0;

std::uint32_t LwipHooks::random() noexcept {
  KEDGE_ASSERT(stack != nullptr);
  return stack->entropy_.u32();
}

std::int64_t LwipHooks::now_ns() noexcept {
  KEDGE_ASSERT(stack != nullptr);
  return stack->loop_.now().ns();
}

void LwipHooks::tcp_timer_needed() noexcept {
  if (stack != nullptr) stack->touch();
}

bool LwipHooks::accepts_udp_port(const ::netif& netif, std::uint16_t port) noexcept {
  const LwipInterface& interface = LwipInterface::of(netif);
  for (LwipUdpSocket* s = stack->sockets_.front(); s != nullptr; s = stack->sockets_.next(*s)) {
    if (!s->broadcast() || !s->uses(interface)) continue;
    if (s->any_port() || (s->local().port == port && !interface.is_to_another())) return true;
  }
  return false;
}

void LwipHooks::packet(::netif& netif, ByteView packet) noexcept {
  ByteReader reader(packet);
  const std::size_t header_bytes = (reader.u8() & 0xf) * std::size_t{4};
  reader.skip(8);
  const std::uint8_t protocol = reader.u8();
  if (packet.size() < header_bytes || !reader.ok()) return;
  const ByteView message = packet.subspan(header_bytes);
  LwipInterface& interface = LwipInterface::of(netif);
  if (protocol == IP_PROTO_IGMP) interface.groups_asked(message);
  if (protocol != IP_PROTO_UDP) return;
  ByteReader ports(message);
  ports.skip(2);
  const std::uint16_t port = ports.be16();
  LwipUdpSocket* rest = nullptr;
  bool taken = false;
  for (LwipUdpSocket* s = stack->sockets_.front(); s != nullptr; s = stack->sockets_.next(*s)) {
    if (!s->uses(interface)) continue;
    if (s->any_port()) {
      rest = s;
    } else if (s->local().port == port) {
      taken = true;
    }
  }
  if (rest != nullptr) rest->take_port(taken ? 0 : port);
}

netif* LwipHooks::route(wire::Ipv4Address source, wire::Ipv4Address destination) noexcept {
  const Ipv4Configuration* configurations[LwipStack::kInterfacesMax] = {};
  const std::size_t count = stack->interfaces_.size();
  for (std::size_t i = 0; i < count; ++i) {
    LwipInterface& interface = *stack->interfaces_[i];
    if (interface.is_open()) configurations[i] = &interface.ipv4();
  }
  const auto hop = find_hop(std::span(configurations, count), source, destination);
  return hop ? &stack->interfaces_[hop->interface]->lwip() : nullptr;
}

wire::Ipv4Address LwipHooks::gateway(const netif& netif, wire::Ipv4Address destination) noexcept {
  const auto hop = find_hop(LwipInterface::of(netif).ipv4(), destination);
  return hop ? hop->next : wire::Ipv4Address();
}

}  // namespace kedge::net

using kedge::net::LwipHooks;

extern "C" {

void* kedge_lwip_allocate(size_t bytes) {
  void* block = ::operator new(bytes, std::nothrow);
  if (block != nullptr) ++LwipHooks::blocks;
  return block;
}

void* kedge_lwip_allocate_zeroed(size_t count, size_t bytes) {
  void* block = kedge_lwip_allocate(count * bytes);
  if (block != nullptr) std::memset(block, 0, count * bytes);
  return block;
}

void kedge_lwip_free(void* block) {
  if (block != nullptr) --LwipHooks::blocks;
  ::operator delete(block);
}

uint32_t kedge_lwip_random(void) {
  return LwipHooks::random();
}

uint16_t kedge_lwip_checksum(const void* data, int length) {
  return kedge::net::internet_sum(
      {static_cast<const std::byte*>(data), static_cast<std::size_t>(length)});
}

int kedge_lwip_accepts_udp_port(const netif* input, uint16_t port_in_network_order) {
  return LwipHooks::accepts_udp_port(*input, lwip_ntohs(port_in_network_order)) ? 1 : 0;
}

void kedge_lwip_assert_failed(const char* file, int line) {
  kedge::assertion_failed("lwIP's own check", file, line);
}

// ISN = M + F(connection, secret), M counting every 4 microseconds (RFC 6528 3).
u32_t kedge_lwip_isn(const ip_addr_t* local, u16_t local_port, const ip_addr_t* remote,
                     u16_t remote_port) {
  std::byte connection[12];
  kedge::ByteWriter writer(connection);
  writer.be32(lwip_ntohl(ip_2_ip4(local)->addr));
  writer.be32(lwip_ntohl(ip_2_ip4(remote)->addr));
  writer.be16(local_port);
  writer.be16(remote_port);
  const std::uint64_t hash = kedge::net::siphash24(LwipHooks::isn_key, connection);
  return static_cast<u32_t>(hash + static_cast<std::uint64_t>(LwipHooks::now_ns()) / 4000);
}

struct netif* kedge_lwip_route(const ip4_addr_t* source, const ip4_addr_t* destination) {
  return LwipHooks::route(
      source != nullptr ? kedge::net::from_lwip(*source) : kedge::wire::Ipv4Address(),
      kedge::net::from_lwip(*destination));
}

const ip4_addr_t* kedge_lwip_gateway(struct netif* netif, const ip4_addr_t* destination) {
  static ip4_addr_t next;  // lwIP reads it before it asks again
  next = kedge::net::to_lwip(LwipHooks::gateway(*netif, kedge::net::from_lwip(*destination)));
  return ip4_addr_isany_val(next) ? nullptr : &next;
}

// In place of lwIP's raw.c. Fragments have been put together; nothing is ever taken away here.
raw_input_state_t raw_input(struct pbuf* packet, struct netif* netif) {
  LwipHooks::packet(*netif, {static_cast<const std::byte*>(packet->payload), packet->len});
  return RAW_INPUT_NONE;
}
void raw_netif_ip_addr_changed(const ip_addr_t*, const ip_addr_t*) {}

// The rest of what lwIP expects of a platform. Its own timeouts.c is replaced by LwipTimers.
u32_t sys_now(void) {
  return static_cast<u32_t>(LwipHooks::now_ns() / 1'000'000);
}
void sys_timeouts_init(void) {}
void tcp_timer_needed(void) {
  LwipHooks::tcp_timer_needed();
}

}  // extern "C"
