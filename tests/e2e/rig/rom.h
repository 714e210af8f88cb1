// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Option ROMs for tests, from images of dist/ that are not in the ROMs there.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "support/outcome.h"

namespace kedge::host::e2e {

// A NIC model as its PCI header names it.
struct Chip {
  const char* model;
  std::uint16_t vendor;
  std::vector<std::uint16_t> devices;
};
inline const Chip kVirtioNetChip{"virtio-net-pci", 0x1af4, {0x1000, 0x1041}};
// The firmware has no driver of its own for it.
inline const Chip kE1000eChip{"e1000e", 0x8086, {0x10d3}};

// A ROM with the driver image for the chip.
Outcome<void> make_rom(const std::filesystem::path& driver, const Chip& chip,
                       const std::filesystem::path& file);

}  // namespace kedge::host::e2e
