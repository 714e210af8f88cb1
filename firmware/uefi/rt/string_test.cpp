// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/rt/string.h"

#include <gtest/gtest.h>

#include <climits>
#include <cstdlib>
#include <cstring>

namespace kedge::uefi::rt {
namespace {

int sign(int value) {
  return (value > 0) - (value < 0);
}

constexpr const char* kTexts[] = {"", "a", "ab", "abc", "abd", "aab", "b", "\xFF", "aaab", "a b"};

TEST(String, AgreesWithTheHostLibraryOnEveryPair) {
  for (const char* a : kTexts) {
    EXPECT_EQ(string_length(a), std::strlen(a));
    EXPECT_EQ(string_length(a, 2), strnlen(a, 2));
    for (const char* b : kTexts) {
      EXPECT_EQ(string_compare(a, b, SIZE_MAX), sign(std::strcmp(a, b))) << a << " " << b;
      for (std::size_t n = 0; n < 5; ++n) {
        EXPECT_EQ(string_compare(a, b, n), sign(std::strncmp(a, b, n))) << a << " " << b << n;
      }
      EXPECT_EQ(find_text(a, b), std::strstr(a, b)) << a << " " << b;
    }
    for (const int c : {0, int{'a'}, int{'b'}, 0xFF, int{'x'}}) {
      EXPECT_EQ(find_first(a, c), std::strchr(a, c)) << a << " " << c;
      EXPECT_EQ(find_last(a, c), std::strrchr(a, c)) << a << " " << c;
      EXPECT_EQ(find_byte(a, c, std::strlen(a)), std::memchr(a, c, std::strlen(a)));
    }
  }
}

TEST(String, PadsShortCopiesAndCutsLongOnes) {
  char target[6];
  std::memset(target, 'x', sizeof(target));
  copy_padded(target, "ab", 5);
  EXPECT_EQ(std::memcmp(target, "ab\0\0\0x", 6), 0);
  copy_padded(target, "abcdefgh", 3);
  EXPECT_EQ(std::memcmp(target, "abc\0\0x", 6), 0);
}

TEST(String, ReadsNumbersAndSaturates) {
  EXPECT_EQ(to_integer("0"), 0);
  EXPECT_EQ(to_integer(" \t42x"), 42);
  EXPECT_EQ(to_integer("-17"), -17);
  EXPECT_EQ(to_integer("+5"), 5);
  EXPECT_EQ(to_integer("x"), 0);
  EXPECT_EQ(to_integer("2147483647"), INT_MAX);
  EXPECT_EQ(to_integer("-2147483648"), INT_MIN);
  EXPECT_EQ(to_integer("99999999999999999999"), INT_MAX);
  EXPECT_EQ(to_integer("-99999999999999999999"), INT_MIN);
}

}  // namespace
}  // namespace kedge::uefi::rt
