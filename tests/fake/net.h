// SPDX-License-Identifier: BSD-2-Clause-Patent
// A scripted network: net::Stack whose peers are functions of the test.
//
// UDP: every datagram sent goes to FakeStack::on_udp; answers come by FakeUdpSocket::deliver, now
// or at a later time (At). TCP: FakeStack::on_connect gives a FakeStream or an error; the test
// feeds bytes (in chunks of its choice), ends, resets, and sees what was written.
#pragma once

#include <deque>
#include <functional>
#include <list>
#include <map>
#include <string>

#include "net/net_errors.h"
#include "net/stack.h"
#include "tests/fake/entropy.h"
#include "tests/fake/sim_clock.h"

namespace kedge::fake {

class FakeStack;

class FakeUdpSocket final : public net::UdpSocket {
 public:
  FakeUdpSocket(FakeStack& stack, net::UdpOptions options, wire::Endpoint local)
      : stack_(stack), options_(options), local_(local) {}
  ~FakeUdpSocket() override;

  wire::Endpoint local() const noexcept override { return local_; }
  const net::UdpOptions& options() const { return options_; }
  Result<void> send(const wire::Endpoint& target, ByteView payload) noexcept override;
  async::Task<Result<net::Datagram>> receive(Instant deadline) noexcept override {
    while (queue_.empty()) {
      if (error_) co_return *std::exchange(error_, std::nullopt);
      KEDGE_CO_CHECK(co_await arrived_.wait_until(deadline));
    }
    current_ = std::move(queue_.front());
    queue_.pop_front();
    co_return net::Datagram{current_.source, current_.destination, current_.port, current_.payload};
  }

  /// Makes a datagram arrive now, at `port` where the socket takes any.
  void deliver(wire::Endpoint source, std::vector<std::byte> payload,
               wire::IpAddress destination = {}, std::uint16_t port = 0) {
    queue_.push_back({source, destination, port != 0 ? port : local_.port, std::move(payload)});
    arrived_.notify_all();
  }
  /// Makes the next receive fail (an ICMP error, say).
  void fail_next(Error error) {
    error_ = error;
    arrived_.notify_all();
  }

 private:
  struct Owned {
    wire::Endpoint source;
    wire::IpAddress destination;
    std::uint16_t port = 0;
    std::vector<std::byte> payload;
  };
  FakeStack& stack_;
  net::UdpOptions options_;
  wire::Endpoint local_;
  std::deque<Owned> queue_;
  Owned current_;
  std::optional<Error> error_;
  async::Signal arrived_;
};

/// The test's end of a connection; shared with the FakeStream that the client holds.
class FakeConnection {
 public:
  /// Bytes that the client wrote so far.
  std::string written;
  /// Called after each write.
  std::function<void(FakeConnection&)> on_write;
  bool client_closed = false;  ///< by close()
  bool client_gone = false;    ///< stream destroyed

  void feed(std::string_view text) {
    chunks_.emplace_back(text);
    changed_.notify_all();
  }
  void end() {
    ended_ = true;
    changed_.notify_all();
  }
  void reset(Error error = Error(err::net_reset)) {
    error_ = error;
    changed_.notify_all();
  }

 private:
  friend class FakeStream;
  std::deque<std::string> chunks_;
  bool ended_ = false;
  std::optional<Error> error_;
  async::Signal changed_;
};

class FakeStream final : public net::Stream {
 public:
  FakeStream(std::shared_ptr<FakeConnection> connection, wire::Endpoint remote)
      : connection_(std::move(connection)), remote_(remote) {}
  ~FakeStream() override { connection_->client_gone = true; }

