// SPDX-License-Identifier: BSD-2-Clause-Patent
// kedge.efi: all NICs, by our own drivers where there are any.
#include "app/application.h"
#include "app/native_drivers.h"
#include "uefi/rt/runtime.h"

std::size_t kedge_main(void* image_handle, void* system_table) {
  using namespace kedge;
  const uefi::Firmware firmware(static_cast<EFI_HANDLE>(image_handle),
                                static_cast<EFI_SYSTEM_TABLE*>(system_table));
  return app::run_application(firmware, {app::NicPolicy::all, app::native_drivers()});
}
