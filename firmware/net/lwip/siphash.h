// SPDX-License-Identifier: BSD-2-Clause-Patent
// SipHash-2-4 (Aumasson, Bernstein 2012): a keyed hash of short inputs.
#pragma once

#include <array>
#include <bit>
#include <cstring>

#include "base/bytes.h"

namespace kedge::net {

using SipHashKey = std::array<std::uint64_t, 2>;

inline std::uint64_t siphash24(const SipHashKey& key, ByteView data) noexcept {
  std::uint64_t v0 = key[0] ^ 0x736f6d6570736575;
  std::uint64_t v1 = key[1] ^ 0x646f72616e646f6d;
  std::uint64_t v2 = key[0] ^ 0x6c7967656e657261;
  std::uint64_t v3 = key[1] ^ 0x7465646279746573;
  const auto round = [&] {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  };
  const auto absorb = [&](std::uint64_t word) {
    v3 ^= word;
    round();
    round();
    v0 ^= word;
  };
  const std::uint64_t length = data.size();
  ByteReader reader(data);
  while (reader.remaining() >= 8) absorb(reader.le64());
  std::uint64_t last = length << 56;
  for (unsigned shift = 0; reader.remaining() > 0; shift += 8) {
    last |= std::uint64_t{reader.u8()} << shift;
  }
  absorb(last);
  v2 ^= 0xff;
  for (int i = 0; i < 4; ++i) round();
  return v0 ^ v1 ^ v2 ^ v3;
}

}  // namespace kedge::net
