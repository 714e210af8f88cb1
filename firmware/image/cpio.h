// SPDX-License-Identifier: BSD-2-Clause-Patent
// cpio archives in "newc" form (Linux: Documentation/driver-api/early-userspace/buffer-format.rst)
// around a file, so that it appears under a name in the initramfs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace kedge::image {

inline constexpr std::size_t kCpioNameMax = 1024;

/// One file of the initramfs, as the arguments of an initrd describe it.
struct CpioMember {
  static constexpr std::uint32_t kModeDefault = 0644;
  static constexpr int kAllFolders = -1;

  std::string path;  ///< without leading slashes
  std::uint32_t mode = kModeDefault;
  int folders = 0;  ///< how many of the innermost folders of the path to create

  /// "path [mode=OCTAL] [mkdir=N]", as iPXE has it.
  /// Errors: image_bad_cpio_name, image_bad_cpio_argument.
  static Result<CpioMember> parse(std::string_view arguments) noexcept;
  friend bool operator==(const CpioMember&, const CpioMember&) = default;
};

/// What goes before the file's bytes, folders included. Its length is a multiple of four, as must
/// be the archive's offset in the initrd. Errors: image_cpio_too_large.
Result<std::string> cpio_before(const CpioMember& member, std::uint64_t file_bytes) noexcept;
/// What goes behind them: padding and the archive's end.
std::string cpio_after(std::uint64_t file_bytes) noexcept;

}  // namespace kedge::image
