// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "wire/ip.h"

#include <gtest/gtest.h>

#include "wire/wire_errors.h"

namespace kedge::wire {
namespace {

std::string canonical_v6(std::string_view text) {
  const auto address = Ipv6Address::parse(text);
  return address ? format("{}", *address) : "refused";
}

TEST(Ipv4Address, IsReadAndWrittenAsFourDecimals) {
  const auto address = Ipv4Address::parse("192.168.1.10");
  ASSERT_TRUE(address.ok());
  EXPECT_EQ(address->value(), 0xc0a8010au);
  EXPECT_EQ(format("{}", *address), "192.168.1.10");
  EXPECT_EQ(*Ipv4Address::parse("0.0.0.0"), Ipv4Address::any());
  EXPECT_EQ(*Ipv4Address::parse("255.255.255.255"), Ipv4Address::broadcast());
}

TEST(Ipv4Address, RefusesEverythingElse) {
  for (const char* text :
       {"", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.04", "1.2.3.", ".1.2.3", "1..2.3",
        "1.2.3.4 ", " 1.2.3.4", "0x1.2.3.4", "1.2.3.-4", "1.2.3.1000"}) {
    const auto address = Ipv4Address::parse(text);
    ASSERT_FALSE(address.ok()) << text;
    EXPECT_EQ(address.error(), err::wire_bad_ipv4);
  }
}

TEST(Ipv4Address, KnowsItsKind) {
  EXPECT_TRUE(Ipv4Address(224, 0, 0, 1).is_multicast());
  EXPECT_FALSE(Ipv4Address(240, 0, 0, 1).is_multicast());
  EXPECT_TRUE(Ipv4Address(169, 254, 3, 4).is_link_local());
  EXPECT_TRUE(Ipv4Address(10, 0, 0, 1).is_usable_host());
  EXPECT_TRUE(Ipv4Address(223, 255, 255, 254).is_usable_host());
  for (const Ipv4Address unusable :
       {Ipv4Address(), Ipv4Address::broadcast(), Ipv4Address::loopback(), Ipv4Address(224, 0, 0, 1),
        Ipv4Address(0, 0, 0, 7)}) {
    EXPECT_FALSE(unusable.is_usable_host()) << format("{}", unusable);
  }
}

TEST(Ipv6Address, IsWrittenInTheCanonicalFormOfRfc5952) {
  const std::pair<const char*, const char*> cases[] = {
      {"2001:0db8:0000:0000:0000:0000:0002:0001", "2001:db8::2:1"},
      {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},  // 4.2.2: one group is not shortened
      {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},           // 4.2.3: the longest run
      {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},     // 4.2.3: the first of equals
      {"2001:DB8::AAAA", "2001:db8::aaaa"},              // 4.3: lower case
      {"::", "::"},
      {"0:0:0:0:0:0:0:1", "::1"},
      {"1::", "1::"},
      {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
      {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
      {"::ffff:192.0.2.1", "::ffff:192.0.2.1"},  // 5: mixed notation for mapped
      {"::ffff:c000:201", "::ffff:192.0.2.1"},
      {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
      {"1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(canonical_v6(text), expected) << text;
}

TEST(Ipv6Address, RefusesMalformedText) {
  for (const char* text : {"",
                           ":",
                           ":::",
                           "1",
                           "1:2:3:4:5:6:7",
                           "1:2:3:4:5:6:7:8:9",
                           "1:2:3:4:5:6:7:8::",
                           "1::2::3",
                           "12345::",
                           "g::",
                           "1:2:3:4:5:6:7:",
                           ":1:2:3:4:5:6:7",
                           "::1.2.3",
                           "1.2.3.4::",
                           "1:2:3:4:5:6:7:1.2.3.4",
                           "::1 ",
                           "[::1]",
                           "fe80::1%net0",
                           "::1:",
                           "1:2:3:4::5:6:7:8"}) {
    EXPECT_EQ(canonical_v6(text), "refused") << text;
  }
}

TEST(Ipv6Address, KnowsItsKind) {
  EXPECT_TRUE(Ipv6Address::parse("fe80::1")->is_link_local());
  EXPECT_TRUE(Ipv6Address::parse("febf::1")->is_link_local());
  EXPECT_FALSE(Ipv6Address::parse("fec0::1")->is_link_local());
  EXPECT_TRUE(Ipv6Address::parse("ff02::1")->is_multicast());
  EXPECT_TRUE(Ipv6Address::parse("::1")->is_loopback());
  EXPECT_FALSE(Ipv6Address::parse("::1")->is_ipv4_mapped());
}

TEST(IpAddress, TakesEitherFamily) {
  const auto v4 = IpAddress::parse("10.0.0.1");
  ASSERT_TRUE(v4.ok());
  EXPECT_TRUE(v4->is_v4());
  EXPECT_EQ(v4->v4(), Ipv4Address(10, 0, 0, 1));
  const auto v6 = IpAddress::parse("2001:db8::1");
  ASSERT_TRUE(v6.ok());
  EXPECT_TRUE(v6->is_v6());
  EXPECT_EQ(format("{}", *v6), "2001:db8::1");
  EXPECT_NE(IpAddress(Ipv4Address::any()), IpAddress(Ipv6Address::any()));
  EXPECT_EQ(IpAddress::parse("10.0.0").error(), err::wire_bad_ipv4);
  EXPECT_EQ(IpAddress::parse("10::0::").error(), err::wire_bad_ipv6);
}

TEST(Endpoint, BracketsIpv6) {
  EXPECT_EQ(format("{}", Endpoint{Ipv4Address(10, 0, 0, 1), 69}), "10.0.0.1:69");
  EXPECT_EQ(format("{}", Endpoint{Ipv6Address::loopback(), 80}), "[::1]:80");
}

TEST(Ipv4Subnet, ConvertsBetweenNetmaskAndPrefix) {
  const auto subnet =
      Ipv4Subnet::from_netmask(Ipv4Address(192, 168, 1, 10), Ipv4Address(255, 255, 255, 0));
  ASSERT_TRUE(subnet.ok());
  EXPECT_EQ(subnet->prefix_length, 24);
  EXPECT_EQ(subnet->netmask(), Ipv4Address(255, 255, 255, 0));
  EXPECT_EQ(subnet->network(), Ipv4Address(192, 168, 1, 0));
  EXPECT_EQ(subnet->directed_broadcast(), Ipv4Address(192, 168, 1, 255));
  EXPECT_TRUE(subnet->contains(Ipv4Address(192, 168, 1, 255)));
  EXPECT_FALSE(subnet->contains(Ipv4Address(192, 168, 2, 0)));
  EXPECT_EQ((Ipv4Subnet{{}, 0}).netmask(), Ipv4Address::any());
  EXPECT_EQ((Ipv4Subnet{{}, 32}).netmask(), Ipv4Address::broadcast());
}

TEST(Ipv4Subnet, RefusesNetmasksWithHoles) {
  const auto subnet = Ipv4Subnet::from_netmask(Ipv4Address(), Ipv4Address(255, 0, 255, 0));
  ASSERT_FALSE(subnet.ok());
  EXPECT_EQ(subnet.error(), err::wire_bad_netmask);
}

TEST(Ipv4Subnet, HasATextForm) {
  const auto subnet = Ipv4Subnet::parse("10.1.2.3/8");
  ASSERT_TRUE(subnet.ok());
  EXPECT_EQ(format("{}", *subnet), "10.1.2.3/8");
  for (const char* text :
       {"10.1.2.3", "10.1.2.3/", "10.1.2.3/33", "10.1.2.3/08", "10.1.2/8", "/8"}) {
    EXPECT_FALSE(Ipv4Subnet::parse(text).ok()) << text;
  }
}

TEST(Ipv4Subnet, GuessesByClass) {
  EXPECT_EQ(Ipv4Subnet::classful(Ipv4Address(10, 1, 2, 3)).prefix_length, 8);
  EXPECT_EQ(Ipv4Subnet::classful(Ipv4Address(172, 16, 0, 1)).prefix_length, 16);
  EXPECT_EQ(Ipv4Subnet::classful(Ipv4Address(192, 168, 0, 1)).prefix_length, 24);
}

}  // namespace
}  // namespace kedge::wire
