// SPDX-License-Identifier: BSD-2-Clause-Patent
// LoadImage and its kin of FakeFirmware.
#include "tests/fake/uefi.h"
#include "uefi/device_path.h"

namespace kedge::fake {

struct FakeImageServices {
  static EFI_STATUS EFIAPI load_image(BOOLEAN, EFI_HANDLE parent, EFI_DEVICE_PATH_PROTOCOL* path,
                                      void* source, UINTN bytes, EFI_HANDLE* handle) {
    EFI_STATUS status = FakeFirmware::current().injected(Call::load_image);
    if (EFI_ERROR(status) && status != EFI_SECURITY_VIOLATION) return status;
    const ByteView content(static_cast<std::byte*>(source), bytes);
    if (!EFI_ERROR(status) && FakeFirmware::current().on_load_image)
      status = FakeFirmware::current().on_load_image(content);
    if (EFI_ERROR(status) && status != EFI_SECURITY_VIOLATION) return status;
    *handle = FakeFirmware::current().add_handle();
    FakeFirmware::Image& image = FakeFirmware::current().images[*handle];
    image.source.assign(content.begin(), content.end());
    const ByteView path_bytes = uefi::device_path_bytes(path);
    image.path.assign(path_bytes.begin(), path_bytes.end());
    image.protocol.Revision = EFI_LOADED_IMAGE_PROTOCOL_REVISION;
    image.protocol.ParentHandle = parent;
    image.protocol.SystemTable = &FakeFirmware::current().table();
    EFI_DEVICE_PATH_PROTOCOL* rest = path;
    EFI_GUID guid = uefi::kGuid<EFI_DEVICE_PATH_PROTOCOL>;
    if (EFI_ERROR(FakeFirmware::current().table().BootServices->LocateDevicePath(
            &guid, &rest, &image.protocol.DeviceHandle))) {
      image.protocol.DeviceHandle = nullptr;
    }
    FakeFirmware::current().add_protocol(*handle, &image.protocol);
    return status;
  }
  static EFI_STATUS EFIAPI start_image(EFI_HANDLE handle, UINTN*, CHAR16**) {
    const EFI_STATUS injected = FakeFirmware::current().injected(Call::start_image);
    FakeFirmware::current().images.at(handle).started = true;
    EFI_STATUS status = injected;
    if (!EFI_ERROR(status) && FakeFirmware::current().on_start_image)
      status = FakeFirmware::current().on_start_image(handle);
    // An application that returns is unloaded by the firmware.
    drop_image(handle);
    return status;
  }
  static EFI_STATUS EFIAPI unload_image(EFI_HANDLE handle) {
    if (!FakeFirmware::current().images.contains(handle)) {
      FakeFirmware::current().violations.push_back("UnloadImage of what is not loaded");
      return EFI_INVALID_PARAMETER;
    }
    drop_image(handle);
    return EFI_SUCCESS;
  }
  static void drop_image(EFI_HANDLE handle) {
    FakeFirmware::current().remove_protocol(handle, uefi::kGuid<EFI_LOADED_IMAGE_PROTOCOL>);
    FakeFirmware::current().images.erase(handle);
  }
};

void FakeFirmware::fill_image_services(EFI_BOOT_SERVICES& boot) {
  boot.LoadImage = FakeImageServices::load_image;
  boot.StartImage = FakeImageServices::start_image;
  boot.UnloadImage = FakeImageServices::unload_image;
}

}  // namespace kedge::fake
