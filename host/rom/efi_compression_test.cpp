// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "rom/efi_compression.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <random>
#include <utility>

using namespace kedge;
using namespace kedge::host;
using testing::HasSubstr;

namespace {

std::string round_trip(const std::string& plain) {
  const auto packed = efi_compress(as_byte_view(plain));
  if (!packed) return packed.error().what;
  const auto unpacked = efi_decompress(as_byte_view(*packed));
  return unpacked ? *unpacked : unpacked.error().what;
}

std::string failure_of(std::string_view packed) {
  const auto plain = efi_decompress(as_byte_view(packed));
  return plain ? "success" : plain.error().what;
}

TEST(EfiCompression, GivesBackWhatWasPacked) {
  std::mt19937 random(1);
  std::string noise(100000, '\0');
  for (char& c : noise) c = static_cast<char>(random());
  std::string skewed;  // frequencies like Fibonacci's make codes that are too long at first
  for (std::size_t symbol = 0, a = 1, b = 1; symbol < 24; ++symbol) {
    for (std::size_t i = 0; i < a; ++i) skewed.push_back(static_cast<char>(symbol * 7));
    b = std::exchange(a, b) + b;
  }
  std::ranges::shuffle(skewed, random);
  std::string far = noise.substr(0, 8192) + noise.substr(0, 8192);  // matches at the window's edge
  for (const std::string& plain :
       {std::string(), std::string("a"), std::string("ab"), std::string(100000, 'z'),
        std::string("abcabcabcabcabcabc"), noise, skewed, far}) {
    EXPECT_TRUE(round_trip(plain) == plain) << plain.size() << " bytes";
  }
}

TEST(EfiCompression, PacksRepetitionsSmall) {
  const auto packed = efi_compress(as_byte_view(std::string(100000, 'z')));
  ASSERT_TRUE(packed);
  EXPECT_LT(packed->size(), 400);
}

TEST(EfiCompression, RefusesDamagedDataWithAnOffset) {
  const std::string good = *efi_compress(as_byte_view(std::string("some text, some more text")));
  EXPECT_THAT(failure_of(""), HasSubstr("offset 0x0"));
  EXPECT_THAT(failure_of(good.substr(0, good.size() - 1)), HasSubstr("offset 0x0"));
  std::string bad = good;
  bad[7] = 0x7f;
  EXPECT_THAT(failure_of(bad), HasSubstr("offset 0x4: would unpack to"));
  bad = good;
  bad[8] = bad[9] = 0;
  EXPECT_THAT(failure_of(bad), HasSubstr("offset 0xa: a block is empty"));
  bad = good;
  bad[5] = 1;  // more is announced than there is
  EXPECT_THAT(failure_of(bad), testing::StartsWith("compressed data, offset 0x"));
}

TEST(EfiCompression, RefusesCodesThatAreNotComplete) {
  // One symbol in the block; one length code, of one bit: half of the code space is unused.
  const std::string packed("\x08\0\0\0\x01\0\0\0\x00\x01\x08\x80\0\0\0\0", 16);
  EXPECT_THAT(failure_of(packed), HasSubstr("codes of code lengths are damaged"));
}

TEST(EfiCompression, RefusesMatchesBeforeTheBeginning) {
  // A block of one symbol that takes no bits: the match of three bytes, at position zero.
  const std::string packed("\x08\0\0\0\x03\0\0\0\x00\x01\x00\x00\x10\x00\x00\x00", 16);
  EXPECT_THAT(failure_of(packed), HasSubstr("before the beginning"));
}

}  // namespace
