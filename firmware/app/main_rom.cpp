// SPDX-License-Identifier: BSD-2-Clause-Patent
// kedge-rom.efi: our NIC drivers, for the firmware's own network stack or for boots of our own, as
// the machine's owner decides (docs/personality.md).
#include "app/resident.h"
#include "app/rom_policy.h"

std::size_t kedge_main(void* image_handle, void* system_table) {
  return kedge::app::Resident<kedge::app::RomPolicy>::install(image_handle, system_table);
}
