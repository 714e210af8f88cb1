// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/text.h"

#include <gtest/gtest.h>

namespace kedge::uefi {
namespace {

TEST(Text, RoundTripsCharactersOfEveryLength) {
  const std::string text = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\xa7";  // a, e acute, euro, penguin
  const std::u16string units = to_utf16(text);
  EXPECT_EQ(units, u"a\u00e9\u20ac\xd83d\xdc27");
  EXPECT_EQ(to_utf8(units), text);
}

TEST(Text, MalformedUtf8BecomesTheReplacementCharacterAndAdvances) {
  // A lone continuation, an overlong slash, a surrogate, a cut-off sequence.
  EXPECT_EQ(to_utf16("\x80x"), u"\ufffdx");
  EXPECT_EQ(to_utf16("\xc0\xaf"), u"\ufffd\ufffd");
  EXPECT_EQ(to_utf16("\xed\xa0\x80").front(), u'\ufffd');
  EXPECT_EQ(to_utf16("x\xe2\x82"), u"x\ufffd\ufffd");
}

TEST(Text, LoneSurrogatesBecomeTheReplacementCharacter) {
  EXPECT_EQ(to_utf8(u"\xd83dx"), "\xef\xbf\xbdx");
  EXPECT_EQ(to_utf8(u"\xdc27"), "\xef\xbf\xbd");
}

TEST(Text, FirmwareStringsAreLimited) {
  const CHAR16 text[] = {'a', 'b', 'c', 0};
  EXPECT_EQ(to_utf8(text, 100), "abc");
  EXPECT_EQ(to_utf8(text, 2), "ab");
  EXPECT_EQ(to_utf8(nullptr, 2), "");
}

}  // namespace
}  // namespace kedge::uefi
