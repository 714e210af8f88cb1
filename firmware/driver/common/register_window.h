// SPDX-License-Identifier: BSD-2-Clause-Patent
// Where a chip with a single block of registers has it.
#pragma once

#include <initializer_list>

#include "port/bar_window.h"

namespace kedge::driver {

/// The first of `bars` that has an address, in memory or in I/O space, as a window of `length`
/// bytes. Errors: nic_no_registers.
Result<port::BarWindow> register_window(port::PciDevice& pci,
                                        std::initializer_list<std::uint8_t> bars,
                                        std::uint32_t length) noexcept;

}  // namespace kedge::driver
