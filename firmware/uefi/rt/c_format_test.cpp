// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/rt/c_format.h"

#include <gtest/gtest.h>

#include <climits>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>

namespace kedge::uefi::rt {
namespace {

// Calls ours and the host's; the same text and length are expected.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wformat-nonliteral"
void agrees(int line, std::size_t size, const char* pattern, ...) {
  char ours[256], theirs[256];
  std::memset(ours, '!', sizeof(ours));
  std::memset(theirs, '!', sizeof(theirs));
  std::va_list list, copy;
  va_start(list, pattern);
  va_copy(copy, list);
  const int our_length = c_format(ours, size, pattern, list);
  const int their_length = std::vsnprintf(theirs, size, pattern, copy);
  va_end(copy);
  va_end(list);
  EXPECT_EQ(our_length, their_length) << "line " << line << ": " << pattern;
  EXPECT_EQ(std::string(ours, size + 1), std::string(theirs, size + 1))
      << "line " << line << ": " << pattern;
}
#pragma clang diagnostic pop
#define AGREES(...) agrees(__LINE__, 100, __VA_ARGS__)

TEST(CFormat, WritesIntegersLikeTheHostLibrary) {
  AGREES("plain");
  AGREES("%d %i %u", 1, -2, 3u);
  AGREES("%d %d", INT_MIN, INT_MAX);
  AGREES("%lld %llu", LLONG_MIN, ULLONG_MAX);
  AGREES("%hhd %hd %hhu %hu", 300, 70000, 300, 70000);
  AGREES("%ld %lu %zu %jd", -5L, 5UL, std::size_t{7}, std::intmax_t{-9});
  AGREES("%x %X %#x %#X %o %#o", 0xBEEFu, 0xBEEFu, 0xBEEFu, 0xBEEFu, 8u, 8u);
  AGREES("%#x %#o %.0d|%.0x", 0u, 0u, 0, 0u);
  AGREES("[%5d] [%-5d] [%05d] [%+d] [% d] [%+5d]", 42, 42, 42, 42, 42, 42);
  AGREES("[%.3d] [%8.3d] [%-8.3d] [%08.3d]", 7, 7, 7, 7);
  AGREES("[%*d] [%-*d] [%*d] [%.*d]", 6, 1, 6, 2, -6, 3, 4, 5);
  AGREES("%02x%02x:%08x", 1u, 0xABu, 0x1234u);
}

TEST(CFormat, WritesTextCharactersAndPointersLikeTheHostLibrary) {
  AGREES("%s|%10s|%-10s|%.2s|%10.2s", "abc", "abc", "abc", "abc", "abc");
  AGREES("%c%c%5c|%-5c|", 'a', 'b', 'c', 'd');
  AGREES("100%%");
  int object = 0;
  AGREES("%p", static_cast<void*>(&object));
}

TEST(CFormat, CutsWhatDoesNotFitAndReturnsTheWholeLength) {
  for (std::size_t size = 1; size < 12; ++size) agrees(__LINE__, size, "%s %d", "hello", 1234);
  char untouched = 'x';
  agrees(__LINE__, 0, "%d", 12345);
  EXPECT_EQ(untouched, 'x');
}

int format(char* target, std::size_t size, const char* pattern, ...) {
  std::va_list list;
  va_start(list, pattern);
  const int result = c_format(target, size, pattern, list);
  va_end(list);
  return result;
}

TEST(CFormat, RefusesWhatItDoesNotKnow) {
  char text[32];
  EXPECT_EQ(format(text, sizeof(text), "a%fb", 1.0), -1);
  EXPECT_STREQ(text, "a");
  EXPECT_EQ(format(text, sizeof(text), "a%"), -1);
}

TEST(CFormat, ReplacesNullText) {
  char text[32];
  EXPECT_EQ(format(text, sizeof(text), "%s", static_cast<const char*>(nullptr)), 6);
  EXPECT_STREQ(text, "(null)");
}

TEST(CFormat, LimitsWidths) {
  char text[8];
  EXPECT_EQ(format(text, sizeof(text), "%99999999999d", 1), 1024);
}

}  // namespace
}  // namespace kedge::uefi::rt
