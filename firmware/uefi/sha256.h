// SPDX-License-Identifier: BSD-2-Clause-Patent
// SHA-256 and HMAC (FIPS 180-4, FIPS 198-1), for the random generator. TLS has its own in net/tls.
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"

namespace kedge::uefi {

class Sha256 {
 public:
  static constexpr std::size_t kSize = 32;
  static constexpr std::size_t kBlock = 64;
  using Digest = std::array<std::byte, kSize>;

  void update(ByteView data) noexcept;
  Digest finish() noexcept;

 private:
  void block(const std::byte* data) noexcept;

  std::array<std::uint32_t, 8> state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<std::byte, kBlock> buffer_{};
  std::uint64_t total_ = 0;
};

/// HMAC-SHA-256 with a key of at most 64 bytes.
class HmacSha256 {
 public:
  explicit HmacSha256(ByteView key) noexcept;
  void update(ByteView data) noexcept { inner_.update(data); }
  Sha256::Digest finish() noexcept;

 private:
  Sha256 inner_;
  std::array<std::byte, Sha256::kBlock> outer_key_;
};

}  // namespace kedge::uefi
