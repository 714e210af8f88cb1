// SPDX-License-Identifier: BSD-2-Clause-Patent
// Linux kernels as their files describe themselves: x86's boot protocol header (bzImage,
// Documentation/arch/x86/boot.rst), arm64's and riscv's Image header, and compressed EFI kernels
// (CONFIG_EFI_ZBOOT).
#pragma once

#include <optional>
#include <string>

#include "image/pe.h"

namespace kedge::image {

struct LinuxInfo {
  enum class Format : std::uint8_t { bzimage, arm64_image, riscv_image, efi_zboot };

  Format format = Format::bzimage;
  std::string version;                 ///< "6.1.0-18-amd64 ..."; empty when the file does not tell
  std::uint16_t protocol_version = 0;  ///< bzImage: 0x020f is 2.15
  std::uint32_t handover_offset = 0;   ///< bzImage: of the EFI handover entry points; 0: none
  std::optional<PeInfo> efi;           ///< its EFI stub

  bool has_efi_stub() const noexcept { return efi && efi->is_efi_application(); }
  /// The stub asks for initrds by LoadFile2 (Linux 5.8 and newer say so in the image version, a bit
  /// mask; 5.7 does it without saying).
  bool loads_initrd_by_device_path() const noexcept {
    return efi && (efi->major_image_version & 1) != 0;
  }

  /// `bytes` may be the beginning of the file only. Errors: image_not_linux.
  static Result<LinuxInfo> parse(ByteView bytes) noexcept;
};

}  // namespace kedge::image
