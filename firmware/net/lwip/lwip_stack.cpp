// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "net/lwip/lwip_stack.h"

#include "base/assert.h"
#include "net/lwip/icmp_unreachable.h"
#include "net/lwip/lwip_headers.h"
#include "net/lwip/lwip_hooks.h"
#include "net/lwip/lwip_interface.h"
#include "net/lwip/lwip_tcp_stream.h"
#include "net/lwip/lwip_timers.h"
#include "net/lwip/lwip_udp_socket.h"
#include "net/net_errors.h"

namespace kedge::net {
namespace {

/// RFC 6335 6: dynamic ports.
constexpr std::uint16_t kDynamicPortFirst = 49152;
constexpr std::uint16_t kDynamicPorts = 16384;

}  // namespace

LwipStack::LwipStack(async::Loop& loop, port::Entropy& entropy) noexcept
    : loop_(loop), entropy_(entropy), timers_(std::make_unique<LwipTimers>(loop)) {
  KEDGE_ASSERT(LwipHooks::stack == nullptr);
  LwipHooks::stack = this;
  entropy.fill(std::as_writable_bytes(std::span(LwipHooks::isn_key)));
  lwip_init();
  loop_.add_poller(*this);
}

LwipStack::~LwipStack() {
  KEDGE_ASSERT(streams_.empty() && sockets_.empty());
  // What was closed gracefully may still be in TIME-WAIT or waiting for the peer's end.
  while (tcp_active_pcbs != nullptr) tcp_abort(tcp_active_pcbs);
  while (tcp_tw_pcbs != nullptr) tcp_abort(tcp_tw_pcbs);
  KEDGE_ASSERT(tcp_bound_pcbs == nullptr && udp_pcbs == nullptr);
  for (auto& interface : interfaces_) interface->close();
  for (unsigned i = 0; i <= IP_REASS_MAXAGE; ++i)
    ip_reass_tmr();  // lets go of unfinished datagrams
  interfaces_.clear();
  timers_.reset();
  LwipHooks::stack = nullptr;
}

Result<Interface*> LwipStack::add(link::Device& device) noexcept {
  if (interfaces_.size() >= kInterfacesMax) return fail(err::base_no_space);
  const auto index = static_cast<unsigned>(interfaces_.size());
  interfaces_.push_back(std::make_unique<LwipInterface>(*this, device, index));
  return static_cast<Interface*>(interfaces_.back().get());
}

Interface& LwipStack::interface(std::size_t index) noexcept {
  KEDGE_ASSERT(index < interfaces_.size());
  return *interfaces_[index];
}

bool LwipStack::poll() noexcept {
  bool worked = false;
  for (auto& interface : interfaces_) {
    if (interface->is_open()) worked |= interface->poll(kPollBudget) > 0;
  }
  if (worked) end_burst();
  return worked;
}

void LwipStack::end_burst() noexcept {
  while (LwipTcpStream* stream = owing_.pop_front()) stream->acknowledge();
  for (LwipTcpStream* s = streams_.front(); s != nullptr; s = streams_.next(*s)) s->notice_end();
}

void LwipStack::touch() noexcept {
  timers_->touch();
}

std::uint16_t LwipStack::random_port() noexcept {
  return static_cast<std::uint16_t>(kDynamicPortFirst + entropy_.u32() % kDynamicPorts);
}

void LwipStack::unreachable(const IcmpUnreachable& report) noexcept {
  if (report.protocol == IcmpUnreachable::kUdp) {
    for (LwipUdpSocket* s = sockets_.front(); s != nullptr; s = sockets_.next(*s)) {
      s->unreachable(report);
    }
    return;
  }
  for (LwipTcpStream* s = streams_.front(); s != nullptr; s = streams_.next(*s)) {
    s->unreachable(report);
  }
}

void LwipStack::end_sockets_of(const Interface& interface) noexcept {
  for (LwipUdpSocket* s = sockets_.front(); s != nullptr; s = sockets_.next(*s)) {
    s->interface_closed(interface);
  }
}

Result<std::unique_ptr<UdpSocket>> LwipStack::open_udp(const UdpOptions& options) noexcept {
  auto socket = std::make_unique<LwipUdpSocket>(*this, options);
  KEDGE_CHECK(socket->open());
  return std::unique_ptr<UdpSocket>(std::move(socket));
}

async::Task<Result<std::unique_ptr<Stream>>> LwipStack::connect(wire::Endpoint target,
                                                                Instant deadline) noexcept {
  auto stream = std::make_unique<LwipTcpStream>(*this, target);
  KEDGE_CO_CHECK(stream->open());
  KEDGE_CO_CHECK(co_await stream->wait_connected(deadline));
  co_return std::unique_ptr<Stream>(std::move(stream));
}

void LwipStack::set_resolver(std::vector<wire::IpAddress> servers,
                             std::vector<std::string> search) noexcept {
  if (resolver_ != nullptr) resolver_->configure(std::move(servers), std::move(search));
}

async::Task<Result<std::vector<wire::IpAddress>>> LwipStack::resolve(std::string name,
                                                                     Instant deadline) noexcept {
  if (const auto literal = wire::IpAddress::parse(name); literal.ok()) {
    co_return std::vector<wire::IpAddress>{*literal};
  }
  if (resolver_ == nullptr) co_return fail(err::net_no_resolver);
  co_return co_await resolver_->resolve(std::move(name), deadline);
}

std::size_t LwipStack::blocks_in_use() noexcept {
  return LwipHooks::blocks;
}

std::size_t LwipStack::connections() noexcept {
  std::size_t count = 0;
  for (const tcp_pcb* pcb = tcp_active_pcbs; pcb != nullptr; pcb = pcb->next) ++count;
  for (const tcp_pcb* pcb = tcp_tw_pcbs; pcb != nullptr; pcb = pcb->next) ++count;
  return count;
}

std::size_t LwipStack::lent_segments() const noexcept {
  std::size_t count = 0;
  for (const auto& interface : interfaces_) count += interface->lent_segments();
  return count;
}

}  // namespace kedge::net
