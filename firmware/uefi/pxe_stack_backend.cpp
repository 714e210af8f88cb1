// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/pxe_stack_backend.h"

#include <algorithm>
#include <new>

#include "async/wait.h"
#include "base/format.h"
#include "client/tftp/tftp_client_errors.h"
#include "client/tftp/tftp_upload.h"
#include "net/net_errors.h"
#include "uefi/pxe_errors.h"
#include "wire/tftp.h"

namespace kedge::uefi {
namespace {

// Between looks at several ports at once.
constexpr Duration kPortSlice = Duration::milliseconds(5);

std::vector<std::byte> bytes_of(const client::DhcpPacket& packet) {
  return {packet.bytes().begin(), packet.bytes().end()};
}

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

/// While it lives nobody of the image's comes between.
class PxeStackBackend::Works {
 public:
  explicit Works(const Setup& setup) noexcept
      // Images have called PXE Base Code at NOTIFY, too.
      : level_(setup.firmware, std::max<EFI_TPL>(TPL_CALLBACK, setup.firmware.current_tpl())),
        works_(setup.shared) {}

 private:
  TplGuard level_;
  link::SharedDevice::HostWorks works_;
};

/// An operation, and between it and its caller: a callback that leaves takes the caller away.
class PxeStackBackend::Work final : public client::DhcpObserver,
                                    public client::Progress,
                                    public client::Sink {
 public:
  struct AnyTask {
    virtual ~AnyTask() = default;
    virtual bool done() const noexcept = 0;
  };

  explicit Work(PxeWatch& a_watch) noexcept : watch(&a_watch) {}
  void caller_is_gone() noexcept {
    watch = nullptr;
    sink = nullptr;
  }

  void dhcp_progress(const client::DhcpProgress&) noexcept override {}
  void dhcp_message(bool received, ByteView message) noexcept override {
    const auto direction = received ? PxeWatch::Direction::received : PxeWatch::Direction::sent;
    if (watch != nullptr) watch->packet(direction, message);
  }

  void advanced(std::uint64_t, std::optional<std::uint64_t>) noexcept override {}
  void note(std::string_view) noexcept override {}
  void refused(std::uint32_t code, std::string_view text) noexcept override {
    refusal = PxeServerError{static_cast<std::uint16_t>(code), std::string(text)};
  }
  /// What other protocols refuse is told in TFTP's words.
  void explain(const Error& error) noexcept {
    if (refusal.has_value()) return;
    if (error.kind() == ErrorKind::not_found) {
      refused(wire::TftpErrorCode::kNotFound, format("{}", error));
    } else if (error.kind() == ErrorKind::denied) {
      refused(wire::TftpErrorCode::kAccessViolation, format("{}", error));
    }
  }

  Result<void> expect(std::uint64_t total_bytes) noexcept override {
    return sink != nullptr ? sink->expect(total_bytes) : fail(err::pxe_aborted);
  }
  Result<void> write(ByteView data) noexcept override {
    return sink != nullptr ? sink->write(data) : fail(err::pxe_aborted);
  }
  std::uint64_t size() const noexcept override { return sink != nullptr ? sink->size() : 0; }
  void clear() noexcept override {
    if (sink != nullptr) sink->clear();
  }

  PxeWatch* watch;
  client::Sink* sink = nullptr;
  std::optional<PxeServerError> refusal;
  client::FetchOptions options;
  client::BootServerSearch search;
  std::optional<client::DhcpClient> dhcp;
  async::CancelScope scope;
  std::unique_ptr<AnyTask> task;
  bool started = false;
};

template <class T>
struct PxeStackBackend::Running final : Work::AnyTask {
  explicit Running(async::Task<Result<T>> a_task) noexcept : task(std::move(a_task)) {}
  bool done() const noexcept override { return task.done(); }
  async::Task<Result<T>> task;
};

/// The operation's end, whichever way its function is left by return.
class PxeStackBackend::Ended {
 public:
  explicit Ended(PxeStackBackend& owner) noexcept : owner_(owner) {}
  Ended(const Ended&) = delete;
  Ended& operator=(const Ended&) = delete;
  ~Ended() {
    const Works works(owner_.setup_);
    owner_.work_.reset();
  }

