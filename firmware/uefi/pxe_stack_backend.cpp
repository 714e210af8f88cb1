// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/pxe_stack_backend.h"

#include <algorithm>

#include "async/wait.h"
#include "base/format.h"
#include "client/tftp/tftp_upload.h"
#include "uefi/pxe_errors.h"
#include "wire/tftp.h"

namespace kedge::uefi {
namespace {

// Between looks at several ports at once.
constexpr Duration kPortSlice = Duration::milliseconds(5);

std::vector<std::byte> bytes_of(const client::DhcpPacket& packet) {
  return {packet.bytes().begin(), packet.bytes().end()};
}

/// Keeps what a server says when it refuses.
class Refusals final : public client::Progress {
 public:
  explicit Refusals(std::optional<PxeServerError>& refusal) noexcept : refusal_(refusal) {}
  void advanced(std::uint64_t, std::optional<std::uint64_t>) noexcept override {}
  void note(std::string_view) noexcept override {}
  void refused(std::uint32_t code, std::string_view text) noexcept override {
    refusal_ = PxeServerError{static_cast<std::uint16_t>(code), std::string(text)};
  }
  /// What other protocols refuse is told in TFTP's words.
  void explain(const Error& error) noexcept {
    if (refusal_.has_value()) return;
    if (error.kind() == ErrorKind::not_found) {
      refused(wire::TftpErrorCode::kNotFound, format("{}", error));
    } else if (error.kind() == ErrorKind::denied) {
      refused(wire::TftpErrorCode::kAccessViolation, format("{}", error));
    }
  }

 private:
  std::optional<PxeServerError>& refusal_;
};

}  // namespace

PxeLease pxe_lease(const client::DhcpLease& lease, const net::Ipv4Configuration& configuration) {
  PxeLease result;
  result.configuration = configuration;
  result.discover = lease.discover;
  result.ack = bytes_of(lease.dhcp);
  if (lease.proxy) result.proxy_offer = bytes_of(*lease.proxy);
  if (lease.boot_server) result.boot_server_reply = bytes_of(*lease.boot_server);
  return result;
}

PxeStackBackend::PxeStackBackend(Setup setup) noexcept
    : setup_(std::move(setup)), fetcher_(setup_.stack) {}

template <class T>
Result<T> PxeStackBackend::run(async::Task<Result<T>> task, PxeWatch& watch) noexcept {
  async::Loop& loop = setup_.loop;
  const link::SharedDevice::HostWorks works(setup_.shared);
  async::CancelScope scope;
  stopped_ = false;
  Instant tell_at = loop.now() + kTellEvery;
  bool finished = task.start({&loop, &scope}, nullptr);
  while (!finished && !task.done()) {
    if (!loop.run_once()) loop.idle();
    if (!scope.cancelled() && loop.now() >= tell_at) {
      stopped_ = stopped_ || !watch.waiting();
      tell_at = loop.now() + kTellEvery;
    }
    if (stopped_ && !scope.cancelled()) scope.cancel();
  }
  Result<T> result = task.take();
  if (stopped_) return fail(err::pxe_aborted);
  return result;
}

/// Shows the image's callback every DHCP message.
class PxeStackBackend::DhcpTold final : public client::DhcpObserver {
 public:
  DhcpTold(PxeStackBackend& owner, PxeWatch& watch) noexcept : owner_(owner), watch_(watch) {}
  void dhcp_progress(const client::DhcpProgress&) noexcept override {}
  void dhcp_message(bool received, ByteView message) noexcept override {
    const auto direction = received ? PxeWatch::Direction::received : PxeWatch::Direction::sent;
    if (!watch_.packet(direction, message)) owner_.stopped_ = true;
  }

