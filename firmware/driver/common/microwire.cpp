// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "driver/common/microwire.h"

#include "driver/nic_errors.h"

namespace kedge::driver {
namespace {

constexpr unsigned kAddressBitsMax = 8;  // 93C66

}  // namespace

/// One clock; what the EEPROM says after its rising edge.
bool Microwire::shift(bool bit) noexcept {
  drive(true, false, bit);
  drive(true, true, bit);
  const bool out = sense();
  drive(true, false, bit);
  return out;
}

/// Selects the EEPROM; start bit and the instruction READ.
void Microwire::begin_read() noexcept {
  drive(false, false, false);
  drive(true, false, false);
  shift(true);
  shift(true);
  shift(false);
}

/// The EEPROM answers the last bit of the address with a 0. 0: it does not answer.
unsigned Microwire::address_bits() noexcept {
  begin_read();
  unsigned bits = 1;
  while (bits <= kAddressBitsMax && shift(false)) ++bits;
  drive(false, false, false);
  return bits <= kAddressBitsMax ? bits : 0;
}

std::uint16_t Microwire::read_word(unsigned address, unsigned bits) noexcept {
  begin_read();
  for (unsigned i = bits; i-- > 0;) shift((address >> i & 1) != 0);
  std::uint16_t word = 0;
  for (unsigned i = 0; i < 16; ++i) {
    word = static_cast<std::uint16_t>(word << 1 | (shift(false) ? 1 : 0));
  }
  drive(false, false, false);
  return word;
}

Result<void> Microwire::read(unsigned first, std::span<std::uint16_t> words) noexcept {
  const unsigned bits = address_bits();
  if (bits == 0) return fail(err::nic_no_mac);
  for (std::uint16_t& word : words) word = read_word(first++, bits);
  return {};
}

}  // namespace kedge::driver
