// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Packs UEFI drivers into a PCI option ROM.
#pragma once

#include <string>
#include <vector>

#include "rom/image_marker.h"
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

// Adds a device. All ids of a ROM have the same vendor.
Outcome<void> add_id(const MarkedId& id, RomRecipe& recipe);
// Adds the ids that the recipe's drivers say themselves; Kedge's do.
Outcome<void> add_marked_ids(RomRecipe& recipe);
// The ROM's bytes. Fails when a driver is none or when the images do not fit.
Outcome<std::string> build_rom(const RomRecipe& recipe);

}  // namespace kedge::host
