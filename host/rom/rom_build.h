// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Packs UEFI drivers into a PCI option ROM.
#pragma once

#include <string>
#include <vector>

#include "rom/option_rom.h"

namespace kedge::host {

struct RomRecipe {
  std::uint16_t vendor = 0;
  std::vector<std::uint16_t> devices;   // the first is the header's; all are in the list
  std::uint32_t class_code = 0x020000;  // Ethernet controller
  std::string bios;                     // a ROM file whose BIOS image goes first, untouched
  std::vector<std::string> drivers;     // PE images, one per machine
  bool compress = true;
  std::size_t size = 0;  // the file is filled up to it with 0xff; 0: as it is
};

// The ROM's bytes. Fails when a driver is none or when the images do not fit.
Outcome<std::string> build_rom(const RomRecipe& recipe);

}  // namespace kedge::host
