// SPDX-License-Identifier: BSD-2-Clause-Patent
// The stack against a scripted machine: ARP, ping, UDP, ICMP errors, routes' effects.
#include "tests/sim/network.h"

namespace kedge::sim {
namespace {

using namespace literals;
using net::UdpOptions;

const wire::MacAddress kOurMac({2, 0, 0, 0, 0, 1});

std::vector<std::byte> bytes(std::string_view text) {
  const ByteView view = as_byte_view(text);
  return {view.begin(), view.end()};
}

TEST(Stack, AnswersPing) {
  Network network;
  network.configure();
  network.peer->send_echo_request(kOurs, kOurMac, as_byte_view("are you there?"));
  network.pass(10_ms);
  ASSERT_EQ(network.peer->echo_replies.size(), 1u);
  EXPECT_EQ(network.peer->echo_replies[0], bytes("are you there?"));
}

TEST(Stack, AnswersAPingThatArrivesInPieces) {
  Network network({.segment_bytes = 256});
  network.configure();
  const std::string text(1000, 'x');
  network.peer->send_echo_request(kOurs, kOurMac, as_byte_view(text));
  network.pass(10_ms);
  ASSERT_EQ(network.peer->echo_replies.size(), 1u);
  EXPECT_EQ(network.peer->echo_replies[0], bytes(text));
}

TEST(Stack, DoesNotAnswerForOthers) {
  Network network;
  network.configure();
  network.peer->send_echo_request({10, 0, 0, 9}, kOurMac, as_byte_view("?"));
  network.peer->send_echo_request(kOurs, wire::MacAddress({2, 0, 0, 0, 0, 9}), as_byte_view("?"));
  network.pass(10_ms);
  EXPECT_TRUE(network.peer->echo_replies.empty());
}

TEST(Stack, CarriesDatagramsBothWays) {
  Network network;
  network.configure();
  network.peer->on_udp = [&](const FramePeer::Udp& datagram) {
    EXPECT_EQ(as_text(datagram.payload), "ping");
    EXPECT_EQ(datagram.source.address, wire::IpAddress(kOurs));
    network.peer->send_udp({kPeer, 7}, datagram.source, datagram.source_mac, as_byte_view("pong"));
  };
  auto socket = network.stack->open_udp({});
  ASSERT_TRUE(socket.ok());
  EXPECT_GE((*socket)->local().port, 49152);
  ASSERT_TRUE((*socket)->send({kPeer, 7}, as_byte_view("ping")).ok());
  auto answer = network.run((*socket)->receive(network.after(1_s)));
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(as_text(answer->payload), "pong");
  EXPECT_EQ(answer->source, (wire::Endpoint{kPeer, 7}));
  EXPECT_EQ(answer->destination, wire::IpAddress(kOurs));
  EXPECT_EQ(network.peer->bad_checksums, 0u);
}

TEST(Stack, BroadcastsBeforeItHasAnAddressAndHearsTheAnswers) {
  Network network;
  network.peer->on_udp = [&](const FramePeer::Udp& datagram) {
    EXPECT_EQ(datagram.source, (wire::Endpoint{wire::Ipv4Address::any(), 68}));
    EXPECT_EQ(datagram.destination, (wire::Endpoint{wire::Ipv4Address::broadcast(), 67}));
    network.peer->send_udp({kPeer, 67}, {wire::Ipv4Address::broadcast(), 68},
                           wire::MacAddress::broadcast(), as_byte_view("to all"));
    network.peer->send_udp({kPeer, 67}, {kOurs, 68}, kOurMac, as_byte_view("to the offered"));
  };
  auto socket =
      network.stack->open_udp({.interface = network.net0, .local_port = 68, .broadcast = true});
  ASSERT_TRUE(socket.ok());
  ASSERT_TRUE((*socket)->send({wire::Ipv4Address::broadcast(), 67}, as_byte_view("discover")).ok());
  auto first = network.run((*socket)->receive(network.after(1_s)));
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(as_text(first->payload), "to all");
  EXPECT_EQ(first->destination, wire::IpAddress(wire::Ipv4Address::broadcast()));
  auto second = network.run((*socket)->receive(network.after(1_s)));
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(as_text(second->payload), "to the offered");
  EXPECT_EQ(second->destination, wire::IpAddress(kOurs));
}

TEST(Stack, KeepsBroadcastsFromSocketsThatDoNotWantThem) {
  Network network;
  network.configure();
  auto socket = network.stack->open_udp({.local_port = 69});
  network.peer->send_udp({kPeer, 67}, {wire::Ipv4Address::broadcast(), 69},
                         wire::MacAddress::broadcast(), as_byte_view("x"));
  auto nothing = network.run((*socket)->receive(network.after(100_ms)));
  ASSERT_FALSE(nothing.ok());
  EXPECT_EQ(nothing.error(), err::async_timed_out);
  auto refused = (*socket)->send({wire::Ipv4Address::broadcast(), 67}, as_byte_view("x"));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error(), err::net_unreachable);
}

TEST(Stack, GivesEachPortToOneSocketOnly) {
  Network network;
  auto first = network.stack->open_udp({.local_port = 68});
  ASSERT_TRUE(first.ok());
  auto second = network.stack->open_udp({.interface = network.net0, .local_port = 68});
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error(), err::net_port_in_use);
}

