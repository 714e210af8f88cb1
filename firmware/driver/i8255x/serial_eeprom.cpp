// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "driver/i8255x/serial_eeprom.h"

#include "driver/i8255x/regs.h"
#include "driver/nic_errors.h"

namespace kedge::driver::i8255x {
namespace {

/// Half a clock: 250 kHz is what the slowest parts take.
constexpr std::uint32_t kHalfClockUs = 2;
constexpr unsigned kAddressBitsMax = 8;  // 93C66

class Wires {
 public:
  Wires(port::PciDevice& pci, port::BarWindow& registers) noexcept
      : pci_(pci), registers_(registers) {
    set(0);
    set(Eeprom::kSelect);
  }
  ~Wires() { set(0); }
  Wires(const Wires&) = delete;
  Wires& operator=(const Wires&) = delete;

  /// One clock; what the EEPROM says after it.
  bool shift(bool bit) noexcept {
    const std::uint8_t value = bit ? Eeprom::kSelect | Eeprom::kDataIn : Eeprom::kSelect;
    set(value);
    set(value | Eeprom::kClock);
    const bool out = (hw::read(registers_, Csr::eeprom) & Eeprom::kDataOut) != 0;
    set(value);
    return out;
  }
  /// Start bit and the instruction READ.
  void begin_read() noexcept {
    shift(true);
    shift(true);
    shift(false);
  }

 private:
  void set(unsigned value) noexcept {
    hw::write(registers_, Csr::eeprom, static_cast<std::uint8_t>(value));
    pci_.stall_us(kHalfClockUs);
  }

  port::PciDevice& pci_;
  port::BarWindow& registers_;
};

/// The EEPROM answers the last bit of the address with a 0. 0: it does not answer.
unsigned address_bits(port::PciDevice& pci, port::BarWindow& registers) noexcept {
  Wires wires(pci, registers);
  wires.begin_read();
  for (unsigned bits = 1; bits <= kAddressBitsMax; ++bits) {
    if (!wires.shift(false)) return bits;
  }
  return 0;
}

std::uint16_t read_word(port::PciDevice& pci, port::BarWindow& registers, unsigned address,
                        unsigned bits) noexcept {
  Wires wires(pci, registers);
  wires.begin_read();
  for (unsigned i = bits; i-- > 0;) wires.shift((address >> i & 1) != 0);
  std::uint16_t word = 0;
  for (unsigned i = 0; i < 16; ++i) {
    word = static_cast<std::uint16_t>(word << 1 | (wires.shift(false) ? 1 : 0));
  }
  return word;
}

}  // namespace

Result<void> read_eeprom(port::PciDevice& pci, port::BarWindow& registers,
                         std::span<std::uint16_t> words) noexcept {
  const unsigned bits = address_bits(pci, registers);
  if (bits == 0) return fail(err::nic_no_mac);
  for (unsigned i = 0; i < words.size(); ++i) words[i] = read_word(pci, registers, i, bits);
  return {};
}

}  // namespace kedge::driver::i8255x