  wire::Endpoint remote() const noexcept override { return remote_; }
  async::Task<Result<ByteView>> peek(Instant deadline) noexcept override {
    FakeConnection& c = *connection_;
    while (c.chunks_.empty()) {
      if (c.error_) co_return *c.error_;
      if (c.ended_) co_return ByteView();
      KEDGE_CO_CHECK(co_await c.changed_.wait_until(deadline));
    }
    co_return as_byte_view(c.chunks_.front());
  }
  void consume(std::size_t count) noexcept override {
    FakeConnection& c = *connection_;
    KEDGE_ASSERT(!c.chunks_.empty() && count <= c.chunks_.front().size());
    c.chunks_.front().erase(0, count);
    if (c.chunks_.front().empty()) c.chunks_.pop_front();
  }
  async::Task<Result<void>> write(ByteView data, Instant) noexcept override {
    FakeConnection& c = *connection_;
    if (c.error_) co_return *c.error_;
    c.written.append(as_text(data));
    if (c.on_write) c.on_write(c);
    co_return Result<void>();
  }
  async::Task<Result<void>> close(Instant) noexcept override {
    connection_->client_closed = true;
    co_return Result<void>();
  }

 private:
  std::shared_ptr<FakeConnection> connection_;
  wire::Endpoint remote_;
};

class FakeStack final : public net::Stack {
 public:
  explicit FakeStack(async::Loop& loop) : loop_(loop) {}

  /// Sees every datagram that is sent.
  std::function<void(FakeUdpSocket&, wire::Endpoint target, ByteView payload)> on_udp;
  /// Answers connect(): a connection, or an error.
  std::function<Result<std::shared_ptr<FakeConnection>>(wire::Endpoint target)> on_connect;
  /// Names that resolve() knows; others are net_unreachable here.
  std::map<std::string, std::vector<wire::IpAddress>, std::less<>> names;
  std::list<FakeUdpSocket*> sockets;
  /// Called while a UDP socket is opened or closed.
  std::function<void()> on_sockets;
  std::vector<wire::IpAddress> resolver_servers;
  std::vector<std::string> resolver_search;
  SeededEntropy random;

  async::Loop& loop() { return loop_; }

  Result<std::unique_ptr<net::UdpSocket>> open_udp(
      const net::UdpOptions& options) noexcept override {
    if (on_sockets) on_sockets();
    const auto port = options.local_port != 0 ? options.local_port : next_port_++;
    auto socket = std::make_unique<FakeUdpSocket>(*this, options,
                                                  wire::Endpoint{wire::Ipv4Address::any(), port});
    sockets.push_back(socket.get());
    return std::unique_ptr<net::UdpSocket>(std::move(socket));
  }
  async::Task<Result<std::unique_ptr<net::Stream>>> connect(wire::Endpoint target,
                                                            Instant deadline) noexcept override {
    if (!on_connect) {
      KEDGE_CO_CHECK(co_await silence_.wait_until(deadline));
    }
    KEDGE_CO_TRY(auto connection, on_connect(target));
    if (connection == nullptr) KEDGE_CO_CHECK(co_await silence_.wait_until(deadline));
    co_return std::unique_ptr<net::Stream>(std::make_unique<FakeStream>(connection, target));
  }
  void set_resolver(std::vector<wire::IpAddress> servers,
                    std::vector<std::string> search) noexcept override {
    resolver_servers = std::move(servers);
    resolver_search = std::move(search);
  }
  async::Task<Result<std::vector<wire::IpAddress>>> resolve(std::string name,
                                                            Instant) noexcept override {
    if (auto literal = wire::IpAddress::parse(name); literal.ok()) {
      co_return std::vector<wire::IpAddress>{*literal};
    }
    if (auto known = names.find(name); known != names.end()) co_return known->second;
    co_return fail(err::net_unreachable);
  }
  port::Entropy& entropy() noexcept override { return random; }

 private:
  async::Loop& loop_;
  async::Signal silence_;
  std::uint16_t next_port_ = 50000;
};

inline FakeUdpSocket::~FakeUdpSocket() {
  if (stack_.on_sockets) stack_.on_sockets();
  stack_.sockets.remove(this);
}

inline Result<void> FakeUdpSocket::send(const wire::Endpoint& target, ByteView payload) noexcept {
  if (stack_.on_udp) stack_.on_udp(*this, target, payload);
  return {};
}

}  // namespace kedge::fake
