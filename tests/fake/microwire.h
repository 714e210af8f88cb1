// SPDX-License-Identifier: BSD-2-Clause-Patent
// MicrowireModel: a 93C46 or 93C66 as its datasheet describes it: start bit, two bits of
// instruction, address, a dummy 0, 16 bits.
#pragma once

#include <array>
#include <cstdint>

#include "wire/mac.h"

namespace kedge::fake {

class MicrowireModel {
 public:
  /// Its contents are `mac` from word `first` on.
  MicrowireModel(const wire::MacAddress& mac, unsigned first) {
    for (unsigned i = 0; i < 3; ++i) {
      words_.at(first + i) =
          static_cast<std::uint16_t>(mac.octets()[2 * i] | mac.octets()[2 * i + 1] << 8);
    }
  }
  /// 6 or 8; 0: there is none.
  unsigned address_bits = 6;
  bool read_only_instructions() const { return sound_; }

  void drive(bool select, bool clock, bool data) {
    const bool rises = select && clock && !clock_;
    clock_ = clock;
    if (!select) {
      clocks_ = 0;
      shifted_ = 0;
      out_ = true;
      return;
    }
    if (!rises || address_bits == 0) return;
    if (clocks_ == 0 && !data) return;  // no start bit yet
    ++clocks_;
    shifted_ = shifted_ << 1 | (data ? 1 : 0);
    const unsigned addressed = 3 + address_bits;
    if (clocks_ == addressed) {
      if (shifted_ >> address_bits != 6) sound_ = false;
      const std::uint32_t address = shifted_ & ((1u << address_bits) - 1);
      word_ = address < words_.size() ? words_[address] : std::uint16_t{0};
      out_ = false;
    } else if (clocks_ > addressed) {
      out_ = (word_ & 0x8000) != 0;
      word_ = static_cast<std::uint16_t>(word_ << 1);
    }
  }
  bool out() const { return out_; }

 private:
  std::array<std::uint16_t, 64> words_{};
  bool clock_ = false;
  bool out_ = true;
  bool sound_ = true;
  unsigned clocks_ = 0;  // since the start bit
  std::uint32_t shifted_ = 0;
  std::uint16_t word_ = 0;
};

}  // namespace kedge::fake
