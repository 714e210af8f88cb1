// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/pxe_stack_backend.h"

#include <gtest/gtest.h>

#include <csetjmp>
#include <functional>

#include "client/dhcp/dhcp_errors.h"
#include "client/dhcp/dhcp_test_bed.h"
#include "client/tftp/tftp_client_errors.h"
#include "tests/fake/interface.h"
#include "tests/fake/link_device.h"
#include "tests/fake/net.h"
#include "tests/fake/sink.h"
#include "tests/fake/uefi.h"
#include "uefi/pxe_errors.h"

namespace kedge::uefi {
namespace {

using namespace kedge::literals;
using namespace std::string_literals;

constexpr wire::Ipv4Address kOwn(192, 0, 2, 50);
constexpr wire::Ipv4Address kServer(192, 0, 2, 1);
constexpr wire::MacAddress kServerMac({0x52, 0x54, 0x00, 0xaa, 0xbb, 0xcc});

/// Goes on until it was asked so often.
struct Patience final : PxeWatch {
  unsigned asked = 0;
  unsigned limit = UINT32_MAX;
  std::vector<std::string> packets;
  std::size_t told = 0;
  std::function<void()> on_tell;
  void packet(Direction direction, ByteView bytes) noexcept override {
    packets.push_back((direction == Direction::sent ? "> " : "< ") + format("{}", bytes.size()));
  }
  bool tell() noexcept override {
    if (on_tell) on_tell();
    asked += static_cast<unsigned>(packets.size() - told);
    told = packets.size();
    return asked < limit;
  }
  bool waiting() noexcept override { return ++asked < limit; }
};

struct Nobody final : link::Receiver {
  void receive(link::Frame) noexcept override {}
};

struct PxeStackBackendTest : testing::Test {
  Nobody nobody;
  fake::FakeFirmware firmware;
  fake::SimLoop sim;
  fake::FakeStack stack{sim.loop};
  fake::FakeInterface interface;
  fake::ScriptedDevice device;
  link::SharedDevice shared{device};
  PxeStackBackend backend{{firmware.firmware(), sim.loop, stack, interface, shared, {}, {}}};
  Patience watch;
  std::optional<PxeServerError> refusal;
  const Instant began = sim.clock.now();