 private:
  PxeStackBackend& owner_;
  PxeWatch& watch_;
};

Result<PxeLease> PxeStackBackend::dhcp(PxeWatch& watch) noexcept {
  close_ports();  // 68 must be free
  const net::Ipv4Configuration before = setup_.interface.ipv4();
  DhcpTold told(*this, watch);
  client::DhcpClient client(setup_.stack, setup_.interface, setup_.identity, {}, &told);
  auto lease = run(client.acquire(), watch);
  if (!lease.ok()) {
    // A failed attempt leaves things as they were: the old lease is still good.
    if (!before.address.is_any()) (void)setup_.interface.configure(before);
    return lease.error();
  }
  new_lease_ = *std::move(lease);
  if (!new_lease_->dns_servers.empty()) {
    setup_.stack.set_resolver(new_lease_->dns_servers, new_lease_->search);
  }
  return pxe_lease(*new_lease_, setup_.interface.ipv4());
}

Result<PxeSearchResult> PxeStackBackend::discover(const PxeSearch& search,
                                                  PxeWatch& watch) noexcept {
  close_ports();
  DhcpTold told(*this, watch);
  client::DhcpClient client(setup_.stack, setup_.interface, setup_.identity, {}, &told);
  client::BootServerSearch wanted;
  wanted.item = {search.type, search.layer};
  wanted.multicast = search.multicast;
  wanted.broadcast = search.broadcast;
  wanted.servers = search.servers;
  wanted.accepted = search.accepted;
  KEDGE_TRY(auto answer,
            run(client.find_boot_server(wanted, setup_.interface.ipv4().address), watch));
  return PxeSearchResult{std::move(answer.request), bytes_of(answer.reply)};
}

Result<void> PxeStackBackend::configure(const net::Ipv4Configuration& configuration) noexcept {
  return setup_.interface.configure(configuration);
}

Result<wire::Uri> PxeStackBackend::uri_of(const PxeFile& file) const noexcept {
  if (file.name.find("://") != std::string::npos) {
    auto uri = wire::Uri::parse(file.name);
    if (uri.ok() && uri->is_absolute()) return uri;
  }
  return wire::Uri::tftp(file.server, file.name);
}

Result<void> PxeStackBackend::read(const PxeFile& file, client::Sink& sink, PxeWatch& watch,
                                   std::optional<PxeServerError>& refusal) noexcept {
  KEDGE_TRY(wire::Uri uri, uri_of(file));
  client::FetchOptions options = setup_.options;
  options.set_patience(kSilenceMax);
  options.tftp.mtu = mtu();
  options.tftp.block_bytes = file.block_bytes;
  options.tftp.directory = file.directory;
  Refusals refusals(refusal);
  const auto done = run(fetcher_.fetch(std::move(uri), options, sink, refusals), watch);
  fetcher_.close_idle();  // nobody would look after the connection between two calls
  if (done.ok()) return {};
  refusals.explain(done.error());
  return done.error();
}

Result<void> PxeStackBackend::write(const PxeFile& file, ByteView content, PxeWatch& watch,
                                    std::optional<PxeServerError>& refusal) noexcept {
  KEDGE_TRY(wire::Uri uri, uri_of(file));
  if (uri.scheme != "tftp") return fail(err::pxe_cannot_write);
  client::TftpSettings settings;
  settings.mtu = mtu();
  settings.block_bytes = file.block_bytes;
  settings.silence_max = kSilenceMax;
  Refusals refusals(refusal);
  return run(client::tftp_put(setup_.stack, std::move(uri), settings, content, refusals), watch);
}

Result<PxeStackBackend::Port*> PxeStackBackend::open_port(const PxeUdpTarget& wanted) noexcept {
  const auto found = std::ranges::find_if(ports_, [&](const Port& port) {
    return wanted.source_port != 0 && port.number == wanted.source_port;
  });
  Port port;
  if (found != ports_.end()) {
    const bool as_wanted =
        wanted.time_to_live == 0 || (found->time_to_live == wanted.time_to_live &&
                                     found->type_of_service == wanted.type_of_service);
    if (as_wanted) port = std::move(*found);
    ports_.erase(found);
  }
  if (port.socket == nullptr) {
    if (ports_.size() >= kPortsMax) ports_.erase(ports_.begin());
    net::UdpOptions options;
    options.interface = &setup_.interface;
    options.local_port = wanted.source_port;
    options.broadcast = true;
    options.time_to_live = wanted.time_to_live;
    options.type_of_service = wanted.type_of_service;
    KEDGE_TRY(port.socket, setup_.stack.open_udp(options));
    port.number = port.socket->local().port;
    port.time_to_live = wanted.time_to_live;
    port.type_of_service = wanted.type_of_service;
  }
  ports_.push_back(std::move(port));
  return &ports_.back();
}

Result<std::uint16_t> PxeStackBackend::send(const PxeUdpTarget& target,
                                            std::span<const ByteView> payload) noexcept {
  const link::SharedDevice::HostWorks works(setup_.shared);
  KEDGE_TRY(Port* const port, open_port(target));
  payload_.clear();
  for (const ByteView piece : payload) payload_.insert(payload_.end(), piece.begin(), piece.end());
  KEDGE_CHECK(port->socket->send({target.address, target.port}, payload_));
  // The neighbour may have to be asked for first, and nobody turns the loop until the next call.
  (void)setup_.loop.run_once();
  return port->number;
}

async::Task<Result<PxeDatagram>> PxeStackBackend::receive_on(
    std::uint16_t number, Instant deadline, FunctionRef<bool(const PxeDatagram&)> accept) noexcept {
  for (std::size_t turn = 0;; ++turn) {
    const Instant now = co_await async::current_time();
    if (now >= deadline) co_return fail(err::async_timed_out);
    if (ports_.empty()) {
      KEDGE_CO_CHECK(co_await async::sleep_until(deadline));
      continue;
    }
    // A port that was asked for is the last one used.
    const Port& port = number != 0 ? ports_.back() : ports_[turn % ports_.size()];
    const bool alone = number != 0 || ports_.size() == 1;
    const Instant until = alone ? deadline : std::min(deadline, now + kPortSlice);
    const auto datagram = co_await port.socket->receive(until);
    if (!datagram.ok() && datagram.error() == err::async_timed_out) continue;
    if (!datagram.ok()) co_return datagram.error();
    PxeDatagram shown;
    shown.source = datagram->source.address.v4();
    shown.source_port = datagram->source.port;
    shown.destination = datagram->destination.v4();
    shown.destination_port = port.number;
    shown.payload = datagram->payload;
    if (!accept(shown)) continue;
    payload_.assign(shown.payload.begin(), shown.payload.end());
    shown.payload = payload_;
    co_return shown;
  }
}

Result<PxeDatagram> PxeStackBackend::receive(std::uint16_t port, Duration timeout,
                                             FunctionRef<bool(const PxeDatagram&)> accept,
                                             PxeWatch& watch) noexcept {
  if (port != 0) {
    PxeUdpTarget own;
    own.source_port = port;
    KEDGE_CHECK(open_port(own));
  }
  return run(receive_on(port, setup_.loop.now() + timeout, accept), watch);
}

Result<wire::MacAddress> PxeStackBackend::find_neighbour(wire::Ipv4Address address,
                                                         Duration timeout,
                                                         PxeWatch& watch) noexcept {
  return run(setup_.interface.find_neighbour(address, setup_.loop.now() + timeout), watch);
}

}  // namespace kedge::uefi
