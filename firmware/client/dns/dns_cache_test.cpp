// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "client/dns/dns_cache.h"

#include <gtest/gtest.h>

namespace kedge::client {
namespace {

using namespace kedge::literals;

const std::vector<wire::IpAddress> kAddresses{wire::Ipv4Address(192, 0, 2, 1)};

wire::DnsName name(std::string_view text) {
  return *wire::DnsName::parse(text);
}

TEST(DnsCache, KeepsForTheTimeToLive) {
  DnsCache cache;
  const Instant now;
  cache.add(name("a"), kAddresses, 60, now);
  EXPECT_EQ(cache.find(name("A"), now + 59_s), kAddresses);
  EXPECT_TRUE(cache.find(name("a"), now + 60_s).empty());
  EXPECT_TRUE(cache.find(name("b"), now).empty());
}

TEST(DnsCache, LimitsTheTimeToLive) {
  DnsCache cache;
  const Instant now;
  cache.add(name("a"), kAddresses, 1'000'000, now);
  EXPECT_FALSE(cache.find(name("a"), now + 3599_s).empty());
  EXPECT_TRUE(cache.find(name("a"), now + 3600_s).empty());
}

TEST(DnsCache, DoesNotKeepWhatMustNotBeKept) {
  DnsCache cache;
  cache.add(name("a"), kAddresses, 0, Instant());
  cache.add(name("b"), {}, 60, Instant());
  EXPECT_EQ(cache.size(), 0u);
}

TEST(DnsCache, ReplacesAndMakesRoom) {
  DnsCache cache;
  const Instant now;
  cache.add(name("first"), kAddresses, 10, now);
  for (std::uint32_t i = 0; i < DnsCache::kEntriesMax; ++i) {
    cache.add(name(format("n{}", i)), kAddresses, 100 + i, now);
  }
  EXPECT_EQ(cache.size(), DnsCache::kEntriesMax);
  EXPECT_TRUE(cache.find(name("first"), now).empty()) << "it would have ended first";
  cache.add(name("n5"), {wire::Ipv4Address(192, 0, 2, 9)}, 100, now);
  EXPECT_EQ(cache.size(), DnsCache::kEntriesMax);
  EXPECT_EQ(cache.find(name("n5"), now)[0], wire::IpAddress(wire::Ipv4Address(192, 0, 2, 9)));
  cache.clear();
  EXPECT_EQ(cache.size(), 0u);
}

}  // namespace
}  // namespace kedge::client
