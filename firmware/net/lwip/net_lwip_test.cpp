// SPDX-License-Identifier: BSD-2-Clause-Patent
// The parts of this folder that need no stack. The stack itself is tested in tests/sim.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "net/lwip/checksum.h"
#include "net/lwip/icmp_unreachable.h"
#include "net/lwip/routes.h"
#include "net/lwip/siphash.h"

namespace kedge::net {
namespace {

using wire::Ipv4Address;

// The test vectors of the SipHash paper, appendix A, and of its reference code.
TEST(SipHash, MatchesItsTestVectors) {
  const SipHashKey key{0x0706050403020100, 0x0f0e0d0c0b0a0908};
  std::byte input[15];
  for (std::uint8_t i = 0; i < 15; ++i) input[i] = std::byte{i};
  EXPECT_EQ(siphash24(key, input), 0xa129ca6149be45e5u);
  EXPECT_EQ(siphash24(key, {}), 0x726fdb47dd0e0e31u);
  EXPECT_EQ(siphash24(key, ByteView(input, 8)), 0x93f5f5799a932462u);
}

std::uint16_t plain_sum(ByteView data) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < data.size(); ++i) {
    const auto byte = std::to_integer<std::uint32_t>(data[i]);
    sum += i % 2 == 0 ? byte : byte << 8;  // as a little-endian machine loads words
  }
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(sum);
}

TEST(Checksum, AgreesWithThePlainOneForEveryLengthAndAlignment) {
  std::mt19937 random(1);
  std::vector<std::byte> data(300);
  for (std::byte& byte : data) byte = static_cast<std::byte>(random());
  for (std::size_t start = 0; start < 9; ++start) {
    for (std::size_t length = 0; start + length <= data.size(); ++length) {
      const ByteView view = ByteView(data).subspan(start, length);
      ASSERT_EQ(internet_sum(view), plain_sum(view)) << start << "+" << length;
    }
  }
}

TEST(Checksum, CountsEveryCarry) {
  const std::vector<std::byte> ones(65535, std::byte{0xff});
  for (std::size_t length = 65000; length <= ones.size(); ++length) {
    const ByteView view = ByteView(ones).first(length);
    ASSERT_EQ(internet_sum(view), plain_sum(view)) << length;
  }
}

Ipv4Configuration office() {
  return {.address = {192, 168, 1, 10}, .prefix_bits = 24, .gateway = {192, 168, 1, 1}};
}

TEST(Routes, PreferTheLink) {
  const auto hop = find_hop(office(), {192, 168, 1, 77});
  ASSERT_TRUE(hop);
  EXPECT_EQ(hop->next, Ipv4Address(192, 168, 1, 77));
}

TEST(Routes, UseTheGatewayForTheRest) {
  const auto hop = find_hop(office(), {8, 8, 8, 8});
  ASSERT_TRUE(hop);
  EXPECT_EQ(hop->next, Ipv4Address(192, 168, 1, 1));
}

TEST(Routes, KnowNothingWithoutGatewayOrAddress) {
  Ipv4Configuration configuration = office();
  configuration.gateway = {};
  EXPECT_FALSE(find_hop(configuration, {8, 8, 8, 8}));
  EXPECT_FALSE(find_hop(Ipv4Configuration{}, {8, 8, 8, 8}));
}

TEST(Routes, TakeTheMostSpecificAndIgnoreTheGatewayWhenClasslessRoutesAreGiven) {
  Ipv4Configuration configuration = office();
  configuration.routes = {{{10, 0, 0, 0}, 8, {192, 168, 1, 2}},
                          {{10, 1, 0, 0}, 16, {192, 168, 1, 3}},
                          {{172, 16, 0, 0}, 12, {}}};
  EXPECT_EQ(find_hop(configuration, {10, 2, 0, 1})->next, Ipv4Address(192, 168, 1, 2));
  EXPECT_EQ(find_hop(configuration, {10, 1, 0, 1})->next, Ipv4Address(192, 168, 1, 3));
  EXPECT_EQ(find_hop(configuration, {172, 16, 5, 5})->next, Ipv4Address(172, 16, 5, 5));
  EXPECT_FALSE(find_hop(configuration, {8, 8, 8, 8}));  // RFC 3442
}

TEST(Routes, ChooseAmongInterfaces) {
  const Ipv4Configuration a = office();
  const Ipv4Configuration b{.address = {10, 0, 0, 5}, .prefix_bits = 8, .gateway = {10, 0, 0, 1}};
  const Ipv4Configuration* all[] = {&a, nullptr, &b};
  EXPECT_EQ(find_hop(all, {}, {10, 9, 9, 9})->interface, 2u);
  EXPECT_EQ(find_hop(all, {}, {192, 168, 1, 9})->interface, 0u);
  EXPECT_EQ(find_hop(all, {}, {8, 8, 8, 8})->interface, 0u);  // equal: the first
  EXPECT_EQ(find_hop(all, b.address, {8, 8, 8, 8})->interface, 2u);
  EXPECT_FALSE(find_hop(all, {1, 2, 3, 4}, {8, 8, 8, 8}));
}

// IPv4, ICMP type 3 code 3, about a UDP datagram 10.0.0.2:1024 -> 10.0.0.1:69.
std::vector<std::byte> unreachable_packet() {
  std::vector<std::byte> packet(20 + 8 + 28);
  ByteWriter w(packet);
  w.be32(0x45000038);
  w.be32(0);
  w.be32(0x40010000);
  w.be32(0x0a000001);
  w.be32(0x0a000002);
  w.be32(0x03030000);  // checksum below
  w.be32(0);
  w.be32(0x4500001d);
  w.be32(0);
  w.be32(0x40110000);
  w.be32(0x0a000002);
  w.be32(0x0a000001);
  w.be32(0x04000045);
  w.be32(0x00090000);
  const std::uint16_t sum = static_cast<std::uint16_t>(~internet_sum(ByteView(packet).subspan(20)));
  std::memcpy(packet.data() + 22, &sum, 2);
  return packet;
}

TEST(IcmpUnreachableParser, FindsWhichPacketDidNotArrive) {
  const auto report = IcmpUnreachable::parse(unreachable_packet());
  ASSERT_TRUE(report);
  EXPECT_EQ(report->code, IcmpUnreachable::kCodePort);
  EXPECT_EQ(report->protocol, IcmpUnreachable::kUdp);
  EXPECT_EQ(report->local, Ipv4Address(10, 0, 0, 2));
  EXPECT_EQ(report->local_port, 1024);
  EXPECT_EQ(report->remote, (wire::Endpoint{Ipv4Address(10, 0, 0, 1), 69}));
}

TEST(IcmpUnreachableParser, RejectsEveryDamageToTheMessage) {
  const auto good = unreachable_packet();
  for (std::size_t i = 20; i < good.size(); ++i) {
    auto bad = good;
    bad[i] ^= std::byte{0x10};
    EXPECT_FALSE(IcmpUnreachable::parse(bad)) << "byte " << i;
  }
  for (std::size_t length = 0; length < good.size(); ++length) {
    EXPECT_FALSE(IcmpUnreachable::parse(ByteView(good).first(length))) << length << " bytes";
  }
}

TEST(IcmpUnreachableParser, RejectsAReportThatIsNotAddressedToTheSender) {
  auto packet = unreachable_packet();
  packet[19] = std::byte{9};
  EXPECT_FALSE(IcmpUnreachable::parse(packet));
}

}  // namespace
}  // namespace kedge::net
