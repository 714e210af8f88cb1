// SPDX-License-Identifier: BSD-2-Clause-Patent
// SeededEntropy: reproducible numbers for tests.
#pragma once

#include <random>

#include "port/entropy.h"

namespace kedge::fake {

class SeededEntropy final : public port::Entropy {
 public:
  explicit SeededEntropy(std::uint64_t seed = 1) : generator_(seed) {}
  void fill(ByteSpan out) noexcept override {
    for (std::byte& byte : out) byte = static_cast<std::byte>(generator_());
  }

 private:
  std::mt19937_64 generator_;
};

}  // namespace kedge::fake
