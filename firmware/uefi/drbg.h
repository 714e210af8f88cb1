// SPDX-License-Identifier: BSD-2-Clause-Patent
// HMAC_DRBG with SHA-256 (NIST SP 800-90A Rev. 1, 10.1.2): the one random generator.
#pragma once

#include "uefi/sha256.h"

namespace kedge::uefi {

class HmacDrbg {
 public:
  /// 10.1.2.3: `seed` is entropy, nonce and personalization string, one after the other.
  void instantiate(ByteView seed) noexcept;
  /// 10.1.2.4: mixes in new entropy; what was known before does not get weaker.
  void reseed(ByteView entropy) noexcept;
  /// 10.1.2.5, without additional input, in requests of any size.
  void generate(ByteSpan out) noexcept;
  /// Requests since the last seed.
  std::uint64_t requests() const noexcept { return requests_; }

 private:
  void update(ByteView data) noexcept;

  Sha256::Digest key_{};
  Sha256::Digest value_{};
  std::uint64_t requests_ = 0;
};

}  // namespace kedge::uefi
