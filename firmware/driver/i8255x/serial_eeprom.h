// SPDX-License-Identifier: BSD-2-Clause-Patent
// Reads words of the EEPROM that holds an 8255x's address (Microwire: 93C46, 93C66).
#pragma once

#include "port/bar_window.h"

namespace kedge::driver::i8255x {

/// The first `words.size()` words. Errors: nic_no_mac (no EEPROM answers).
Result<void> read_eeprom(port::PciDevice& pci, port::BarWindow& registers,
                         std::span<std::uint16_t> words) noexcept;

}  // namespace kedge::driver::i8255x
