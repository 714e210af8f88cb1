// SPDX-License-Identifier: BSD-2-Clause-Patent
// Entropy: the one source of numbers that an attacker must not guess.
#pragma once

#include "base/bytes.h"

namespace kedge::port {

/// The platform's DRBG (firmware), or a seeded generator (tests).
class Entropy {
 public:
  /// Fills `out` with unpredictable bytes. Cannot fail after start-up.
  virtual void fill(ByteSpan out) noexcept = 0;

  std::uint32_t u32() noexcept {
    std::uint32_t value = 0;
    fill(std::as_writable_bytes(std::span(&value, 1)));
    return value;
  }

 protected:
  ~Entropy() = default;
};

}  // namespace kedge::port
