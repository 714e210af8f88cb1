// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "script/setting_type.h"

#include <gtest/gtest.h>

#include "script/setting_codec.h"
#include "script/settings_errors.h"

namespace kedge::script {
namespace {

using namespace std::string_literals;
using enum SettingType;

struct Pair {
  SettingType type;
  std::string text;
  std::string raw;
};

const Pair kBothWays[] = {
    {string, "a b", "a b"},
    {uristring, "PowerEdge%20R210", "PowerEdge R210"},
    {uristring, "a%0ab", "a\nb"},
    {ipv4, "10.0.0.1", "\x0a\0\0\x01"s},
    {ipv4, "10.0.0.1 192.168.255.254", "\x0a\0\0\x01\xc0\xa8\xff\xfe"s},
    {ipv6, "2001:db8::1", "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"s},
    {int8, "-1", "\xff"s},
    {int8, "127", "\x7f"s},
    {int8, "-128", "\x80"s},
    {int16, "258", "\x01\x02"s},
    {int32, "-2147483648", "\x80\0\0\0"s},
    {uint8, "0xff", "\xff"s},
    {uint16, "0x102", "\x01\x02"s},
    {uint32, "0xa000064", "\x0a\0\0\x64"s},
    {hex, "52:54:00", "RT\0"s},
    {hex, "0a", "\x0a"s},
    {hexhyp, "52-54-00", "RT\0"s},
    {hexraw, "525400", "RT\0"s},
    {base64, "AP8=", "\0\xff"s},
    {base64, "Zm9v", "foo"},
    {base64, "Zg==", "f"},
    {uuid, "00112233-4455-6677-8899-aabbccddeeff",
     "\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff"s},
    {guid, "33221100-5544-7766-8899-aabbccddeeff",
     "\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff"s},
    {busdevfn, "0001:02:1f.3", "\x00\x01\x02\xfb"s},
    {dnssl, "example.com lan",
     "\x07"
     "example\x03"
     "com\0\x03"
     "lan\0"s},
};

TEST(setting_type, text_and_bytes_match_both_ways) {
  for (const Pair& pair : kBothWays) {
    const Result<RawValue> raw = parse_setting(pair.type, pair.text);
    ASSERT_TRUE(raw.ok()) << pair.text;
    EXPECT_EQ(*raw, pair.raw) << pair.text;
    const Result<std::string> text = format_setting(pair.type, pair.raw);
    ASSERT_TRUE(text.ok()) << pair.text;
    EXPECT_EQ(*text, pair.text);
  }
}

TEST(setting_type, refuses_text_that_does_not_fit) {
  const Pair wrong[] = {
      {ipv4, "10.0.0", ""},
      {ipv4, "10.0.0.256", ""},
      {ipv6, "10.0.0.1", ""},
      {int8, "128", ""},
      {int8, "-129", ""},
      {uint8, "-1", ""},
      {uint8, "256", ""},
      {int32, "4294967296", ""},
      {int32, "", ""},
      {int32, "1 ", ""},
      {int32, "--1", ""},
      {int32, "0x", ""},
      {hex, "5", ""},
      {hex, "52:5", ""},
      {hex, "52:", ""},
      {hex, "52:54-00", ""},
      {hex, "5254:00", ""},
      {hexraw, "xx", ""},
      {base64, "A", ""},
      {base64, "AB", ""},
      {base64, "A*==", ""},
      {uuid, "0011223-34455-6677-8899-aabbccddeeff", ""},
      {uuid, "00", ""},
      {busdevfn, "0:0:20.0", ""},
      {busdevfn, "0:0:0.8", ""},
      {busdevfn, "0:0:0", ""},
      {uristring, "%4", ""},
      {dnssl, "a..b", ""},
  };
  for (const Pair& pair : wrong) {
    const Result<RawValue> raw = parse_setting(pair.type, pair.text);
    ASSERT_FALSE(raw.ok()) << pair.text;
    EXPECT_EQ(raw.error(), err::settings_bad_value) << pair.text;
  }
}

TEST(setting_type, integers_accept_hexadecimal) {
  EXPECT_EQ(*parse_setting(uint16, "0x0102"), "\x01\x02");
  EXPECT_EQ(*parse_setting(int16, "-0x2"), "\xff\xfe");
}

TEST(setting_type, integers_read_values_of_other_lengths) {
  EXPECT_EQ(*format_setting(int32, "\xff"s), "-1");
  EXPECT_EQ(*format_setting(uint32, "\xff"s), "0xff");
  EXPECT_EQ(*format_setting(int8, "\0\0\0\0\0\0\0\0\0\x05"s), "5");
  EXPECT_FALSE(format_setting(uint8, "\xff\xff\xff\xff\xff\xff\xff\xff"s).ok());
  EXPECT_FALSE(format_setting(int8, "\x01\0\0\0\0\0\0\0\0"s).ok());
}

TEST(setting_type, strings_end_at_a_nul_that_a_server_sent) {
  EXPECT_EQ(*format_setting(string, "boot\0"s), "boot");
}

TEST(setting_type, names_are_found_and_given_back) {
  for (int i = 0; i <= static_cast<int>(dnssl); ++i) {
    const auto type = static_cast<SettingType>(i);
    EXPECT_EQ(find_setting_type(setting_type_name(type)), type);
  }
  EXPECT_FALSE(find_setting_type("String").has_value());
}

TEST(setting_codec, follows_compressed_names_of_rfc_3397) {
  // RFC 3397 2: eng.apple.com and marketing with a pointer to "apple.com" at 4.
  const std::string raw =
      "\x03"
      "eng\x05"
      "apple\x03"
      "com\0\x09"
      "marketing\xc0\x04"s;
  EXPECT_EQ(*decode_name_list(raw), "eng.apple.com marketing.apple.com");
}

TEST(setting_codec, refuses_names_that_point_forward_or_to_themselves) {
  EXPECT_FALSE(decode_name_list("\xc0\x00"s).ok());
  EXPECT_FALSE(decode_name_list("\x01"
                                "a\xc0\x02\x00"s)
                   .ok());
  EXPECT_FALSE(decode_name_list("\x01"
                                "a\xc0\x00"s)
                   .ok());
  EXPECT_FALSE(decode_name_list("\x05"
                                "ab"s)
                   .ok());
  EXPECT_FALSE(decode_name_list("\xc0"s).ok());
}

}  // namespace
}  // namespace kedge::script
