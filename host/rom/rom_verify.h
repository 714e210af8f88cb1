// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// What PCI firmware, UEFI firmware and QEMU want of an option ROM.
#pragma once

#include <string>
#include <vector>

#include "rom/option_rom.h"

namespace kedge::host {

enum class Severity : std::uint8_t {
  error,    // some firmware will refuse the image or go wrong
  warning,  // works with most of today's firmware, and not with all
};

struct Finding {
  Severity severity = Severity::error;
  std::size_t offset = 0;  // in the file
  std::string what;
};

std::vector<Finding> verify_option_rom(const OptionRom& rom);

}  // namespace kedge::host