TEST(Stack, ReportsAPortWhereNobodyListens) {
  Network network;
  network.configure();
  auto socket = network.stack->open_udp({});
  ASSERT_TRUE((*socket)->send({kPeer, 69}, as_byte_view("anybody?")).ok());
  auto answer = network.run((*socket)->receive(network.after(1_s)));
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error(), err::net_refused);
  auto silence = network.run((*socket)->receive(network.after(1_s)));  // said once
  ASSERT_FALSE(silence.ok());
  EXPECT_EQ(silence.error(), err::async_timed_out);
}

TEST(Stack, ReportsThatThereIsNoRoute) {
  Network network;
  auto socket = network.stack->open_udp({});
  auto sent = (*socket)->send({kPeer, 69}, as_byte_view("x"));
  ASSERT_FALSE(sent.ok());
  EXPECT_EQ(sent.error(), err::net_unreachable);
  network.configure();
  EXPECT_TRUE((*socket)->send({kPeer, 69}, as_byte_view("x")).ok());
  EXPECT_FALSE((*socket)->send({wire::Ipv4Address(192, 0, 2, 1), 69}, as_byte_view("x")).ok());
  auto connection = network.run(
      network.stack->connect({wire::Ipv4Address(192, 0, 2, 1), 80}, network.after(1_s)));
  ASSERT_FALSE(connection.ok());
  EXPECT_EQ(connection.error(), err::net_unreachable);
}

TEST(Stack, PutsFragmentsTogether) {
  Network network;
  network.configure();
  auto socket = network.stack->open_udp({.local_port = 2049});
  std::vector<std::byte> large(32 * 1024);
  for (std::size_t i = 0; i < large.size(); ++i) large[i] = pattern_byte(i);
  network.peer->send_udp_fragments({kPeer, 2049}, {kOurs, 2049}, kOurMac, large, 1480);
  auto answer = network.run((*socket)->receive(network.after(1_s)));
  ASSERT_TRUE(answer.ok());
  ASSERT_EQ(answer->payload.size(), large.size());
  EXPECT_TRUE(std::equal(large.begin(), large.end(), answer->payload.begin()));
}

TEST(Stack, ForgetsDatagramsThatNeverBecomeWhole) {
  Network network;
  network.configure();
  network.peer->lose_last_fragment = true;
  const std::vector<std::byte> large(4000);
  network.peer->send_udp_fragments({kPeer, 69}, {kOurs, 69}, kOurMac, large, 1480);
  network.pass(10_ms);
  EXPECT_EQ(network.stack->lent_segments(), 2u);
  network.pass(30_s);
  EXPECT_EQ(network.stack->lent_segments(), 0u);
}

