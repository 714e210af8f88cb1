// SPDX-License-Identifier: BSD-2-Clause-Patent
// The Internet checksum (RFC 1071), 32 bytes at a time.
#pragma once

#include <bit>
#include <cstring>

#include "base/bytes.h"

namespace kedge::net {

/// The ones' complement sum of the 16-bit words of `data` as they lie in memory, not inverted; an
/// odd last byte counts as a word with a zero behind it. Storing its complement as it is gives the
/// field.
inline std::uint16_t internet_sum(ByteView data) noexcept {
  const std::byte* at = data.data();
  std::size_t left = data.size();
  std::uint64_t sum = 0;
  std::uint64_t carries = 0;
  const auto add = [&](std::uint64_t word) {
    sum += word;
    carries += sum < word ? 1 : 0;
  };
  for (; left >= 32; left -= 32, at += 32) {
    std::uint64_t words[4];
    std::memcpy(words, at, sizeof words);
    for (const std::uint64_t word : words) add(word);
  }
  for (; left >= 2; left -= 2, at += 2) {
    std::uint16_t word;
    std::memcpy(&word, at, sizeof word);
    add(word);
  }
  if (left > 0) {
    const auto byte = std::to_integer<std::uint64_t>(*at);
    add(std::endian::native == std::endian::little ? byte : byte << 8);
  }
  // 2^64 is congruent to 1 modulo 2^16 - 1: carries count as ones, and so does the carry of adding
  // them.
  sum += carries;
  std::uint64_t folded = (sum & 0xffffffff) + (sum >> 32) + (sum < carries ? 1 : 0);
  while (folded >> 16 != 0) folded = (folded & 0xffff) + (folded >> 16);
  return static_cast<std::uint16_t>(folded);
}

}  // namespace kedge::net