  PxeStackBackendTest() {
    EXPECT_TRUE(interface.open().ok());
    net::Ipv4Configuration configuration;
    configuration.address = kOwn;
    configuration.prefix_bits = 24;
    EXPECT_TRUE(interface.configure(configuration).ok());
  }
  Duration took() { return sim.clock.now() - began; }
  Result<std::uint16_t> send(std::uint16_t source_port, std::uint8_t time_to_live = 64) {
    const ByteView pieces[] = {as_byte_view("he"), as_byte_view("llo")};
    PxeUdpTarget target;
    target.address = kServer;
    target.port = 69;
    target.source_port = source_port;
    target.time_to_live = time_to_live;
    return backend.send(target, pieces);
  }
  Result<PxeDatagram> receive(std::uint16_t port) {
    return backend.receive(port, 3_s, [](const PxeDatagram&) { return true; }, watch);
  }
  void deliver(fake::FakeUdpSocket& socket, std::string_view text) {
    const ByteView view = as_byte_view(text);
    socket.deliver({kServer, 69}, {view.begin(), view.end()}, kOwn);
  }
};

TEST_F(PxeStackBackendTest, SendsFromAPortThatStaysOpenForTheAnswer) {
  std::string sent;
  stack.on_udp = [&](fake::FakeUdpSocket& socket, wire::Endpoint target, ByteView payload) {
    sent = as_text(payload);
    EXPECT_EQ(target, (wire::Endpoint{kServer, 69}));
    EXPECT_EQ(socket.options().time_to_live, 64);
    EXPECT_EQ(socket.options().interface, &interface);
    deliver(socket, "answer");
  };
  const auto port = send(0);
  ASSERT_TRUE(port.ok());
  EXPECT_EQ(sent, "hello");
  ASSERT_EQ(stack.sockets.size(), 1U);
  const auto datagram = receive(*port);
  ASSERT_TRUE(datagram.ok());
  EXPECT_EQ(as_text(datagram->payload), "answer");
  EXPECT_EQ(datagram->source, kServer);
  EXPECT_EQ(datagram->source_port, 69);
  EXPECT_EQ(datagram->destination, kOwn);
  EXPECT_EQ(datagram->destination_port, *port);
  ASSERT_TRUE(send(*port).ok());
  EXPECT_EQ(stack.sockets.size(), 1U) << "the same port again";
  backend.close_ports();
  EXPECT_TRUE(stack.sockets.empty());
}

TEST_F(PxeStackBackendTest, OpensAPortAgainForAnotherTimeToLiveAndBoundsTheirNumber) {
  ASSERT_TRUE(send(4000).ok());
  std::uint8_t seen = 0;
  stack.on_udp = [&](fake::FakeUdpSocket& socket, wire::Endpoint, ByteView) {
    seen = socket.options().time_to_live;
  };
  ASSERT_TRUE(send(4000, 3).ok());
  EXPECT_EQ(seen, 3);
  EXPECT_EQ(stack.sockets.size(), 1U);
  for (std::uint16_t port = 5000; port < 5020; ++port) ASSERT_TRUE(send(port).ok());
  EXPECT_EQ(stack.sockets.size(), PxeStackBackend::kPortsMax);
}

TEST_F(PxeStackBackendTest, ReceivesOnAnyOpenPort) {
  ASSERT_TRUE(send(4000).ok());
  ASSERT_TRUE(send(4001).ok());
  const fake::At later(sim.loop, sim.after(1_s), [this] { deliver(*stack.sockets.front(), "x"); });
  const auto datagram = receive(0);
  ASSERT_TRUE(datagram.ok());
  EXPECT_EQ(datagram->destination_port, 4000);
  EXPECT_LT(took(), 1_s + 20_ms);
}

TEST_F(PxeStackBackendTest, WaitsForWhatIsWantedAndNoLongerThanAllowed) {
  ASSERT_TRUE(send(4000).ok());
  const auto nobody = backend.receive(4000, 3_s, [](const PxeDatagram&) { return false; }, watch);
  ASSERT_FALSE(nobody.ok());
  EXPECT_EQ(nobody.error(), err::async_timed_out);
  EXPECT_EQ(took(), 3_s);
  backend.close_ports();
  EXPECT_EQ(receive(0).error(), err::async_timed_out);
  EXPECT_EQ(took(), 6_s) << "no port is open, and still it is a wait";
}

TEST_F(PxeStackBackendTest, TheWatchEndsAWait) {
  ASSERT_TRUE(send(4000).ok());
  watch.limit = 1;
  EXPECT_EQ(receive(4000).error(), err::pxe_aborted);
  watch.asked = 0;
  EXPECT_EQ(backend.find_neighbour(kServer, 3_s, watch).error(), err::pxe_aborted);
}

TEST_F(PxeStackBackendTest, AsksForNeighbours) {
  interface.neighbours[kServer] = kServerMac;
  const auto found = backend.find_neighbour(kServer, 3_s, watch);
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(*found, kServerMac);
  EXPECT_EQ(backend.find_neighbour(kOwn, 3_s, watch).error(), err::net_no_neighbour);
}

TEST_F(PxeStackBackendTest, ReadsByTftpAndTellsWhatTheServerSays) {
  std::string request;
  stack.on_udp = [&](fake::FakeUdpSocket& socket, wire::Endpoint, ByteView payload) {
    request = as_text(payload);
    deliver(socket, "\0\5\0\1no such\0"s);
  };
  fake::MemorySink sink;
  const auto done = backend.read({.server = kServer, .name = "/a//b"}, sink, watch, refusal);
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error(), err::tftp_not_found);
  EXPECT_TRUE(request.starts_with("\0\1/a//b\0octet\0"s)) << "the name, to the letter";
  ASSERT_TRUE(refusal.has_value());
  EXPECT_EQ(refusal->code, 1);
  EXPECT_EQ(refusal->text, "no such");
  PxeFile directory{.server = kServer, .name = "d", .block_bytes = 600, .directory = true};
  EXPECT_FALSE(backend.read(directory, sink, watch, refusal).ok());
  EXPECT_TRUE(request.starts_with("\0\10d\0octet\0"s));
  EXPECT_NE(request.find("blksize\0"
                         "600\0"s),
            std::string::npos);
  EXPECT_TRUE(stack.sockets.empty());
}

TEST_F(PxeStackBackendTest, ReadsByHttpAndTellsItsRefusalsAsTftps) {
  stack.on_connect = [](wire::Endpoint) {
    auto connection = std::make_shared<fake::FakeConnection>();
    connection->on_write = [](fake::FakeConnection& c) {
      c.feed("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    };
    return Result<std::shared_ptr<fake::FakeConnection>>(connection);
  };
  fake::MemorySink sink;
  EXPECT_FALSE(backend.read({.name = "http://192.0.2.1/x"}, sink, watch, refusal).ok());
  ASSERT_TRUE(refusal.has_value());
  EXPECT_EQ(refusal->code, 1);
  EXPECT_EQ(backend.write({.name = "http://192.0.2.1/x"}, {}, watch, refusal).error(),
            err::pxe_cannot_write);
}

TEST_F(PxeStackBackendTest, GivesUpOnASilentServerInTheTimeOfTheSpecification) {
  fake::MemorySink sink;
  const auto done = backend.read({.server = kServer, .name = "x"}, sink, watch, refusal);
  EXPECT_EQ(done.error(), err::tftp_no_answer);
  EXPECT_EQ(took(), PxeStackBackend::kSilenceMax);
  EXPECT_GT(watch.asked, 1U);
  EXPECT_FALSE(refusal.has_value());
  EXPECT_EQ(backend.write({.server = kServer, .name = "x"}, {}, watch, refusal).error(),
            err::tftp_no_answer);
}

TEST_F(PxeStackBackendTest, AFailedDhcpLeavesTheAddress) {
  EXPECT_EQ(backend.dhcp(watch).error(), err::dhcp_no_answer);
  EXPECT_EQ(interface.ipv4().address, kOwn);
  EXPECT_FALSE(watch.packets.empty());
  EXPECT_FALSE(backend.new_lease().has_value());
  watch.limit = 1;
  watch.asked = 0;
  EXPECT_EQ(backend.dhcp(watch).error(), err::pxe_aborted);
}

// A timer of the image, at the level that Simple Network may be used at.
struct ImageTimer {
  fake::FakeFirmware& firmware;
  std::function<void()> on_time;
  EFI_EVENT event = nullptr;
  unsigned calls = 0;

  ImageTimer(fake::FakeFirmware& a_firmware, std::function<void()> function)
      : firmware(a_firmware), on_time(std::move(function)) {
    EFI_BOOT_SERVICES& boot = firmware.firmware().boot();
    EXPECT_EQ(boot.CreateEvent(EVT_TIMER | EVT_NOTIFY_SIGNAL, TPL_CALLBACK, fire, this, &event),
              EFI_SUCCESS);
    EXPECT_EQ(boot.SetTimer(event, TimerPeriodic, 1), EFI_SUCCESS);
  }
  ~ImageTimer() { firmware.firmware().boot().CloseEvent(event); }
  static void EFIAPI fire(EFI_EVENT, void* context) {
    auto& self = *static_cast<ImageTimer*>(context);
    ++self.calls;
    self.on_time();
  }
};

TEST_F(PxeStackBackendTest, ATimerOfTheImageFindsNothingHalfDone) {
  bool works = false;  // something of the stack is in its middle
  unsigned touched = 0;
  ImageTimer timer(firmware, [&] { EXPECT_FALSE(works); });
  const auto touch = [&] {
    works = true;
    ++touched;
    firmware.advance_ns(1000);  // a timer is due now
    works = false;
  };
  interface.on_configure = touch;
  stack.on_udp = [&](fake::FakeUdpSocket& socket, wire::Endpoint, ByteView) {
    touch();
    deliver(socket, "\0\5\0\1no\0"s);
  };
  stack.on_sockets = touch;
  // Each function of the backend that uses the stack.
  ASSERT_TRUE(send(4000).ok());
  EXPECT_TRUE(receive(4000).ok());
  EXPECT_EQ(receive(4001).error(), err::async_timed_out);
  backend.close_ports();
  EXPECT_TRUE(backend.configure(interface.ipv4()).ok());
  fake::MemorySink sink;
  EXPECT_FALSE(backend.read({.server = kServer, .name = "x"}, sink, watch, refusal).ok());
  EXPECT_FALSE(backend.write({.server = kServer, .name = "x"}, {}, watch, refusal).ok());
  stack.on_udp = [&](fake::FakeUdpSocket&, wire::Endpoint, ByteView) { touch(); };
  ASSERT_TRUE(send(4000).ok());
  EXPECT_FALSE(backend.dhcp(watch).ok());
  ASSERT_TRUE(send(4000).ok());
  EXPECT_FALSE(backend.discover({.type = 1, .broadcast = true}, watch).ok());
  EXPECT_GT(touched, 12U);
  EXPECT_GT(timer.calls, 12U) << "between the turns they run";
  EXPECT_EQ(firmware.tpl, TPL_APPLICATION);
  EXPECT_TRUE(firmware.violations.empty());
}

TEST_F(PxeStackBackendTest, TheCallbackIsCalledAtTheCallersLevelWithTheGuestLetIn) {
  ASSERT_TRUE(send(4000).ok());
  ASSERT_TRUE(shared.host().start().ok());
  ASSERT_TRUE(shared.guest().start().ok());
  unsigned told = 0;
  watch.on_tell = [&] {
    ++told;
    EXPECT_EQ(firmware.tpl, TPL_APPLICATION);
    const std::byte frame[60]{};
    const ByteView pieces[] = {frame};
    EXPECT_TRUE(shared.guest().transmit(pieces, {}).ok());
    device.sent.clear();
    (void)shared.guest().poll(nobody, 1);
  };
  EXPECT_FALSE(receive(4000).ok());
  EXPECT_GT(told, 0U);
  shared.guest().stop();
  shared.host().stop();
}

TEST_F(PxeStackBackendTest, EveryOperationIsToldOfAndCanBeEndedBeforeItBegins) {
  ASSERT_TRUE(send(4000).ok());
  const std::function<Error()> calls[] = {
      [&] {
        fake::MemorySink sink;
        return backend.read({.server = kServer, .name = "x"}, sink, watch, refusal).error();
      },
      [&] { return backend.write({.server = kServer, .name = "x"}, {}, watch, refusal).error(); },
      [&] { return backend.dhcp(watch).error(); },
      [&] { return backend.discover({.type = 1, .broadcast = true}, watch).error(); },
      [&] { return receive(4000).error(); },
      [&] { return backend.find_neighbour(kServer, 3_s, watch).error(); },
  };
  watch.limit = 1;
  unsigned sent = 0;
  stack.on_udp = [&](fake::FakeUdpSocket&, wire::Endpoint, ByteView) { ++sent; };
  for (const auto& call : calls) {
    watch.asked = 0;
    EXPECT_EQ(call(), err::pxe_aborted);
    EXPECT_EQ(watch.asked, 1U);
  }
  EXPECT_EQ(sent, 0U);
  EXPECT_EQ(took(), Duration());
}

TEST_F(PxeStackBackendTest, ACallbackMayLeaveForGood) {
  static std::jmp_buf out;
  // What the image leaves is under way in each of these.
  const std::function<void(PxeStackBackend&)> calls[] = {
      [&](PxeStackBackend& used) {
        fake::MemorySink sink;
        (void)used.read({.server = kServer, .name = "x"}, sink, watch, refusal);
      },
      [&](PxeStackBackend& used) { (void)used.dhcp(watch); },
      [&](PxeStackBackend& used) {
        (void)used.receive(4000, 3_s, [](const PxeDatagram&) { return true; }, watch);
      },
  };
  for (const auto& call : calls) {
    {
      PxeStackBackend left({firmware.firmware(), sim.loop, stack, interface, shared, {}, {}});
      watch.on_tell = [] { std::longjmp(out, 1); };
      if (setjmp(out) == 0) call(left);
      watch.on_tell = nullptr;
      EXPECT_EQ(firmware.tpl, TPL_APPLICATION);
      // The guest is let in: nobody works any more.
      ASSERT_TRUE(shared.guest().start().ok());
      const std::byte frame[60]{};
      const ByteView pieces[] = {frame};
      EXPECT_TRUE(shared.guest().transmit(pieces, {}).ok());
      shared.guest().stop();
    }
    EXPECT_TRUE(stack.sockets.empty()) << "the operation has ended with the backend";
  }
  // The loop can be used as before.
  EXPECT_FALSE(receive(0).ok());
}

struct PxeStackBackendDhcpTest : testing::Test, client::DhcpTestBed {
  fake::FakeFirmware firmware;
  fake::ScriptedDevice device;
  link::SharedDevice shared{device};
  PxeStackBackend backend{{firmware.firmware(), sim.loop, stack, interface, shared, identity, {}}};
  Patience watch;
};

TEST_F(PxeStackBackendDhcpTest, AnAddressComesWithItsPackets) {
  server = [&](const client::Sent& request) {
    const bool discover = request.packet.type() == wire::DhcpMessageType::discover;
    const auto type = discover ? wire::DhcpMessageType::offer : wire::DhcpMessageType::ack;
    answer(request, {.type = type, .file = "boot.efi"});
  };
  const auto lease = backend.dhcp(watch);
  ASSERT_TRUE(lease.ok());
  EXPECT_EQ(lease->configuration.address, interface.ipv4().address);
  EXPECT_EQ(client::DhcpPacket::parse(lease->discover)->type(), wire::DhcpMessageType::discover);
  EXPECT_EQ(client::DhcpPacket::parse(lease->ack)->filename(), "boot.efi");
  EXPECT_TRUE(lease->proxy_offer.empty());
  EXPECT_TRUE(backend.new_lease().has_value());
  EXPECT_GE(watch.packets.size(), 4U);
}

TEST_F(PxeStackBackendDhcpTest, ABootServerIsFoundAsItIsSearched) {
  server = [&](const client::Sent& request) {
    answer(request, {.type = wire::DhcpMessageType::ack,
                     .file = "pxe.efi",
                     .options = {{43, "\x47\x04\0\2\0\0"s}}});
  };
  PxeSearch search;
  search.type = 2;
  search.broadcast = true;
  const auto found = backend.discover(search, watch);
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(client::DhcpPacket::parse(found->reply)->filename(), "pxe.efi");
  EXPECT_TRUE(client::DhcpPacket::parse(found->request)->option(43).has_value());
  search.broadcast = false;
  EXPECT_EQ(backend.discover(search, watch).error(), err::dhcp_no_boot_server);
}

}  // namespace
}  // namespace kedge::uefi
