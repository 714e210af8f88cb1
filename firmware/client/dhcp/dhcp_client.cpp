// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "client/dhcp/dhcp_client.h"

#include <algorithm>

#include "async/wait.h"
#include "base/log.h"
#include "client/dhcp/dhcp_errors.h"

namespace kedge::client {
namespace {

using wire::DhcpMessageType;
using Step = DhcpProgress::Step;

// A socket that fails again and again is broken; one failure is a stray ICMP message.
constexpr unsigned kReceiveErrorsMax = 16;
constexpr unsigned kDoublingsMax = 16;

constexpr std::string_view kLogTag = "dhcp";

Duration doubled(Duration first, unsigned attempt) noexcept {
  return first * (std::int64_t{1} << std::min(attempt - 1, kDoublingsMax));
}

const wire::Endpoint kAllServers{wire::Ipv4Address::broadcast(), wire::kDhcpServerPort};

}  // namespace

async::Task<Result<DhcpLease>> DhcpClient::acquire() noexcept {
  DhcpLease lease;
  const Result<void> outcome = co_await run(lease);
  socket_.reset();
  if (!outcome) {
    interface_.clear_ipv4();
    co_return outcome.error();
  }
  co_return std::move(lease);
}

async::Task<Result<void>> DhcpClient::run(DhcpLease& lease) noexcept {
  KEDGE_CO_CHECK(interface_.open());
  interface_.clear_ipv4();
  if (identity_.mac.is_zero()) identity_.mac = interface_.device().mac();
  KEDGE_CO_CHECK(co_await wait_link());
  KEDGE_CO_CHECK(open_socket());
  started_ = co_await async::current_time();
  wire::Ipv4Address avoided;
  std::optional<Error> setback;
  for (unsigned round = 1;; ++round) {
    DhcpOffers offers(settings_.proxy);
    offers.avoid(avoided);
    const Result<void> discovered = co_await discover(offers);
    // After a NAK or a vanished server, silence is not the news: what happened before is.
    if (!discovered && discovered.error() == err::dhcp_no_answer && setback) co_return *setback;
    if (!discovered) co_return discovered.error();
    auto outcome = RequestOutcome::bound;
    if (offers.best()->is_bootp()) {
      reply_ = offers.best()->packet;
    } else {
      KEDGE_CO_TRY(outcome, co_await request(offers));
    }
    if (outcome == RequestOutcome::bound) co_return co_await finish(offers, lease);
    avoided = offers.best()->server;
    setback = outcome == RequestOutcome::refused ? fail(err::dhcp_refused)
                                                 : fail(err::dhcp_server_vanished);
    if (round > settings_.restarts) co_return *setback;
    report({.step = Step::restarting, .attempt = round, .attempts = settings_.restarts});
    KEDGE_CO_CHECK(co_await async::sleep_for(settings_.restart_pause));
  }
}

async::Task<Result<void>> DhcpClient::finish(const DhcpOffers& offers, DhcpLease& lease) noexcept {
  KEDGE_CO_TRY(lease, DhcpLease::from_packets(std::move(reply_), std::nullopt, std::nullopt));
  KEDGE_CO_CHECK(interface_.configure(lease.configuration()));
  report({.step = Step::bound, .server = offers.best()->server, .address = lease.address.address});
  std::optional<DhcpPacket> proxy;
  if (offers.proxy()) proxy = offers.proxy()->packet;
  if (const auto server = proxy_to_ask(offers, lease)) {
    std::optional<DhcpPacket> answer;
    KEDGE_CO_CHECK(co_await ask_proxy(*server, lease.address.address, answer));
    if (answer) proxy = std::move(answer);
  }
  if (proxy) {
    KEDGE_CO_TRY(lease,
                 DhcpLease::from_packets(std::move(lease.dhcp), std::move(proxy), std::nullopt));
  }
  lease.discover = std::move(discover_);
  co_return Result<void>();
}

async::Task<Result<void>> DhcpClient::wait_link() noexcept {
  if (interface_.device().link_state() != link::LinkState::down) co_return Result<void>();
  report({.step = Step::waiting_for_link});
  const Instant now = co_await async::current_time();
  co_return co_await interface_.wait_link(now + settings_.link_wait);
}

async::Task<Result<void>> DhcpClient::discover(DhcpOffers& offers) noexcept {
  transaction_ = stack_.entropy().u32();
  Instant settled = Instant::never();
  for (unsigned attempt = 1; attempt <= settings_.discover_tries; ++attempt) {
    KEDGE_CO_CHECK(co_await wait_link());
    discover_sent_ = co_await async::current_time();
    KEDGE_CO_CHECK(send_discover(attempt));
    const Instant until = discover_sent_ + doubled(settings_.discover_first, attempt);
    KEDGE_CO_CHECK(co_await collect(offers, until, settled));
    const Instant now = co_await async::current_time();
    if (offers.complete() || (offers.best() && now >= settled)) co_return Result<void>();
  }
  if (offers.best()) co_return Result<void>();
  co_return discovery_failure(offers);
}

async::Task<Result<void>> DhcpClient::collect(DhcpOffers& offers, Instant until,
                                              Instant& settled) noexcept {
  while (!offers.complete()) {
    const Result<void> received = co_await receive(std::min(until, settled));
    if (!received && received.error() == err::async_timed_out) co_return Result<void>();
    if (!received) co_return received.error();
    consider(offers, co_await async::current_time(), settled);
  }
  co_return Result<void>();
}

void DhcpClient::consider(DhcpOffers& offers, Instant now, Instant& settled) noexcept {
  const wire::Ipv4Address address = reply_.header().yours;
  const bool first_proxy = !offers.proxy();
  switch (offers.add(std::move(reply_), reply_server_)) {
    case DhcpOffers::Verdict::ignored:
      return;
    case DhcpOffers::Verdict::proxy:
      if (first_proxy) report({.step = Step::proxy_offered, .server = reply_server_});
      return;
    case DhcpOffers::Verdict::address:
      break;
  }
  if (settled != Instant::never()) return;
  report({.step = Step::offered, .server = reply_server_, .address = address});
  // Who answers later than twice the DHCP server's own time does not count on being heard.
  const Duration window = settings_.proxy == ProxyPolicy::required
                              ? settings_.proxy_window_max
                              : std::clamp((now - discover_sent_) * 2, settings_.proxy_window_min,
                                           settings_.proxy_window_max);
  settled = discover_sent_ + window;
  if (!offers.complete()) report({.step = Step::waiting_for_proxy});
}

Error DhcpClient::discovery_failure(const DhcpOffers& offers) const noexcept {
  if (offers.saw_addressless()) return fail(err::dhcp_no_address);
  if (offers.proxy()) return fail(err::dhcp_only_proxy);
  if (send_error_) return send_error_->with_context("sending DHCPDISCOVER");
  return fail(err::dhcp_no_answer);
}

async::Task<Result<DhcpClient::RequestOutcome>> DhcpClient::request(DhcpOffers& offers) noexcept {
  for (unsigned attempt = 1; attempt <= settings_.request_tries; ++attempt) {
    const DhcpOffer& offer = *offers.best();
    const wire::Ipv4Address address = offer.packet.header().yours;
    report({.step = Step::request_sent,
            .attempt = attempt,
            .attempts = settings_.request_tries,
            .server = offer.server,
            .address = address});
    // RFC 2131 4.3.2, SELECTING: ciaddr is zero, `secs` is that of the DISCOVER (3.1).
    const Result<void> sent = send({.type = DhcpMessageType::request,
                                    .transaction = transaction_,
                                    .seconds = seconds_,
                                    .broadcast = settings_.broadcast,
                                    .requested = address,
                                    .server_id = offer.server},
                                   kAllServers);
    if (!sent && sent.error() == err::dhcp_request_too_large) co_return sent.error();
    const Instant now = co_await async::current_time();
    const Instant until = now + doubled(settings_.request_first, attempt);
    KEDGE_CO_TRY(const RequestOutcome outcome, co_await await_verdict(offers, until));
    if (outcome != RequestOutcome::silent) co_return outcome;
  }
  co_return RequestOutcome::silent;
}

async::Task<Result<DhcpClient::RequestOutcome>> DhcpClient::await_verdict(DhcpOffers& offers,
                                                                          Instant until) noexcept {
  for (;;) {
    const Result<void> received = co_await receive(until);
    if (!received && received.error() == err::async_timed_out) co_return RequestOutcome::silent;
    if (!received) co_return received.error();
    const auto type = reply_.type();
    const bool has_address = reply_.header().yours.is_usable_host();
    // A ProxyDHCP offer may still come; others must not change what was requested.
    if (type == DhcpMessageType::offer && !has_address) {
      (void)offers.add(std::move(reply_), reply_server_);
      continue;
    }
    if (reply_server_ != offers.best()->server) continue;
    if (type == DhcpMessageType::ack && has_address) co_return RequestOutcome::bound;
    if (type != DhcpMessageType::nak) continue;
    report({.step = Step::refused,
            .server = reply_server_,
            .address = offers.best()->packet.header().yours});
    log(LogLevel::warning, kLogTag, "NAK from {}: {}", reply_server_,
        reply_.text(wire::dhcp_option::kMessage));
    co_return RequestOutcome::refused;
  }
}

std::optional<wire::Ipv4Address> DhcpClient::proxy_to_ask(const DhcpOffers& offers,
                                                          const DhcpLease& lease) const noexcept {
  if (settings_.proxy == ProxyPolicy::never) return std::nullopt;
  if (offers.proxy()) {
    if (offers.proxy()->packet.has_boot_information()) return std::nullopt;
    return offers.proxy()->server;
  }
  // PXE 2.1, 2.2.3: the class without boot information says "ask me on port 4011".
  const bool is_pxe = lease.dhcp.is_pxe() || offers.best()->packet.is_pxe();
  if (is_pxe && !lease.dhcp.has_boot_information()) return offers.best()->server;
  return std::nullopt;
}

async::Task<Result<void>> DhcpClient::ask_proxy(wire::Ipv4Address server, wire::Ipv4Address own,
                                                std::optional<DhcpPacket>& answer) noexcept {
  // An id of its own: a late DHCPACK of the same server must not pass for the answer.
  transaction_ = stack_.entropy().u32();
  bool refused = false;
  for (unsigned attempt = 1; attempt <= settings_.proxy_request_tries && !refused; ++attempt) {
    report({.step = Step::proxy_request_sent,
            .attempt = attempt,
            .attempts = settings_.proxy_request_tries,
            .server = server});
    // A failure to send is like a lost packet: the next try may do better.
    (void)send({.type = DhcpMessageType::request,
                .transaction = transaction_,
                .seconds = seconds_,
                .client = own,
                .server_id = server},
               {server, wire::kPxePort});
    const Instant now = co_await async::current_time();
    const Instant until = now + doubled(settings_.proxy_request_first, attempt);
    for (;;) {
      const Result<void> received = co_await receive(until, PortUnreachable::ends_wait);
      if (!received && received.error() == err::async_cancelled) co_return received.error();
      if (!received) {
        refused = received.error() != err::async_timed_out;
        break;
      }
      const auto type = reply_.type();
      const bool fits = type == DhcpMessageType::ack || type == DhcpMessageType::offer;
      if (!fits || reply_server_ != server) continue;
      report({.step = Step::proxy_answered, .server = server});
      answer = std::move(reply_);
      co_return Result<void>();
    }
  }
  report({.step = Step::proxy_silent, .server = server});
  co_return Result<void>();
}

async::Task<Result<void>> DhcpClient::receive(Instant until, PortUnreachable reaction) noexcept {
  unsigned errors = 0;
  for (;;) {
    // Checked here because a peer that never stops sending would keep the wait from timing out.
    if (co_await async::current_time() >= until) co_return fail(err::async_timed_out);
    const Result<net::Datagram> datagram = co_await socket_->receive(until);
    if (datagram) {
      if (take_reply(*datagram)) co_return Result<void>();
      continue;
    }
    const Error& error = datagram.error();
    if (error == err::async_timed_out || error == err::async_cancelled) co_return error;
    if (reaction == PortUnreachable::ends_wait && error.kind() == ErrorKind::refused) {
      co_return error;
    }
    if (++errors == kReceiveErrorsMax) co_return error;
  }
}

bool DhcpClient::take_reply(const net::Datagram& datagram) noexcept {
  auto packet = DhcpPacket::parse(datagram.payload);
  if (!packet) return false;
  const wire::Dhcp4Header& header = packet->header();
  if (header.operation != wire::BootpOperation::reply) return false;
  if (header.transaction != transaction_ || header.mac() != identity_.mac) return false;
  if (observer_ != nullptr) observer_->dhcp_message(true, datagram.payload);
  reply_ = *std::move(packet);
  const auto id = reply_.server_id();
  reply_server_ = id && id->is_usable_host() ? *id : datagram.source.address.v4();
  return true;
}

Result<void> DhcpClient::open_socket() noexcept {
  net::UdpOptions options;
  options.interface = &interface_;
  options.local_port = wire::kDhcpClientPort;
  options.broadcast = true;
  KEDGE_TRY(socket_, stack_.open_udp(options));
  return {};
}

Result<void> DhcpClient::send(const DhcpRequest& request, const wire::Endpoint& target) noexcept {
  KEDGE_TRY(const ByteView message, write_dhcp_request(buffer_, identity_, request));
  if (request.type == DhcpMessageType::discover) discover_.assign(message.begin(), message.end());
  if (observer_ != nullptr) observer_->dhcp_message(false, message);
  return socket_->send(target, message);
}

Result<void> DhcpClient::send_discover(unsigned attempt) noexcept {
  report({.step = Step::discover_sent, .attempt = attempt, .attempts = settings_.discover_tries});
  constexpr std::int64_t kSecondsMax = 0xffff;
  seconds_ =
      static_cast<std::uint16_t>(std::min((discover_sent_ - started_).count_s(), kSecondsMax));
  const Result<void> sent = send({.type = DhcpMessageType::discover,
                                  .transaction = transaction_,
                                  .seconds = seconds_,
                                  .broadcast = settings_.broadcast},
                                 kAllServers);
  send_error_.reset();
  if (sent) return {};
  // No use in trying again with what cannot be said; anything else may be better next time.
  if (sent.error() == err::dhcp_request_too_large) return sent.error();
  send_error_ = sent.error();
  return {};
}

Result<void> DhcpClient::release(const DhcpLease& lease) noexcept {
  if (lease.server_id.is_any()) return {};  // BOOTP addresses are not given back
  if (identity_.mac.is_zero()) identity_.mac = interface_.device().mac();
  KEDGE_CHECK(open_socket());
  const Result<void> sent = send({.type = DhcpMessageType::release,
                                  .transaction = stack_.entropy().u32(),
                                  .client = lease.address.address,
                                  .server_id = lease.server_id},
                                 {lease.server_id, wire::kDhcpServerPort});
  socket_.reset();
  return sent;
}

}  // namespace kedge::client
