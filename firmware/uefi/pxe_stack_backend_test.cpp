// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/pxe_stack_backend_test_bed.h"

#include <csetjmp>

namespace kedge::uefi {
namespace {

TEST_F(PxeStackBackendTest, TheInterfaceIsAsBeforeWhenTheImageIsGone) {
  {
    PxeStackBackend one{{firmware.firmware(), sim.loop, stack, interface, shared, {}, {}}};
    one.set_mode({.asks_neighbours = false, .promiscuous = true});
    EXPECT_TRUE(interface.mode().promiscuous);
  }
  EXPECT_EQ(interface.mode(), net::InterfaceMode());
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

TEST_F(PxeStackBackendTest, ReadsFromAGroupAndOneToOneWhereThereIsNone) {
  constexpr wire::Ipv4Address kGroup(239, 1, 2, 3);
  PxeFile file{.server = kServer, .name = "file"};
  file.group = kGroup;
  file.session = {kServer, 1759, 1758, 1_s, 1_s, kGroup};
  bool has_session = true;
  stack.on_udp = [&](fake::FakeUdpSocket& socket, wire::Endpoint target, ByteView payload) {
    if (target.port == 1759 && has_session) {
      EXPECT_EQ(interface.mode().groups.back(), kGroup) << "a member of the group";
      const std::string block = "\0\3\0\1from the group"s;
      if (payload[1] == std::byte{1}) {
        socket.deliver({kServer, 1759}, {as_byte_view(block).begin(), as_byte_view(block).end()},
                       kOwn);
      }
    } else if (target.port == 69) {
      deliver(socket, "\0\3\0\1one to one"s);
    }
  };
  ASSERT_TRUE(send(1758).ok()) << "the image has had the port itself";
  fake::MemorySink sink;
  ASSERT_TRUE(backend.read(file, sink, watch, refusal).ok());
  EXPECT_EQ(sink.data, "from the group");
  EXPECT_EQ(interface.mode(), net::InterfaceMode());
  has_session = false;
  sink.clear();
  ASSERT_TRUE(backend.read(file, sink, watch, refusal).ok());
  EXPECT_EQ(sink.data, "one to one");
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
