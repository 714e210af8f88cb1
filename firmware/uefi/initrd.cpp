// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/initrd.h"

#include "uefi/firmware_entry.h"

namespace kedge::uefi {
namespace {

constexpr EFI_GUID kLinuxInitrdMedia = {
    0x5568e427, 0x68fc, 0x4f3d, {0xac, 0x74, 0xca, 0x55, 0x52, 0x31, 0xcc, 0x68}};

constexpr std::uint64_t aligned(std::uint64_t size) noexcept {
  return (size + Initrd::kAlignment - 1) / Initrd::kAlignment * Initrd::kAlignment;
}

}  // namespace

Initrd::Initrd(const Firmware& firmware) noexcept
    : firmware_(firmware), table_{{firmware_entry<&load_file>}, this}, installation_(firmware) {
  path_.append_vendor_media(kLinuxInitrdMedia);
}

Result<void> Initrd::offer(std::vector<Source*> parts) noexcept {
  if (parts.size() > kPartsMax) return fail(err::base_no_space);
  // A second one on the same path would confuse the kernel, and the firmware refuses it.
  EFI_DEVICE_PATH_PROTOCOL* rest = path_.raw();
  EFI_HANDLE other = nullptr;
  const EFI_STATUS status =
      firmware_.boot().LocateDevicePath(guid_pointer<EFI_LOAD_FILE2_PROTOCOL>(), &rest, &other);
  if (!EFI_ERROR(status) && device_path_bytes(rest).size() == kEndNodeBytes) {
    return fail(err::uefi_initrd_exists);
  }
  parts_ = std::move(parts);
  size_ = 0;
  for (const Source* part : parts_) size_ = aligned(size_) + part->size();
  KEDGE_CHECK(installation_.install<EFI_DEVICE_PATH_PROTOCOL>(path_.raw()));
  return installation_.install<EFI_LOAD_FILE2_PROTOCOL>(&table_.raw);
}

bool Initrd::withdraw() noexcept {
  parts_.clear();
  size_ = 0;
  return installation_.remove();
}

// UEFI 2.10, 13.2 EFI_LOAD_FILE2_PROTOCOL.LoadFile
EFI_STATUS Initrd::load_file(EFI_LOAD_FILE2_PROTOCOL* self, EFI_DEVICE_PATH_PROTOCOL* path,
                             BOOLEAN boot_policy, UINTN* size, void* buffer) noexcept {
  if (self == nullptr || path == nullptr || size == nullptr) return EFI_INVALID_PARAMETER;
  Initrd& initrd = *reinterpret_cast<Table*>(self)->owner;
  if (initrd.firmware_.boot_services_ended()) return EFI_DEVICE_ERROR;
  if (boot_policy) return EFI_UNSUPPORTED;
  // The file is the device itself: nothing may follow in the path.
  if (device_path_bytes(path).size() != kEndNodeBytes) return EFI_NOT_FOUND;
  if (initrd.size_ == 0) return EFI_NOT_FOUND;
  const bool fits = buffer != nullptr && *size >= initrd.size_;
  *size = static_cast<UINTN>(initrd.size_);
  if (!fits) return EFI_BUFFER_TOO_SMALL;
  return initrd.load(ByteSpan(static_cast<std::byte*>(buffer), *size));
}

EFI_STATUS Initrd::load(ByteSpan out) noexcept {
  std::uint64_t at = 0;
  for (Source* part : parts_) {
    const std::uint64_t start = aligned(at);
    std::memset(out.data() + at, 0, start - at);
    const auto bytes = static_cast<std::size_t>(part->size());
    if (!part->read(0, out.subspan(static_cast<std::size_t>(start), bytes)))
      return EFI_DEVICE_ERROR;
    at = start + bytes;
  }
  return EFI_SUCCESS;
}

}  // namespace kedge::uefi
