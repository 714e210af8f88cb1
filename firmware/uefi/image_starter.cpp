// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/image_starter.h"

#include <algorithm>
#include <memory>
#include <new>

#include "base/log.h"
#include "uefi/text.h"

namespace kedge::uefi {
namespace {

// Stands in the device path of images that came through no NIC.
constexpr EFI_GUID kKedgeDevice = {
    0x8c1f5ba6, 0x3f0e, 0x4b52, {0x9d, 0x41, 0x6b, 0x65, 0x64, 0x67, 0x65, 0x01}};
constexpr std::size_t kExitDataMax = 512;

Result<void> load_error(EFI_STATUS status) noexcept {
  switch (status) {
    // Secure Boot answers with either (UEFI 2.10, 7.4 LoadImage).
    case EFI_SECURITY_VIOLATION:
    case EFI_ACCESS_DENIED:
      return from_status(status, err::uefi_image_refused);
    case EFI_UNSUPPORTED:
      return from_status(status, err::uefi_image_other_machine);
    case EFI_OUT_OF_RESOURCES:
      return from_status(status, err::uefi_no_memory);
    default:
      return from_status(status, err::uefi_image_load);
  }
}

/// The folder of a URI, for the device; the image's file name follows in a node of its own.
std::string_view folder_of(std::string_view uri) noexcept {
  uri = uri.substr(0, uri.find_first_of("?#"));
  const std::size_t slash = uri.rfind('/');
  return slash == std::string_view::npos ? uri : uri.substr(0, slash + 1);
}

/// What an image finds around it while it runs.
class Surroundings {
 public:
  Surroundings(const Firmware& firmware, const StartRequest& request) noexcept
      : device_(request.device),
        files_(firmware, request.files),
        initrd_(firmware),
        installation_(firmware, request.network) {
    // A device of its own below the NIC: the image finds its files there, and the firmware's
    // handles stay as they are.
    if (device_.empty()) device_.append_vendor_hardware(kKedgeDevice, 0);
    // With a network it is the NIC's handle: GRUB and shim look for it there, and nowhere else.
    image_path_ = device_;
    if (!request.uri.empty()) image_path_.append_uri(folder_of(request.uri));
    if (!request.network) device_ = image_path_;
    image_path_.append_file(request.name);
  }

  Result<void> install(const StartRequest& request) noexcept {
    if (!request.initrds.empty()) KEDGE_CHECK(initrd_.offer(request.initrds));
    if (request.files.empty()) return {};
    if (!installation_.handle()) {
      KEDGE_CHECK(installation_.install<EFI_DEVICE_PATH_PROTOCOL>(device_.raw()));
    }
    return installation_.install<EFI_SIMPLE_FILE_SYSTEM_PROTOCOL>(files_.protocol());
  }
  /// False when the firmware refused to take something back.
  bool remove() noexcept {
    files_.disable();
    const bool initrd_is_gone = initrd_.withdraw();
    return installation_.remove() && initrd_is_gone;
  }
  const DevicePath& image_path() const noexcept { return image_path_; }

 private:
  DevicePath device_;
  DevicePath image_path_;
  VirtualFileSystem files_;
  Initrd initrd_;
  Installation installation_;
};

}  // namespace

Result<void> ImageStarter::start(const StartRequest& request) noexcept {
  if (request.hand_back_network) network_.give_back();
  Result<void> result = fail(err::uefi_no_memory);
  std::unique_ptr<Surroundings> around(new (std::nothrow) Surroundings(firmware_, request));
  if (around != nullptr) {
    result = around->install(request);
    if (result.ok()) result = load_and_run(request, around->image_path());
    // What the firmware does not let go must stay in memory, but answers nothing any more.
    if (!around->remove()) (void)around.release();
  }
  if (request.hand_back_network) network_.take_again();
  return result;
}

Result<void> ImageStarter::load_and_run(const StartRequest& request,
                                        const DevicePath& path) noexcept {
  EFI_BOOT_SERVICES& boot = firmware_.boot();
  EFI_HANDLE image = nullptr;
  const EFI_STATUS status =
      boot.LoadImage(FALSE, firmware_.image().raw(), path.raw(),
                     const_cast<std::byte*>(request.image.data()), request.image.size(), &image);
  if (!EFI_ERROR(status)) return run(request, Handle(image));
  // A refused image is loaded all the same, to be authorised later; we do not want it.
  if (status == EFI_SECURITY_VIOLATION && image != nullptr) (void)boot.UnloadImage(image);
  log(LogLevel::warning, "image", "{} is not loaded: {}", request.name, status_name(status));
  return load_error(status);
}

Result<void> ImageStarter::run(const StartRequest& request, Handle image) noexcept {
  EFI_BOOT_SERVICES& boot = firmware_.boot();
  auto* loaded = peek<EFI_LOADED_IMAGE_PROTOCOL>(firmware_, image);
  if (loaded == nullptr) {
    (void)boot.UnloadImage(image.raw());
    return fail(err::uefi_image_load);
  }
  std::u16string options = to_utf16(request.arguments);
  if (!options.empty()) {
    loaded->LoadOptions = raw(options);
    loaded->LoadOptionsSize = static_cast<UINT32>((options.size() + 1) * sizeof(char16_t));
  }
  // The boot manager armed the watchdog for us; what we start has its own pace.
  firmware_.set_watchdog(Duration());
  UINTN exit_bytes = 0;
  CHAR16* exit_data = nullptr;
  const EFI_STATUS status = boot.StartImage(image.raw(), &exit_bytes, &exit_data);
  if (exit_data != nullptr) {
    log(LogLevel::warning, "image", "{}: {}", request.name,
        to_utf8(exit_data, std::min<std::size_t>(exit_bytes / sizeof(CHAR16), kExitDataMax)));
    (void)boot.FreePool(exit_data);
  }
  if (!EFI_ERROR(status)) return {};
  log(LogLevel::warning, "image", "{} returned {}", request.name, status_name(status));
  return from_status(status, err::uefi_image_failed);
}

}  // namespace kedge::uefi
