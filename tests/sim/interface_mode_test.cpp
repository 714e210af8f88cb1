// SPDX-License-Identifier: BSD-2-Clause-Patent
// What an interface does beyond having an address: sockets for any port, frames to others, groups
// (RFC 2236), and no ARP unless it is wanted.
#include "tests/sim/network.h"

namespace kedge::sim {
namespace {

using namespace literals;

constexpr wire::MacAddress kOurMac({2, 0, 0, 0, 0, 1});
constexpr wire::MacAddress kForeignMac({2, 0, 0, 0, 0, 9});
constexpr wire::Ipv4Address kForeign{10, 0, 0, 9};
constexpr wire::Ipv4Address kGroup{239, 1, 2, 3};
constexpr wire::MacAddress kGroupMac({0x01, 0x00, 0x5e, 1, 2, 3});

struct ModeTest : testing::Test {
  Network network;
  std::vector<std::vector<std::byte>> frames;  // of ours

  ModeTest() {
    network.configure();
    network.pass(10_ms);
    network.peer->on_frame = [this](ByteView frame) {
      frames.emplace_back(frame.begin(), frame.end());
    };
  }
  std::unique_ptr<net::UdpSocket> open_rest() {
    auto socket =
        network.stack->open_udp({.interface = network.net0, .any_port = true, .broadcast = true});
    EXPECT_TRUE(socket.ok());
    return *std::move(socket);
  }
  void arrives(std::uint16_t port, std::string_view text, wire::Ipv4Address to = kOurs,
               const wire::MacAddress& mac = kOurMac) {
    network.peer->send_udp({kPeer, 7}, {to, port}, mac, as_byte_view(text));
  }
  Result<net::Datagram> next(net::UdpSocket& socket) {
    return network.run(socket.receive(network.after(100_ms)));
  }
  std::size_t arp_requests() const {
    return static_cast<std::size_t>(std::ranges::count_if(frames, [](const auto& frame) {
      return frame[12] == std::byte{0x08} && frame[13] == std::byte{0x06};
    }));
  }
  /// The group and type of an IGMP message, if that is what the frame holds.
  struct Membership {
    std::uint8_t type = 0;
    wire::Ipv4Address group;
    wire::Ipv4Address to;
    friend bool operator==(const Membership&, const Membership&) = default;
  };
  std::vector<Membership> memberships() {
    std::vector<Membership> found;
    for (const auto& frame : frames) {
      if (frame.size() < 46 || frame[14] != std::byte{0x46} || frame[23] != std::byte{2}) continue;
      ByteReader reader(frame);
      const auto mac = wire::MacAddress::read(reader);
      EXPECT_TRUE(mac.is_multicast());
      reader.skip(16);
      EXPECT_EQ(reader.u8(), 1) << "time to live";
      reader.skip(3);
      EXPECT_EQ(wire::Ipv4Address::read(reader), kOurs);
      Membership one;
      one.to = wire::Ipv4Address::read(reader);
      EXPECT_EQ(reader.be32(), 0x94040000U) << "Router Alert";
      one.type = reader.u8();
      reader.skip(3);
      one.group = wire::Ipv4Address::read(reader);
      EXPECT_EQ(sum_of(ByteView(frame).subspan(14, 24)), 0xffff);
      EXPECT_EQ(sum_of(ByteView(frame).subspan(38, 8)), 0xffff);
      found.push_back(one);
    }
    frames.clear();
    return found;
  }
  static std::uint16_t sum_of(ByteView data) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < data.size(); ++i) {
      const auto byte = std::to_integer<std::uint32_t>(data[i]);
      sum += i % 2 == 0 ? byte << 8 : byte;
    }
    while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<std::uint16_t>(sum);
  }
  void ask_for_groups(wire::Ipv4Address group) {
    std::vector<std::byte> frame(14 + 24 + 8);
    ByteWriter writer(frame);
    wire::MacAddress({0x01, 0x00, 0x5e, 0, 0, 1}).write(writer);
    kForeignMac.write(writer);
    writer.be16(0x0800);
    writer.be16(0x4600);
    writer.be16(32);
    writer.be32(0);
    writer.be16(0x0102);
    writer.be16(0);
    kPeer.write(writer);
    wire::Ipv4Address(224, 0, 0, 1).write(writer);
    writer.be32(0x94040000);
    writer.be32(0x11640000);
    group.write(writer);
    const auto put = [&](std::size_t from, std::size_t count, std::size_t at) {
      const auto sum = static_cast<std::uint16_t>(~sum_of(ByteView(frame).subspan(from, count)));
      frame[at] = static_cast<std::byte>(sum >> 8);
      frame[at + 1] = static_cast<std::byte>(sum);
    };
    put(14, 24, 24);
    put(38, 8, 40);
    network.peer->send_raw(frame);
    network.pass(10_ms);
  }
};

