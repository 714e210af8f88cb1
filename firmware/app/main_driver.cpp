// SPDX-License-Identifier: BSD-2-Clause-Patent
// kedge-driver.efi: our NIC drivers for the firmware's own network stack, and nothing else. Stays
// in memory until it is unloaded.
#include <new>

#include "driver/virtio_net/virtio_net.h"
#include "uefi/driver_binding.h"
#include "uefi/rt/runtime.h"

namespace {

using namespace kedge;

Result<std::unique_ptr<link::Device>> create_virtio_net(port::PciDevice& pci) {
  // Another stack takes frames of the MTU only, and hands each back before it gets the next.
  driver::VirtioNet::Options options;
  options.receive_offloads = false;
  options.spare_bytes = 0;
  KEDGE_TRY(auto device, driver::VirtioNet::create(pci, options));
  return std::unique_ptr<link::Device>(std::move(device));
}

constexpr uefi::NativeDriver kDrivers[] = {
    {driver::kVirtioNetIds, create_virtio_net},
};

/// What lives as long as the image does.
struct Resident {
  uefi::Firmware firmware;
  uefi::NicDriverBinding binding;

  Resident(EFI_HANDLE image, EFI_SYSTEM_TABLE* table) noexcept
      : firmware(image, table), binding(firmware, kDrivers) {}
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
