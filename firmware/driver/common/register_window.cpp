// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "driver/common/register_window.h"

#include "driver/nic_errors.h"

namespace kedge::driver {
namespace {

// PCI Local Bus Specification 3.0, 6.2.5.1: a BAR in I/O space has bit 0 set and its address from
// bit 2 on, one in memory has it from bit 4 on.
constexpr std::uint16_t kFirstBar = 0x10;
constexpr std::uint32_t kBarIsIo = 1u << 0;
constexpr std::uint32_t kIoAddress = ~3u;
constexpr std::uint32_t kMemoryAddress = ~15u;
constexpr std::uint32_t kNothingAnswers = ~0u;

}  // namespace

Result<port::BarWindow> register_window(port::PciDevice& pci,
                                        std::initializer_list<std::uint8_t> bars,
                                        std::uint32_t length) noexcept {
  for (const std::uint8_t bar : bars) {
    const std::uint32_t value = pci.config_read32(static_cast<std::uint16_t>(kFirstBar + 4 * bar));
    const std::uint32_t address = value & ((value & kBarIsIo) != 0 ? kIoAddress : kMemoryAddress);
    if (value != kNothingAnswers && address != 0) return port::BarWindow(pci, bar, 0, length);
  }
  return fail(err::nic_no_registers);
}

}  // namespace kedge::driver