TEST_F(ModeTest, ASocketForAnyPortGetsWhatNobodyElseTakes) {
  const auto rest = open_rest();
  auto named = network.stack->open_udp({.local_port = 69});
  arrives(4000, "rest");
  arrives(69, "named");
  arrives(4001, "rest, too");
  const auto first = next(*rest);
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(as_text(first->payload), "rest");
  EXPECT_EQ(first->destination_port, 4000);
  const auto second = next(*rest);
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(second->destination_port, 4001);
  EXPECT_FALSE(next(*rest).ok());
  const auto own = next(**named);
  ASSERT_TRUE(own.ok());
  EXPECT_EQ(as_text(own->payload), "named");
  EXPECT_EQ(own->destination_port, 69);
  EXPECT_TRUE(frames.empty()) << "nobody is told that the port is closed";
}

TEST_F(ModeTest, WithoutOneThePeerIsToldThatThePortIsClosed) {
  (void)open_rest();
  arrives(4000, "nobody");
  network.pass(10_ms);
  EXPECT_FALSE(frames.empty());
}

TEST_F(ModeTest, ASocketForAnyPortGetsFragmentsAndBroadcasts) {
  const auto rest = open_rest();
  const std::vector<std::byte> large(5000, std::byte{'x'});
  network.peer->send_udp_fragments({kPeer, 7}, {kOurs, 5000}, kOurMac, large, 1480);
  const auto whole = next(*rest);
  ASSERT_TRUE(whole.ok());
  EXPECT_EQ(whole->payload.size(), large.size());
  EXPECT_EQ(whole->destination_port, 5000);
  arrives(5001, "to all", wire::Ipv4Address::broadcast(), wire::MacAddress::broadcast());
  const auto to_all = next(*rest);
  ASSERT_TRUE(to_all.ok());
  EXPECT_EQ(to_all->destination, wire::IpAddress(wire::Ipv4Address::broadcast()));
}

TEST_F(ModeTest, DatagramsOfWrongChecksumAreNoOnes) {
  const auto rest = open_rest();
  std::vector<std::byte> frame;
  network.peer->on_udp = [](const FramePeer::Udp&) {};
  arrives(4000, "right");
  ASSERT_TRUE(next(*rest).ok());
  // The same by hand, with a sum that is not.
  frame.resize(14 + 28 + 4);
  ByteWriter writer(frame);
  kOurMac.write(writer);
  kForeignMac.write(writer);
  writer.be16(0x0800);
  writer.be32(0x45000020);
  writer.be32(0);
  writer.be32(0x40110000);
  kPeer.write(writer);
  kOurs.write(writer);
  writer.be32(7 << 16 | 4000);
  writer.be32(12 << 16 | 0x1234);
  writer.be32(0x61626364);
  const auto sum = static_cast<std::uint16_t>(~sum_of(ByteView(frame).subspan(14, 20)));
  frame[24] = static_cast<std::byte>(sum >> 8);
  frame[25] = static_cast<std::byte>(sum);
  network.peer->send_raw(frame);
  EXPECT_FALSE(next(*rest).ok());
}

TEST_F(ModeTest, FramesToOthersComeOnlyWhenTheyAreWanted) {
  const auto rest = open_rest();
  arrives(4000, "to another", kForeign, kForeignMac);
  EXPECT_FALSE(next(*rest).ok());
  network.net0->set_mode({.promiscuous = true});
  arrives(4000, "to another", kForeign, kForeignMac);
  const auto seen = next(*rest);
  ASSERT_TRUE(seen.ok());
  EXPECT_EQ(seen->destination, wire::IpAddress(kForeign));
  network.peer->send_echo_request(kForeign, kForeignMac, as_byte_view("not us"));
  network.pass(10_ms);
  EXPECT_TRUE(frames.empty()) << "who looks does not answer";
  network.net0->set_mode({});
  arrives(4000, "to another", kForeign, kForeignMac);
  EXPECT_FALSE(next(*rest).ok());
}

