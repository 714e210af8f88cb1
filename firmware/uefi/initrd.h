// SPDX-License-Identifier: BSD-2-Clause-Patent
// Initrd: hands initial ram disks to Linux by LoadFile2 on its vendor media path.
//
// Linux's EFI stub (5.8 and later) asks for the device path VenMedia(5568e427-...) and reads the
// initrd straight to where it belongs (Documentation/arch/x86/boot.rst, "EFI LoadFile2 initrd").
#pragma once

#include "uefi/device_path.h"
#include "uefi/protocol.h"
#include "uefi/source.h"

namespace kedge::uefi {

class Initrd {
 public:
  /// Between the parts, where others pad, too; the kernel wants at least four.
  static constexpr std::uint64_t kAlignment = 4096;
  static constexpr std::size_t kPartsMax = 64;

  explicit Initrd(const Firmware& firmware) noexcept;
  Initrd(const Initrd&) = delete;
  Initrd& operator=(const Initrd&) = delete;

  /// Offers the parts, one after the other, until this object is destroyed; they must live as long.
  /// Errors: uefi_initrd_exists, uefi_install_failed, base_no_space (too many parts).
  Result<void> offer(std::vector<Source*> parts) noexcept;
  /// Ends the offer. False when the firmware refused: this object must then stay, and offers
  /// nothing.
  bool withdraw() noexcept;
  std::uint64_t size() const noexcept { return size_; }

 private:
  struct Table {
    EFI_LOAD_FILE2_PROTOCOL raw;
    Initrd* owner;
  };
  static EFI_STATUS load_file(EFI_LOAD_FILE2_PROTOCOL* self, EFI_DEVICE_PATH_PROTOCOL* path,
                              BOOLEAN boot_policy, UINTN* size, void* buffer) noexcept;
  EFI_STATUS load(ByteSpan out) noexcept;

  const Firmware& firmware_;
  Table table_{};
  DevicePath path_;
  std::vector<Source*> parts_;
  std::uint64_t size_ = 0;
  Installation installation_;
};

}  // namespace kedge::uefi
