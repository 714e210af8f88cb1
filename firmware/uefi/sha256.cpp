// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/sha256.h"

#include <algorithm>

namespace kedge::uefi {
namespace {

// FIPS 180-4 4.2.2
constexpr std::uint32_t kRound[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

constexpr std::byte kInnerPad{0x36};
constexpr std::byte kOuterPad{0x5c};

}  // namespace

void Sha256::block(const std::byte* data) noexcept {
  std::uint32_t w[64];
  ByteReader reader(ByteView(data, kBlock));
  for (int i = 0; i < 16; ++i) w[i] = reader.be32();
  for (int i = 16; i < 64; ++i) {
    const std::uint32_t s0 = std::rotr(w[i - 15], 7) ^ std::rotr(w[i - 15], 18) ^ (w[i - 15] >> 3);
    const std::uint32_t s1 = std::rotr(w[i - 2], 17) ^ std::rotr(w[i - 2], 19) ^ (w[i - 2] >> 10);
    w[i] = w[i - 16] + s0 + w[i - 7] + s1;
  }
  auto [a, b, c, d, e, f, g, h] = state_;
  for (int i = 0; i < 64; ++i) {
    const std::uint32_t s1 = std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25);
    const std::uint32_t t1 = h + s1 + ((e & f) ^ (~e & g)) + kRound[i] + w[i];
    const std::uint32_t s0 = std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22);
    const std::uint32_t t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
    h = g;
    g = f;
    f = e;
    e = d + t1;
    d = c;
    c = b;
    b = a;
    a = t1 + t2;
  }
  const std::uint32_t added[8] = {a, b, c, d, e, f, g, h};
  for (std::size_t i = 0; i < 8; ++i) state_[i] += added[i];
}

void Sha256::update(ByteView data) noexcept {
  std::size_t fill = total_ % kBlock;
  total_ += data.size();
  while (!data.empty()) {
    const std::size_t count = std::min(data.size(), kBlock - fill);
    std::copy_n(data.begin(), count, buffer_.begin() + static_cast<std::ptrdiff_t>(fill));
    data = data.subspan(count);
    fill += count;
    if (fill == kBlock) {
      block(buffer_.data());
      fill = 0;
    }
  }
}

Sha256::Digest Sha256::finish() noexcept {
  const std::uint64_t bits = total_ * 8;
  constexpr std::byte kOne{0x80};
  constexpr std::byte kZero{0};
  update(ByteView(&kOne, 1));
  while (total_ % kBlock != kBlock - 8) update(ByteView(&kZero, 1));
  std::array<std::byte, 8> length;
  ByteWriter length_writer(length);
  length_writer.be64(bits);
  update(length);
  Digest digest;
  ByteWriter writer(digest);
  for (const std::uint32_t word : state_) writer.be32(word);
  return digest;
}

HmacSha256::HmacSha256(ByteView key) noexcept {
  KEDGE_ASSERT(key.size() <= Sha256::kBlock);
  std::array<std::byte, Sha256::kBlock> inner_key;
  for (std::size_t i = 0; i < Sha256::kBlock; ++i) {
    const std::byte byte = i < key.size() ? key[i] : std::byte{0};
    inner_key[i] = byte ^ kInnerPad;
    outer_key_[i] = byte ^ kOuterPad;
  }
  inner_.update(inner_key);
}

Sha256::Digest HmacSha256::finish() noexcept {
  const Sha256::Digest inner = inner_.finish();
  Sha256 outer;
  outer.update(outer_key_);
  outer.update(inner);
  return outer.finish();
}

}  // namespace kedge::uefi