TEST_F(ModeTest, TheDeviceIsPromiscuousOnlyWhileThatIsWanted) {
  const auto taken = [&] { return network.pair.left().statistics().received_frames; };
  const auto arrives_at_device = [&] {
    const auto before = taken();
    arrives(4000, "to another", kForeign, kForeignMac);
    network.pass(10_ms);
    return taken() != before;
  };
  EXPECT_FALSE(arrives_at_device());
  network.net0->set_mode({.promiscuous = true});
  EXPECT_TRUE(arrives_at_device());
  network.net0->set_mode({.groups = {kGroup}});
  EXPECT_FALSE(arrives_at_device());
  network.net0->set_mode({.promiscuous = true});
  network.net0->close();
  ASSERT_TRUE(network.net0->open().ok());
  EXPECT_FALSE(arrives_at_device());
}

TEST_F(ModeTest, WhatIsSentToAnotherIsOnlyForThoseWhoLook) {
  const auto rest = open_rest();
  auto named = network.stack->open_udp({.local_port = 69, .broadcast = true});
  network.net0->set_mode({.promiscuous = true});
  arrives(69, "to another", kForeign, kForeignMac);
  EXPECT_FALSE(next(**named).ok());
  arrives(69, "to us", kForeign);
  EXPECT_TRUE(next(**named).ok()) << "as DHCP's answers come";
}

TEST_F(ModeTest, NobodyReadsAnyPortForEver) {
  const auto rest = open_rest();
  for (int i = 0; i < 40; ++i) {
    arrives(4000, std::to_string(i));
    network.pass(10_ms);
  }
  const auto first = next(*rest);
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(as_text(first->payload), "8") << "the oldest are gone";
  const std::string large(1400, 'x');
  for (int i = 0; i < 60; ++i) {
    arrives(4000, large);
    network.pass(10_ms);
  }
  unsigned count = 0;
  while (next(*rest).ok()) ++count;
  EXPECT_EQ(count, 32U);
}

TEST_F(ModeTest, JoinsAndLeavesGroups) {
  net::InterfaceMode mode;
  mode.groups[3] = kGroup;
  network.net0->set_mode(mode);
  network.pass(10_ms);
  EXPECT_EQ(memberships(), (std::vector<Membership>{{0x16, kGroup, kGroup}}));
  network.net0->set_mode(mode);
  network.pass(10_ms);
  EXPECT_TRUE(memberships().empty()) << "already in it";
  const auto rest = open_rest();
  arrives(4000, "to the group", kGroup, kGroupMac);
  const auto datagram = next(*rest);
  ASSERT_TRUE(datagram.ok());
  EXPECT_EQ(datagram->destination, wire::IpAddress(kGroup));
  network.net0->set_mode({});
  network.pass(10_ms);
  EXPECT_EQ(memberships(),
            (std::vector<Membership>{{0x17, kGroup, wire::Ipv4Address(224, 0, 0, 2)}}));
}

TEST_F(ModeTest, TellsRoutersWhichGroupsItIsIn) {
  constexpr wire::Ipv4Address kSecond{239, 9, 9, 9};
  ask_for_groups({});
  EXPECT_TRUE(memberships().empty());
  net::InterfaceMode mode;
  mode.groups[0] = kGroup;
  mode.groups[1] = kSecond;
  network.net0->set_mode(mode);
  network.pass(10_ms);
  EXPECT_EQ(memberships().size(), 2U);
  ask_for_groups({});
  EXPECT_EQ(memberships(),
            (std::vector<Membership>{{0x16, kGroup, kGroup}, {0x16, kSecond, kSecond}}));
  ask_for_groups(kSecond);
  EXPECT_TRUE(memberships().empty()) << "too soon";
  network.pass(500_ms);
  ask_for_groups(kSecond);
  EXPECT_EQ(memberships(), (std::vector<Membership>{{0x16, kSecond, kSecond}}));
}

TEST_F(ModeTest, AsksForNeighboursOnlyWhenItMay) {
  network.net0->set_mode({.asks_neighbours = false});
  auto socket = network.stack->open_udp({});
  const auto refused = (*socket)->send({kPeer, 7}, as_byte_view("x"));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error(), err::net_no_neighbour);
  EXPECT_FALSE(network.connect(80, 3_s).ok());
  network.pass(3_s);
  EXPECT_EQ(arp_requests(), 0U);
  EXPECT_TRUE(network.run(network.net0->find_neighbour(kPeer, network.after(1_s))).ok());
  EXPECT_EQ(arp_requests(), 1U);
  EXPECT_TRUE((*socket)->send({kPeer, 7}, as_byte_view("x")).ok());
  network.peer->send_echo_request(kOurs, kOurMac, as_byte_view("still here?"));
  network.pass(10_ms);
  EXPECT_EQ(network.peer->echo_replies.size(), 1U);
}

}  // namespace
}  // namespace kedge::sim
