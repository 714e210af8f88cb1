// SPDX-License-Identifier: BSD-2-Clause-Patent
// kedge-driver.efi: our NIC drivers for the firmware's own network stack, and nothing else.
#include "app/resident.h"

std::size_t kedge_main(void* image_handle, void* system_table) {
  return kedge::app::Resident<kedge::app::DriverOnly>::install(image_handle, system_table);
}
