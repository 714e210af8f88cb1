// SPDX-License-Identifier: BSD-2-Clause-Patent
// A DHCP client on simulated time against scripted servers; shared by tests and the fuzz target.
#pragma once

#include <functional>
#include <list>
#include <string>
#include <vector>

#include "client/dhcp/dhcp_client.h"
#include "tests/fake/interface.h"
#include "tests/fake/net.h"

namespace kedge::client {

inline constexpr wire::Ipv4Address kServer{10, 0, 0, 1};
inline constexpr wire::Ipv4Address kProxy{10, 0, 0, 4};
inline constexpr wire::Ipv4Address kOurs{10, 0, 0, 50};

/// A reply as a server would write it.
struct Reply {
  std::optional<wire::DhcpMessageType> type{};
  wire::Ipv4Address yours = kOurs;
  wire::Ipv4Address next_server{};
  std::optional<wire::Ipv4Address> server_id = kServer;
  std::string file{};
  std::vector<std::pair<std::uint8_t, std::string>> options{};

  std::vector<std::byte> bytes(std::uint32_t transaction, const wire::MacAddress& mac) const {
    std::vector<std::byte> buffer(wire::kDhcpMessageMax);
    wire::Dhcp4Header header;
    header.operation = wire::BootpOperation::reply;
    header.transaction = transaction;
    header.yours = yours;
    header.server = next_server;
    header.set_mac(mac);
    wire::Dhcp4Builder builder(buffer, header, {}, file);
    if (type) builder.type(*type);
    if (server_id) builder.option_address(wire::dhcp_option::kServerId, *server_id);
    for (const auto& [code, value] : options) builder.option_text(code, value);
    const auto message = builder.finish();
    KEDGE_ASSERT(message.ok());
    return {message->begin(), message->end()};
  }
};

/// A message that the client sent.
struct Sent {
  wire::Endpoint target;
  DhcpPacket packet;
  Instant at;
};

class ProgressRecorder final : public DhcpObserver {
 public:
  std::vector<std::string> lines;
  void dhcp_progress(const DhcpProgress& step) noexcept override {
    lines.push_back(format("{}", step));
  }
};

class DhcpTestBed {
 public:
  DhcpTestBed() {
    stack.on_udp = [this](fake::FakeUdpSocket&, wire::Endpoint target, ByteView payload) {
      auto packet = DhcpPacket::parse(payload);
      KEDGE_ASSERT(packet.ok());
      sent.push_back({target, *packet, sim.clock.now()});
      if (server) server(sent.back());
    };
  }

  fake::SimLoop sim;
  fake::FakeStack stack{sim.loop};
  fake::FakeInterface interface;
  DhcpIdentity identity;
  DhcpSettings settings;
  std::vector<Sent> sent;
  ProgressRecorder observer;
  std::vector<std::string>& progress = observer.lines;
  std::function<void(const Sent&)> server;

  /// Sends `reply` to the client's request after `delay`.
  void answer(const Sent& request, const Reply& reply, Duration delay = {}) {
    answer_bytes(reply.bytes(request.packet.header().transaction, interface.idle_device.address),
                 reply.server_id.value_or(kServer), delay);
  }
  void answer_bytes(std::vector<std::byte> message, wire::Ipv4Address source, Duration delay = {}) {
    auto deliver = [this, source, message = std::move(message)] {
      for (fake::FakeUdpSocket* socket : stack.sockets) {
        socket->deliver({source, wire::kDhcpServerPort}, message);
      }
    };
    if (delay == Duration()) return deliver();
    timers_.emplace_back(sim.loop, sim.clock.now() + delay, std::move(deliver));
  }
  void at(Duration delay, std::function<void()> action) {
    timers_.emplace_back(sim.loop, sim.clock.now() + delay, std::move(action));
  }

  Result<DhcpLease> acquire() {
    DhcpClient client(stack, interface, identity, settings, &observer);
    return sim.run(client.acquire());
  }
  /// Runs to the end, but cancels after some turns of the loop.
  Result<DhcpLease> acquire_cancelled_after(unsigned turns) {
    DhcpClient client(stack, interface, identity, settings, &observer);
    auto task = client.acquire();
    task.start(async::Context{&sim.loop, &sim.scope}, nullptr);
    for (unsigned turn = 0; turn < turns && !task.done(); ++turn) {
      if (!sim.loop.run_once()) sim.loop.idle();
    }
    sim.scope.cancel();
    while (!task.done()) {
      if (!sim.loop.run_once()) sim.loop.idle();
    }
    return task.take();
  }
  Duration elapsed() { return sim.clock.now() - Instant::from_ns(1'000'000'000); }
  std::size_t count(wire::DhcpMessageType type) const {
    std::size_t result = 0;
    for (const Sent& message : sent) result += message.packet.type() == type ? 1 : 0;
    return result;
  }

 private:
  std::list<fake::At> timers_;
};

}  // namespace kedge::client
