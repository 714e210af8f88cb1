// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "wire/dns.h"

#include <gtest/gtest.h>

#include <string>

#include "wire/wire_errors.h"

namespace kedge::wire {
namespace {

using namespace std::literals;

const std::string kQuestion = "\4boot\7example\3org\0\x00\x01\x00\x01"s;  // A, IN

std::string answer(std::string_view records, std::uint8_t count,
                   std::string_view flags = "\x81\x80"s) {
  return "\x12\x34"s + std::string(flags) + "\x00\x01\x00"s + static_cast<char>(count) +
         "\x00\x00\x00\x00"s + kQuestion + std::string(records);
}

TEST(DnsMessage, QueryAsksForRecursionWithOneQuestion) {
  std::byte buffer[kDnsQueryMax];
  const auto query =
      write_dns_query(buffer, 0x1234, {*DnsName::parse("boot.example.org"), DnsType::a});
  ASSERT_TRUE(query.ok());
  EXPECT_EQ(as_text(*query),
            "\x12\x34"  // id
            "\x01\x00"  // recursion desired
            "\x00\x01\x00\x00\x00\x00\x00\x00"s +
                kQuestion);
}

TEST(DnsMessage, QueryForTheLongestNameFits) {
  std::byte buffer[kDnsQueryMax];
  const std::string label63(63, 'a');
  const auto name =
      DnsName::parse(label63 + "." + label63 + "." + label63 + "." + std::string(61, 'b'));
  EXPECT_TRUE(write_dns_query(buffer, 1, {*name, DnsType::aaaa}).ok());
}

TEST(DnsMessage, AnswerYieldsItsRecords) {
  const std::string records =
      "\xc0\x0c\x00\x05\x00\x01\x00\x00\x00\x3c\x00\x06\3web\xc0\x11"s  // CNAME web.example.org, 60
                                                                        // s
      "\3web\xc0\x11\x00\x01\x00\x01\x00\x00\x01\x00\x00\x04\xc0\x00\x02\x07"s;  // A 192.0.2.7, 256
                                                                                 // s
  const std::string message = answer(records, 2);
  auto view = DnsAnswerView::parse(as_byte_view(message));
  ASSERT_TRUE(view.ok());
  EXPECT_EQ(view->header().id, 0x1234);
  EXPECT_TRUE(view->header().response);
  EXPECT_TRUE(view->header().recursion_available);
  EXPECT_FALSE(view->header().truncated);
  EXPECT_EQ(view->question(), (DnsQuestion{*DnsName::parse("boot.example.org"), DnsType::a}));
  const auto cname = view->next();
  ASSERT_TRUE(cname.has_value());
  EXPECT_EQ(cname->type, DnsType::cname);
  EXPECT_EQ(cname->ttl_s, 60u);
  EXPECT_EQ(*view->target(*cname), *DnsName::parse("web.example.org"));
  EXPECT_FALSE(cname->address().has_value());
  const auto a = view->next();
  ASSERT_TRUE(a.has_value());
  EXPECT_EQ(a->name, *DnsName::parse("web.example.org"));
  EXPECT_EQ(a->address(), IpAddress(Ipv4Address(192, 0, 2, 7)));
  EXPECT_FALSE(view->target(*a).ok());
  EXPECT_FALSE(view->next().has_value());
  EXPECT_TRUE(view->ok());
}

TEST(DnsMessage, AnswerHoldsIpv6Addresses) {
  const std::string message = answer(
      "\xc0\x0c\x00\x1c\x00\x01\x00\x00\x00\x01\x00\x10\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07"s,
      1);
  auto view = DnsAnswerView::parse(as_byte_view(message));
  ASSERT_TRUE(view.ok());
  EXPECT_EQ(view->next()->address(), IpAddress(*Ipv6Address::parse("2001:db8::7")));
}

TEST(DnsMessage, AddressesOfWrongLengthAreNone) {
  const std::string message =
      answer("\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x01\x00\x03\xc0\x00\x02"s, 1);
  auto view = DnsAnswerView::parse(as_byte_view(message));
  ASSERT_TRUE(view.ok());
  EXPECT_FALSE(view->next()->address().has_value());
}

TEST(DnsMessage, RecordsOfOtherClassesAreNotAddresses) {
  const std::string message =  // class CH
      answer("\xc0\x0c\x00\x01\x00\x03\x00\x00\x00\x01\x00\x04\xc0\x00\x02\x07"s, 1);
  auto view = DnsAnswerView::parse(as_byte_view(message));
  EXPECT_FALSE(view->next()->address().has_value());
}

TEST(DnsMessage, OverlongTimesToLiveCountAsZero) {
  const std::string message =
      answer("\xc0\x0c\x00\x01\x00\x01\xff\xff\xff\xff\x00\x04\xc0\x00\x02\x07"s, 1);
  auto view = DnsAnswerView::parse(as_byte_view(message));
  EXPECT_EQ(view->next()->ttl_s, 0u);
}

TEST(DnsMessage, MalformedRecordsEndTheAnswer) {
  const std::string message =  // data longer than the message
      answer("\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x01\x00\x40\xc0\x00\x02\x07"s, 1);
  auto view = DnsAnswerView::parse(as_byte_view(message));
  ASSERT_TRUE(view.ok());
  EXPECT_FALSE(view->next().has_value());
  EXPECT_FALSE(view->ok());
}

TEST(DnsMessage, RefusesTruncatedHeadersAndSeveralQuestions) {
  const std::string message = answer("", 0);
  for (std::size_t size = 0; size < message.size(); ++size) {
    EXPECT_FALSE(
        DnsAnswerView::parse(as_byte_view(std::string_view(message).substr(0, size))).ok());
  }
  std::string two = message;
  two[5] = 2;
  EXPECT_EQ(DnsAnswerView::parse(as_byte_view(two)).error(), err::wire_bad_dns);
}

}  // namespace
}  // namespace kedge::wire
