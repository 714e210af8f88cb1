// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "wire/dns_name.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "wire/wire_errors.h"

namespace kedge::wire {
namespace {

using namespace std::literals;

Result<DnsName> read_at(std::string_view message, std::size_t& offset) {
  return DnsName::read(as_byte_view(message), offset);
}

TEST(DnsName, HasAWireFormAndATextForm) {
  const auto name = DnsName::parse("boot.example.org");
  ASSERT_TRUE(name.ok());
  EXPECT_EQ(as_text(name->bytes()), "\4boot\7example\3org\0"s);
  EXPECT_EQ(format("{}", *name), "boot.example.org");
  EXPECT_EQ(*DnsName::parse("boot.example.org."), *name);
}

TEST(DnsName, KnowsTheRoot) {
  EXPECT_TRUE(DnsName::parse(".")->is_root());
  EXPECT_EQ(format("{}", DnsName()), ".");
  EXPECT_EQ(as_text(DnsName().bytes()), "\0"s);
}

TEST(DnsName, ComparesWithoutRegardToCase) {
  EXPECT_EQ(*DnsName::parse("BOOT.Example.org"), *DnsName::parse("boot.eXample.ORG"));
  EXPECT_NE(*DnsName::parse("boot.example.org"), *DnsName::parse("boot.example.com"));
  EXPECT_NE(*DnsName::parse("boot.example.org"), *DnsName::parse("boot.example"));
}

TEST(DnsName, RefusesTextThatIsNoName) {
  const std::string label63(63, 'a');
  for (const std::string& text : {""s, ".."s, ".a"s, "a..b"s, "a b"s, "a\n"s, label63 + "a",
                                  label63 + "." + label63 + "." + label63 + "." + label63}) {
    const auto name = DnsName::parse(text);
    ASSERT_FALSE(name.ok()) << text;
    EXPECT_EQ(name.error(), err::wire_bad_host_name);
  }
}

TEST(DnsName, TakesTheLongestAllowedName) {
  const std::string label63(63, 'a');
  // 3 * 64 + 62 + 1: exactly 255 bytes on the wire.
  const auto name =
      DnsName::parse(label63 + "." + label63 + "." + label63 + "." + std::string(61, 'b'));
  ASSERT_TRUE(name.ok());
  EXPECT_EQ(name->bytes().size(), DnsName::kWireMax);
}

TEST(DnsName, FollowsCompressionPointersBackwards) {
  // RFC 1035 4.1.4's example, shifted to offset 0: "F.ISI.ARPA", then "FOO" + pointer to offset 0.
  const std::string message = "\1F\3ISI\4ARPA\0\3FOO\xc0\x00tail"s;
  std::size_t offset = 12;
  const auto name = read_at(message, offset);
  ASSERT_TRUE(name.ok());
  EXPECT_EQ(format("{}", *name), "FOO.F.ISI.ARPA");
  EXPECT_EQ(message.substr(offset), "tail");
}

TEST(DnsName, RefusesLoopsAndForwardPointers) {
  for (const std::string& message : {"\xc0\x00"s,          // to itself
                                     "\1a\xc0\x00"s,       // to its own start
                                     "\xc0\x02\1a\0"s}) {  // forwards
    std::size_t offset = 0;
    const auto name = read_at(message, offset);
    ASSERT_FALSE(name.ok());
    EXPECT_EQ(name.error(), err::wire_bad_dns_name);
    EXPECT_EQ(offset, 0u);
  }
  // Two pointers at each other.
  std::size_t offset = 2;
  EXPECT_FALSE(read_at("\xc0\x02\xc0\x00"s, offset).ok());
}

TEST(DnsName, RefusesTruncatedAndReservedLabels) {
  for (const std::string& message : {""s, "\1"s, "\1a"s, "\3ab"s, "\xc0"s,
                                     "\x40"
                                     "abc"s,
                                     "\x80"
                                     "abc"s}) {
    std::size_t offset = 0;
    EXPECT_FALSE(read_at(message, offset).ok());
  }
}

TEST(DnsName, RefusesNamesThatGrowTooLongThroughPointers) {
  std::string message;
  std::size_t previous = 0;
  std::size_t start = 0;
  for (int i = 0; i < 6; ++i) {  // 6 * 50 > 255
    start = message.size();
    message += '\x31' + std::string(49, 'x');
    if (i == 0) {
      message += '\0';
    } else {
      message += '\xc0' + std::string(1, static_cast<char>(previous));
      if (previous > 255) break;
    }
    previous = start;
  }
  EXPECT_FALSE(read_at(message, start).ok());
}

TEST(DnsName, EscapesWhatTextCannotHold) {
  std::size_t offset = 0;
  const auto name = read_at("\4a.\x01\\\0"s, offset);
  ASSERT_TRUE(name.ok());
  EXPECT_EQ(format("{}", *name), "a\\.\\001\\\\");
}

}  // namespace
}  // namespace kedge::wire
