// SPDX-License-Identifier: BSD-2-Clause-Patent
// What a downloaded file is, in words for people, and whether this machine can start it.
#pragma once

#include "image/linux_kernel.h"

namespace kedge::image {

/// How much of a file's beginning identify() likes to see: an ISO 9660 file system shows at 32 KiB.
inline constexpr std::size_t kIdentifyBytes = 36 * 1024;

enum class Kind : std::uint8_t {
  empty,
  script,
  linux_kernel,    ///< with or without EFI stub
  unified_kernel,  ///< a UKI: kernel, initrd and command line in one EFI application
  efi_application,
  efi_driver,
  windows_program,  ///< a PE image for another subsystem
  damaged_pe,
  elf,
  gzip,
  zstd,
  xz,
  bzip2,
  lz4,
  zip,
  cpio,
  iso9660,
  wim,
  web_page,
  disk_image,
  text,
  unknown,
};

struct Identity {
  Kind kind = Kind::unknown;
  std::optional<PeInfo> pe;  ///< of all that is PE
  std::optional<LinuxInfo> linux_info;
  std::uint64_t file_bytes = 0;

  /// "Linux 6.1.0-18-amd64 (...) for x86_64", "web page (HTML)", ...
  std::string description() const;
  /// A short word for lists, empty when unknown: "script", "EFI", "Linux", "gzip", ...
  std::string_view type_name() const noexcept;
  /// Nothing when the firmware may be asked to start the image on `machine`; else the reason:
  /// image_empty, image_other_machine, image_bad_pe, image_compressed, image_web_page,
  /// image_no_efi_stub, image_not_efi.
  Result<void> check_startable(Machine machine) const noexcept;
  /// One line of what check_startable() refuses: "kernel for aarch64, this machine is x86_64".
  std::string why_not_startable(Machine machine) const;
  /// It can be an initrd or part of one.
  bool is_initrd() const noexcept;
};

/// A script of iPXE's language: "#!ipxe" or "#!gpxe" as the whole first word.
bool is_script(ByteView bytes) noexcept;

/// `bytes` is the beginning of a file of `file_bytes` bytes, or all of it.
Identity identify(ByteView bytes, std::uint64_t file_bytes) noexcept;

}  // namespace kedge::image
