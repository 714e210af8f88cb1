// SPDX-License-Identifier: BSD-2-Clause-Patent
// kedge-driver.efi: our NIC drivers for the firmware's own network stack, and nothing else. Stays
// in memory until it is unloaded.
#include <new>

#include "app/native_drivers.h"
#include "uefi/driver_binding.h"
#include "uefi/rt/runtime.h"

namespace {

using namespace kedge;

/// What lives as long as the image does.
struct Resident {
  uefi::Firmware firmware;
  uefi::NicDriverBinding binding;

  Resident(EFI_HANDLE image, EFI_SYSTEM_TABLE* table) noexcept
      : firmware(image, table), binding(firmware, app::native_drivers()) {}
};
Resident* resident = nullptr;

EFI_STATUS EFIAPI unload(EFI_HANDLE) noexcept {
  const EFI_STATUS status = resident->binding.unload();
  if (EFI_ERROR(status)) return status;
  delete resident;
  resident = nullptr;
  kedge_runtime_end();
  return EFI_SUCCESS;
}

}  // namespace

std::size_t kedge_main(void* image_handle, void* system_table) {
  resident = new (std::nothrow)
      Resident(static_cast<EFI_HANDLE>(image_handle), static_cast<EFI_SYSTEM_TABLE*>(system_table));
  if (resident == nullptr) return EFI_OUT_OF_RESOURCES;
  auto* loaded =
      uefi::peek<EFI_LOADED_IMAGE_PROTOCOL>(resident->firmware, resident->firmware.image());
  if (loaded == nullptr) return EFI_LOAD_ERROR;
  const Result<void> installed = resident->binding.install();
  if (!installed.ok()) return uefi::to_status(installed.error());
  loaded->Unload = unload;
  return EFI_SUCCESS;
}
