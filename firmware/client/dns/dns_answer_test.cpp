// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "client/dns/dns_answer.h"

#include <gtest/gtest.h>

#include "client/dns/dns_errors.h"
#include "client/dns/dns_test_server.h"
#include "wire/wire_errors.h"

namespace kedge::client {
namespace {

using wire::DnsType;

Result<DnsAnswer> read(std::vector<DnsTestRecord> records, DnsType type = DnsType::a) {
  const auto message =
      dns_message(1, {dns_name("boot.example.org"), type}, {.records = std::move(records)});
  return read_dns_answer(*wire::DnsAnswerView::parse(message));
}

TEST(DnsAnswer, ListsTheAddressesOfTheName) {
  const auto answer = read({{"boot.example.org", DnsType::a, "192.0.2.1", 60},
                            {"BOOT.example.org", DnsType::a, "192.0.2.2", 30}});
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->addresses, (std::vector<wire::IpAddress>{wire::Ipv4Address(192, 0, 2, 1),
                                                             wire::Ipv4Address(192, 0, 2, 2)}));
  EXPECT_EQ(answer->ttl_s, 30u);
  EXPECT_FALSE(answer->alias.has_value());
}

TEST(DnsAnswer, FollowsAliasesInAnyOrder) {
  const auto answer = read({{"c.example.org", DnsType::a, "192.0.2.3", 60},
                            {"b.example.org", DnsType::cname, "c.example.org", 10},
                            {"boot.example.org", DnsType::cname, "b.example.org", 20}});
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->addresses.size(), 1u);
  EXPECT_EQ(answer->ttl_s, 10u) << "the least of the chain";
}

TEST(DnsAnswer, ReportsWhereAChainIsLeftOpen) {
  const auto answer = read({{"boot.example.org", DnsType::cname, "elsewhere.example.net", 20}});
  ASSERT_TRUE(answer.ok());
  EXPECT_TRUE(answer->addresses.empty());
  EXPECT_EQ(answer->alias, dns_name("elsewhere.example.net"));
}

TEST(DnsAnswer, DoesNotBelieveRecordsOfOtherNames) {
  const auto answer = read({{"evil.example.org", DnsType::a, "192.0.2.66", 60}});
  ASSERT_TRUE(answer.ok());
  EXPECT_TRUE(answer->addresses.empty());
  EXPECT_FALSE(answer->alias.has_value());
}

TEST(DnsAnswer, KeepsToTheFamilyThatWasAskedFor) {
  const std::vector<DnsTestRecord> both{{"boot.example.org", DnsType::a, "192.0.2.1"},
                                        {"boot.example.org", DnsType::aaaa, "2001:db8::1"}};
  EXPECT_EQ(read(both, DnsType::a)->addresses,
            std::vector<wire::IpAddress>{wire::Ipv4Address(192, 0, 2, 1)});
  EXPECT_EQ(read(both, DnsType::aaaa)->addresses,
            std::vector<wire::IpAddress>{*wire::Ipv6Address::parse("2001:db8::1")});
}

TEST(DnsAnswer, RefusesAliasLoopsAndLongChains) {
  EXPECT_EQ(read({{"boot.example.org", DnsType::cname, "b.example.org"},
                  {"b.example.org", DnsType::cname, "boot.example.org"}})
                .error(),
            err::dns_too_many_aliases);
  std::vector<DnsTestRecord> chain{{"boot.example.org", DnsType::cname, "n0"}};
  for (int i = 0; i < 7; ++i) {
    chain.push_back({format("n{}", i), DnsType::cname, format("n{}", i + 1)});
  }
  EXPECT_TRUE(read(chain).ok()) << "eight aliases";
  chain.push_back({"n7", DnsType::cname, "n8"});
  EXPECT_EQ(read(chain).error(), err::dns_too_many_aliases);
}

TEST(DnsAnswer, LimitsTheNumberOfAddresses) {
  std::vector<DnsTestRecord> many;
  for (int i = 0; i < 40; ++i) {
    many.push_back({"boot.example.org", DnsType::a, format("192.0.2.{}", i)});
  }
  EXPECT_EQ(read(many)->addresses.size(), kDnsAddressesMax);
}

TEST(DnsAnswer, RefusesTruncatedRecords) {
  auto message =
      dns_message(1, {dns_name("a"), DnsType::a}, {.records = {{"a", DnsType::a, "192.0.2.1"}}});
  message.pop_back();
  EXPECT_EQ(read_dns_answer(*wire::DnsAnswerView::parse(message)).error(), err::wire_bad_dns);
}

}  // namespace
}  // namespace kedge::client
