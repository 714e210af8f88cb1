// SPDX-License-Identifier: BSD-2-Clause-Patent
// kedge-snponly.efi: only the NIC that it was loaded from, through the firmware's driver.
#include "app/application.h"
#include "uefi/rt/runtime.h"

std::size_t kedge_main(void* image_handle, void* system_table) {
  const kedge::uefi::Firmware firmware(static_cast<EFI_HANDLE>(image_handle),
                                       static_cast<EFI_SYSTEM_TABLE*>(system_table));
  return kedge::app::run_application(firmware, {kedge::app::NicPolicy::started_from, {}});
}