TEST(Stack, PutsTheLargestTftpBlockTogetherBehindUnfinishedOnes) {
  // 45 fragments each: the unfinished ones are more than may wait, and than the NIC can lend.
  Network network({.capabilities = {.receive_buffers = 64}});
  network.configure();
  auto socket = network.stack->open_udp({.local_port = 69});
  std::vector<std::byte> block(4 + 65464);
  for (std::size_t i = 0; i < block.size(); ++i) block[i] = pattern_byte(i);
  for (int unfinished = 0; unfinished <= 10; ++unfinished) {
    network.peer->lose_last_fragment = unfinished < 10;
    network.peer->send_udp_fragments({kPeer, 69}, {kOurs, 69}, kOurMac, block, 1480);
    network.pass(1_ms);
  }
  auto answer = network.run((*socket)->receive(network.after(1_ms)));
  ASSERT_TRUE(answer.ok());
  EXPECT_TRUE(
      std::equal(block.begin(), block.end(), answer->payload.begin(), answer->payload.end()));
}

TEST(Stack, KeepsTheOldestDatagramsWhenNobodyReads) {
  Network network;
  network.configure();
  auto socket = network.stack->open_udp({.local_port = 69});
  for (int i = 0; i < 600; ++i) {
    network.peer->send_udp({kPeer, 69}, {kOurs, 69}, kOurMac, as_byte_view(std::to_string(i)));
    if (i % 100 == 99) network.pass(1_ms);
  }
  for (int i = 0; i < 256; ++i) {
    auto datagram = network.run((*socket)->receive(network.after(1_ms)));
    ASSERT_TRUE(datagram.ok()) << i;
    EXPECT_EQ(as_text(datagram->payload), std::to_string(i));
  }
  EXPECT_FALSE(network.run((*socket)->receive(network.after(1_ms))).ok());
}

TEST(Stack, StopsTickingWhenNothingHappens) {
  Network network;
  network.configure();
  network.peer->send_echo_request(kOurs, kOurMac, as_byte_view("x"));
  network.pass(60_s);
  EXPECT_EQ(network.time.loop.armed_timers(), 0u);
}

TEST(Stack, WaitsForTheLink) {
  Network network;
  network.pair.set_link(link::LinkState::down);
  auto down = network.run(network.net0->wait_link(network.after(1_s)));
  ASSERT_FALSE(down.ok());
  EXPECT_EQ(down.error(), err::net_no_link);
  fake::At later(network.time.loop, network.after(300_ms),
                 [&] { network.pair.set_link(link::LinkState::up); });
  const Instant before = network.time.clock.now();
  EXPECT_TRUE(network.run(network.net0->wait_link(network.after(1_s))).ok());
  EXPECT_LT(network.time.clock.now() - before, 400_ms);
}

TEST(Stack, RefusesAddressesThatNoMachineHas) {
  Network network;
  for (const auto address : {wire::Ipv4Address::any(), wire::Ipv4Address::broadcast(),
                             wire::Ipv4Address(224, 0, 0, 1)}) {
    auto result = network.net0->configure({.address = address, .prefix_bits = 24});
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error(), err::net_bad_address);
  }
}

TEST(Stack, UsesRoutesOfTheInterface) {
  Network network;
  net::Ipv4Configuration configuration{.address = {192, 0, 2, 7}, .prefix_bits = 32};
  configuration.routes = {{kPeer, 32, {}}, {{}, 0, kPeer}};
  ASSERT_TRUE(network.net0->configure(configuration).ok());
  unsigned seen = 0;
  network.peer->on_udp = [&](const FramePeer::Udp&) { ++seen; };
  auto socket = network.stack->open_udp({});
  // To the peer itself, which an on-link route makes reachable; then through it (it drops that).
  ASSERT_TRUE((*socket)->send({kPeer, 7}, as_byte_view("x")).ok());
  network.pass(10_ms);
  EXPECT_EQ(seen, 1u);
  EXPECT_TRUE((*socket)->send({wire::Ipv4Address(198, 51, 100, 1), 7}, as_byte_view("x")).ok());
}

