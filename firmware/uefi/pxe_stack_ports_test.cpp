// SPDX-License-Identifier: BSD-2-Clause-Patent
// The UDP ports of PxeStackBackend.
#include "uefi/pxe_stack_backend_test_bed.h"

namespace kedge::uefi {
namespace {

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

TEST_F(PxeStackBackendTest, ReceivesOnPortsThatWereNeverOpened) {
  EXPECT_EQ(receive(0).error(), err::async_timed_out);
  ASSERT_EQ(stack.sockets.size(), 1U);
  fake::FakeUdpSocket& rest = *stack.sockets.front();
  EXPECT_TRUE(rest.options().any_port);
  EXPECT_EQ(rest.options().interface, &interface);
  deliver(rest, "kept between calls", 4711);
  ASSERT_TRUE(send(4000).ok());
  const auto datagram = receive(0);
  ASSERT_TRUE(datagram.ok());
  EXPECT_EQ(as_text(datagram->payload), "kept between calls");
  EXPECT_EQ(datagram->destination_port, 4711);
  backend.close_ports();
  EXPECT_TRUE(stack.sockets.empty());
}

TEST_F(PxeStackBackendTest, GivesADatagramOnceMore) {
  (void)receive(0);
  fake::FakeUdpSocket& rest = *stack.sockets.front();
  const auto read_again = [&](std::uint16_t port) {
    deliver(rest, "again", 4711);
    const auto first = receive(0);
    EXPECT_TRUE(first.ok() && !first->again);
    backend.unread(*first);
    (void)send(4000);  // has its own bytes
    return receive(port);
  };
  const auto second = read_again(0);
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(as_text(second->payload), "again");
  EXPECT_TRUE(second->again);
  EXPECT_TRUE(read_again(4711).ok());
  EXPECT_FALSE(read_again(4712).ok()) << "another port's reader does not get it";
  EXPECT_FALSE(receive(0).ok()) << "nor does anybody else, then";
  deliver(rest, "again", 4711);
  const auto first = receive(0);
  ASSERT_TRUE(first.ok());
  backend.unread(*first);
  backend.close_ports();
  EXPECT_FALSE(receive(0).ok());
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

}  // namespace
}  // namespace kedge::uefi