 private:
  PxeStackBackend& owner_;
};

PxeStackBackend::PxeStackBackend(Setup setup) noexcept
    : setup_(std::move(setup)), fetcher_(setup_.stack) {}

PxeStackBackend::~PxeStackBackend() {
  set_mode({});
  if (work_ == nullptr || work_->task == nullptr) return;
  work_->caller_is_gone();
  work_->scope.cancel();
  while (work_->started && !work_->task->done()) {
    if (!setup_.loop.run_once()) setup_.loop.idle();
  }
}

PxeStackBackend::Work& PxeStackBackend::begin(PxeWatch& watch) noexcept {
  KEDGE_ASSERT(work_ == nullptr);
  work_ = std::make_unique<Work>(watch);
  return *work_;
}

template <class T>
Result<T> PxeStackBackend::run(async::Task<Result<T>> task) noexcept {
  async::Loop& loop = setup_.loop;
  Work& work = *work_;
  auto owned = std::make_unique<Running<T>>(std::move(task));
  Running<T>& running = *owned;
  work.started = false;  // an operation may have more than one task, one after the other
  work.task = std::move(owned);
  // Each operation is told of at least once, and can be ended before it begins.
  if (!work.watch->waiting()) {
    work.task.reset();
    return fail(err::pxe_aborted);
  }
  Instant tell_at = loop.now() + kTellEvery;
  bool go_on = true;
  {
    const Works works(setup_);
    work.started = true;
    (void)running.task.start({&loop, &work.scope}, nullptr);
  }
  while (!running.done()) {
    bool worked = false;
    {
      const Works works(setup_);
      if (!go_on && !work.scope.cancelled()) work.scope.cancel();
      worked = loop.run_once();
    }
    // Nothing is half done here: the callback may do what it wants.
    if (go_on && loop.now() >= tell_at) {
      go_on = work.watch->waiting();
      tell_at = loop.now() + kTellEvery;
    }
    go_on = go_on && work.watch->tell();
    if (!worked && !running.done() && go_on) loop.idle();
  }
  go_on = go_on && work.watch->tell();
  const Works works(setup_);
  Result<T> result = running.task.take();
  if (!go_on) return fail(err::pxe_aborted);
  return result;
}

Result<PxeLease> PxeStackBackend::dhcp(PxeWatch& watch) noexcept {
  close_ports();  // 68 must be free
  const net::Ipv4Configuration before = setup_.interface.ipv4();
  Work& work = begin(watch);
  const Ended ended(*this);
  work.dhcp.emplace(setup_.stack, setup_.interface, setup_.identity, client::DhcpSettings{}, &work);
  auto lease = run(work.dhcp->acquire());
  if (!lease.ok()) {
    // A failed attempt leaves things as they were: the old lease is still good.
    if (!before.address.is_any()) (void)configure(before);
    return lease.error();
  }
  return take_lease(*std::move(lease));
}

Result<PxeLease> PxeStackBackend::take_lease(client::DhcpLease lease) noexcept {
  const Works works(setup_);
  new_lease_ = std::move(lease);
  if (!new_lease_->dns_servers.empty()) {
    setup_.stack.set_resolver(new_lease_->dns_servers, new_lease_->search);
  }
  return pxe_lease(*new_lease_, setup_.interface.ipv4());
}

Result<PxeSearchResult> PxeStackBackend::discover(const PxeSearch& search,
                                                  PxeWatch& watch) noexcept {
  close_ports();
  Work& work = begin(watch);
  const Ended ended(*this);
  work.dhcp.emplace(setup_.stack, setup_.interface, setup_.identity, client::DhcpSettings{}, &work);
  client::BootServerSearch& wanted = work.search;
  wanted.item = {search.type, search.layer};
  wanted.multicast = search.multicast;
  wanted.broadcast = search.broadcast;
  wanted.servers = search.servers;
  wanted.accepted = search.accepted;
  KEDGE_TRY(auto answer, run(work.dhcp->find_boot_server(wanted, setup_.interface.ipv4().address)));
  return PxeSearchResult{std::move(answer.request), bytes_of(answer.reply)};
}

Result<void> PxeStackBackend::configure(const net::Ipv4Configuration& configuration) noexcept {
  const Works works(setup_);
  return setup_.interface.configure(configuration);
}

void PxeStackBackend::set_mode(const net::InterfaceMode& mode) noexcept {
  const Works works(setup_);
  setup_.interface.set_mode(mode);
}

void PxeStackBackend::close_ports() noexcept {
  const Works works(setup_);
  ports_.clear();
  other_ports_.reset();
  unread_.reset();
}

Result<wire::Uri> PxeStackBackend::uri_of(const PxeFile& file) const noexcept {
  if (file.name.find("://") != std::string::npos) {
    auto uri = wire::Uri::parse(file.name);
    if (uri.ok() && uri->is_absolute()) return uri;
  }
  return wire::Uri::tftp(file.server, file.name);
}

Result<void> PxeStackBackend::read_from_group(const PxeFile& file, Work& work) noexcept {
  std::erase_if(ports_, [&](const Port& port) { return port.number == file.session.client_port; });
  net::InterfaceMode member = setup_.interface.mode();
  const net::InterfaceMode before = member;
  member.groups.back() = file.group;
  client::TftpGroup session = file.session;
  session.address = file.group;
  set_mode(member);
  auto done =
      run(setup_.read_group(setup_.stack, setup_.interface, session, file.name, work, work));
  set_mode(before);
  return done;
}

Result<void> PxeStackBackend::read(const PxeFile& file, client::Sink& sink, PxeWatch& watch,
                                   std::optional<PxeServerError>& refusal) noexcept {
  KEDGE_TRY(wire::Uri uri, uri_of(file));
  Work& work = begin(watch);
  const Ended ended(*this);
  work.sink = &sink;
  work.options = setup_.options;
  work.options.set_patience(kSilenceMax);
  work.options.tftp.mtu = mtu();
  work.options.tftp.block_bytes = file.block_bytes;
  work.options.tftp.directory = file.directory;
  if (!file.group.is_any() && setup_.read_group != nullptr) {
    const auto done = read_from_group(file, work);
    // Without a session the file is there one to one, as it is where a server has no groups.
    const bool none = !done.ok() && work.refusal == std::nullopt && sink.size() == 0 &&
                      (done.error() == err::tftp_no_answer || done.error() == err::net_refused);
    if (!none) {
      refusal = std::move(work.refusal);
      return done;
    }
  }
  const auto done = run(fetcher_.fetch(std::move(uri), work.options, work, work));
  {
    const Works works(setup_);
    fetcher_.close_idle();  // nobody would look after the connection between two calls
  }
  if (!done.ok()) work.explain(done.error());
  refusal = std::move(work.refusal);
  return done.ok() ? Result<void>() : done.error();
}

Result<void> PxeStackBackend::write(const PxeFile& file, ByteView content, PxeWatch& watch,
                                    std::optional<PxeServerError>& refusal) noexcept {
  KEDGE_TRY(wire::Uri uri, uri_of(file));
  if (uri.scheme != "tftp") return fail(err::pxe_cannot_write);
  Work& work = begin(watch);
  const Ended ended(*this);
  client::TftpSettings& settings = work.options.tftp;
  settings.mtu = mtu();
  settings.block_bytes = file.block_bytes;
  settings.silence_max = kSilenceMax;
  const auto done = run(client::tftp_put(setup_.stack, std::move(uri), settings, content, work));
  refusal = std::move(work.refusal);
  return done;
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
  const Works works(setup_);
  KEDGE_TRY(Port* const port, open_port(target));
  std::size_t bytes = 0;
  for (const ByteView piece : payload) bytes += piece.size();
  // Up to 64 KiB, as the image likes.
  const std::unique_ptr<std::byte[]> whole(new (std::nothrow) std::byte[bytes]);
  if (whole == nullptr) return fail(err::base_no_memory);
  ByteWriter writer(ByteSpan(whole.get(), bytes));
  for (const ByteView piece : payload) writer.bytes(piece);
  KEDGE_CHECK(port->socket->send({target.address, target.port}, {whole.get(), bytes}));
  // The neighbour may have to be asked for first, and nobody turns the loop until the next call.
  (void)setup_.loop.run_once();
  return port->number;
}

Result<void> PxeStackBackend::open_for_reading(std::uint16_t port) noexcept {
  if (port != 0) {
    PxeUdpTarget own;
    own.source_port = port;
    KEDGE_CHECK(open_port(own));
  } else if (other_ports_ == nullptr) {
    net::UdpOptions options;
    options.interface = &setup_.interface;
    options.any_port = true;
    options.broadcast = true;
    KEDGE_TRY(other_ports_, setup_.stack.open_udp(options));
  }
  return {};
}

async::Task<Result<PxeDatagram>> PxeStackBackend::receive_on(
    std::uint16_t number, Instant deadline, FunctionRef<bool(const PxeDatagram&)> accept) noexcept {
  for (std::size_t turn = 0;; ++turn) {
    const Instant now = co_await async::current_time();
    if (now >= deadline) co_return fail(err::async_timed_out);
    // A port that was asked for is the last one used.
    const std::size_t place = number != 0 ? ports_.size() - 1 : turn % (ports_.size() + 1);
    net::UdpSocket& socket = place < ports_.size() ? *ports_[place].socket : *other_ports_;
    const bool alone = number != 0 || ports_.empty();
    const Instant until = alone ? deadline : std::min(deadline, now + kPortSlice);
    const auto datagram = co_await socket.receive(until);
    if (!datagram.ok() && datagram.error() == err::async_timed_out) continue;
    if (!datagram.ok()) co_return datagram.error();
    PxeDatagram shown;
    shown.source = datagram->source.address.v4();
    shown.source_port = datagram->source.port;
    shown.destination = datagram->destination.v4();
    shown.destination_port = datagram->destination_port;
    shown.payload = datagram->payload;
    if (work_->watch == nullptr || !accept(shown)) continue;
    payload_.reset(new (std::nothrow) std::byte[shown.payload.size()]);
    if (payload_ == nullptr) co_return fail(err::base_no_memory);
    std::ranges::copy(shown.payload, payload_.get());
    shown.payload = {payload_.get(), shown.payload.size()};
    co_return shown;
  }
}

Result<PxeDatagram> PxeStackBackend::receive(std::uint16_t port, Duration timeout,
                                             FunctionRef<bool(const PxeDatagram&)> accept,
                                             PxeWatch& watch) noexcept {
  auto unread = std::exchange(unread_, std::nullopt);
  if (unread && (port == 0 || port == unread->destination_port) && accept(*unread)) {
    unread->again = true;
    return *unread;
  }
  {
    const Works works(setup_);
    KEDGE_CHECK(open_for_reading(port));
  }
  begin(watch);
  const Ended ended(*this);
  return run(receive_on(port, setup_.loop.now() + timeout, accept));
}

Result<wire::MacAddress> PxeStackBackend::find_neighbour(wire::Ipv4Address address,
                                                         Duration timeout,
                                                         PxeWatch& watch) noexcept {
  begin(watch);
  const Ended ended(*this);
  return run(setup_.interface.find_neighbour(address, setup_.loop.now() + timeout));
}

}  // namespace kedge::uefi