TEST(Stack, TellsSocketsThatTheirInterfaceIsGone) {
  Network network;
  network.configure();
  auto socket = network.stack->open_udp({.interface = network.net0, .local_port = 68});
  fake::At later(network.time.loop, network.after(10_ms), [&] { network.net0->close(); });
  auto result = network.run((*socket)->receive(network.after(1_s)));
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error(), err::net_closed);
  EXPECT_FALSE((*socket)->send({kPeer, 67}, as_byte_view("x")).ok());
  EXPECT_TRUE(network.net0->open().ok());  // and it can be opened again
}

TEST(Stack, DelaysFramesWhileTheRingIsFull) {
  Network network({.queue_frames = 4});
  network.configure();
  unsigned seen = 0;
  network.peer->on_udp = [&](const FramePeer::Udp&) { ++seen; };
  auto socket = network.stack->open_udp({});
  ASSERT_TRUE((*socket)->send({kPeer, 7}, as_byte_view("x")).ok());
  network.pass(10_ms);  // ARP is done
  for (int i = 0; i < 20; ++i) EXPECT_TRUE((*socket)->send({kPeer, 7}, as_byte_view("x")).ok());
  network.pass(10_ms);
  EXPECT_EQ(seen, 21u);
  EXPECT_GT(network.net0->statistics().transmit_delayed, 0u);
  EXPECT_EQ(network.net0->statistics().transmit_dropped, 0u);
}

TEST(Stack, KeepsTwoInterfacesApart) {
  link::LoopbackPair second_pair;
  Network network;
  FramePeer second_peer(network.time.loop, second_pair.right(), {172, 16, 0, 1});
  net::Interface& net1 = **network.stack->add(second_pair.left());
  EXPECT_EQ(net1.name(), "net1");
  ASSERT_TRUE(net1.open().ok());

  // DHCP on both at once, on the same port.
  auto first =
      network.stack->open_udp({.interface = network.net0, .local_port = 68, .broadcast = true});
  auto second = network.stack->open_udp({.interface = &net1, .local_port = 68, .broadcast = true});
  ASSERT_TRUE(first.ok() && second.ok());
  second_peer.on_udp = [&](const FramePeer::Udp& datagram) {
    EXPECT_EQ(as_text(datagram.payload), "second");
    second_peer.send_udp({wire::Ipv4Address(172, 16, 0, 1), 67},
                         {wire::Ipv4Address::broadcast(), 68}, wire::MacAddress::broadcast(),
                         as_byte_view("offer"));
  };
  unsigned at_first = 0;
  network.peer->on_udp = [&](const FramePeer::Udp&) { ++at_first; };
  ASSERT_TRUE((*second)->send({wire::Ipv4Address::broadcast(), 67}, as_byte_view("second")).ok());
  auto offer = network.run((*second)->receive(network.after(1_s)));
  ASSERT_TRUE(offer.ok());
  EXPECT_EQ(as_text(offer->payload), "offer");
  EXPECT_FALSE(network.run((*first)->receive(network.after(10_ms))).ok());
  EXPECT_EQ(at_first, 0u);

  // Routes choose the interface.
  network.configure();
  ASSERT_TRUE(
      net1.configure({.address = {172, 16, 0, 2}, .prefix_bits = 16, .gateway = {172, 16, 0, 1}})
          .ok());
  second_peer.tcp[80] = {.send_bytes = 10};
  auto stream = network.run(
      network.stack->connect({wire::Ipv4Address(172, 16, 0, 1), 80}, network.after(5_s)));
  ASSERT_TRUE(stream.ok());
  stream = fail(err::net_closed);
  net1.close();
  EXPECT_FALSE(
      network
          .run(network.stack->connect({wire::Ipv4Address(172, 16, 0, 1), 80}, network.after(1_s)))
          .ok());
}

TEST(Stack, ResolvesLiteralsWithoutAResolver) {
  Network network;
  auto literal = network.run(network.stack->resolve("10.0.0.1", network.after(1_s)));
  ASSERT_TRUE(literal.ok());
  EXPECT_EQ(literal->at(0), wire::IpAddress(kPeer));
  auto name = network.run(network.stack->resolve("boot.example", network.after(1_s)));
  ASSERT_FALSE(name.ok());
  EXPECT_EQ(name.error(), err::net_no_resolver);
}

}  // namespace
}  // namespace kedge::sim
