// SPDX-License-Identifier: BSD-2-Clause-Patent
// Microwire: reads the serial EEPROM (93C46, 93C66) in which a chip's address is.
#pragma once

#include <cstdint>
#include <span>

#include "base/result.h"

namespace kedge::driver {

class Microwire {
 public:
  /// Words from `first` on. Errors: nic_no_mac (nothing answers).
  Result<void> read(unsigned first, std::span<std::uint16_t> words) noexcept;

 protected:
  ~Microwire() = default;
  /// Sets the wires to the EEPROM and waits for half a clock (250 kHz is what the slowest take).
  virtual void drive(bool select, bool clock, bool data) noexcept = 0;
  /// The wire from the EEPROM.
  virtual bool sense() noexcept = 0;
  static constexpr std::uint32_t kHalfClockUs = 2;

 private:
  bool shift(bool bit) noexcept;
  void begin_read() noexcept;
  unsigned address_bits() noexcept;
  std::uint16_t read_word(unsigned address, unsigned bits) noexcept;
};

}  // namespace kedge::driver
