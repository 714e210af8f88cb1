// SPDX-License-Identifier: BSD-2-Clause-Patent
// kedge.efi: all NICs, by our own drivers where there are any.
#include "app/application.h"
#include "driver/virtio_net/virtio_net.h"
#include "uefi/rt/runtime.h"

namespace {

using namespace kedge;

Result<std::unique_ptr<link::Device>> create_virtio_net(port::PciDevice& pci) {
  KEDGE_TRY(auto device, driver::VirtioNet::create(pci, {}));
  return std::unique_ptr<link::Device>(std::move(device));
}

// The drivers of this configuration, in one place.
constexpr uefi::NativeDriver kDrivers[] = {
    {driver::kVirtioNetIds, create_virtio_net},
};

}  // namespace

std::size_t kedge_main(void* image_handle, void* system_table) {
  const uefi::Firmware firmware(static_cast<EFI_HANDLE>(image_handle),
                                static_cast<EFI_SYSTEM_TABLE*>(system_table));
  return app::run_application(firmware, {app::NicPolicy::all, kDrivers});
}
