// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/rt/memory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <numeric>
#include <vector>

namespace kedge::uefi::rt {
namespace {

std::vector<std::uint8_t> counting(std::size_t size) {
  std::vector<std::uint8_t> bytes(size);
  std::iota(bytes.begin(), bytes.end(), std::uint8_t{1});
  return bytes;
}

// Exactly sized heap blocks: AddressSanitizer sees one byte too many.
TEST(Memory, CopiesEveryLengthAndNothingElse) {
  for (std::size_t size = 0; size <= 600; ++size) {
    const auto source = counting(size);
    std::vector<std::uint8_t> target(size, 0);
    copy(target.data(), source.data(), size);
    ASSERT_EQ(target, source) << size;
  }
}

TEST(Memory, CopiesBetweenUnalignedAddressesWithoutTouchingNeighbours) {
  for (std::size_t from = 0; from < 17; ++from) {
    for (std::size_t to = 0; to < 17; ++to) {
      for (const std::size_t size : {3u, 16u, 31u, 64u, 65u, 130u}) {
        const auto source = counting(size + from);
        std::vector<std::uint8_t> target(size + to + 1, 0xEE);
        copy(target.data() + to, source.data() + from, size);
        ASSERT_TRUE(std::equal(source.begin() + from, source.end(), target.begin() + to));
        ASSERT_TRUE(to == 0 || target[to - 1] == 0xEE);
        ASSERT_EQ(target.back(), 0xEE);
      }
    }
  }
}

TEST(Memory, CopiesOverlappingAreasInBothDirections) {
  for (std::size_t size = 1; size <= 300; size += 7) {
    for (std::size_t shift = 0; shift <= 300; shift += 3) {
      auto forward = counting(size + shift);
      auto expected = forward;
      std::memmove(expected.data() + shift, expected.data(), size);
      copy(forward.data() + shift, forward.data(), size);
      ASSERT_EQ(forward, expected) << size << " up by " << shift;

      auto backward = counting(size + shift);
      expected = backward;
      std::memmove(expected.data(), expected.data() + shift, size);
      copy(backward.data(), backward.data() + shift, size);
      ASSERT_EQ(backward, expected) << size << " down by " << shift;
    }
  }
}

TEST(Memory, FillsEveryLengthAndNothingElse) {
  for (std::size_t size = 0; size <= 300; ++size) {
    std::vector<std::uint8_t> target(size + 2, 0xEE);
    fill(target.data() + 1, 0x1A5, size);  // only the low eight bits count
    ASSERT_EQ(target.front(), 0xEE) << size;
    ASSERT_EQ(target.back(), 0xEE) << size;
    ASSERT_EQ(std::count(target.begin() + 1, target.end() - 1, 0xA5), static_cast<long>(size));
  }
}

TEST(Memory, ComparesAsUnsignedBytesInOrder) {
  EXPECT_EQ(compare("abc", "abc", 3), 0);
  EXPECT_EQ(compare("abc", "xyz", 0), 0);
  for (std::size_t size = 1; size <= 40; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      std::vector<std::uint8_t> a(size, 0x7F);
      auto b = a;
      b[at] = 0x80;
      ASSERT_LT(compare(a.data(), b.data(), size), 0) << size << " " << at;
      ASSERT_GT(compare(b.data(), a.data(), size), 0) << size << " " << at;
      ASSERT_EQ(compare(a.data(), b.data(), at), 0) << size << " " << at;
    }
  }
}

}  // namespace
}  // namespace kedge::uefi::rt
