// SPDX-License-Identifier: BSD-2-Clause-Patent
// PE/COFF headers (Microsoft PE format specification): enough to tell what an image is and for
// whom. Loading is the firmware's task, so that Secure Boot decides.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace kedge::image {

/// COFF machine types; unknown ones keep their number.
enum class Machine : std::uint16_t {
  unknown = 0,
  i386 = 0x014c,
  arm = 0x01c2,
  ebc = 0x0ebc,
  riscv32 = 0x5032,
  riscv64 = 0x5064,
  loongarch64 = 0x6264,
  x86_64 = 0x8664,
  aarch64 = 0xaa64,
};
/// "x86_64", "aarch64", ...; "an unknown machine" for others.
std::string_view machine_name(Machine machine) noexcept;

enum class Subsystem : std::uint16_t {
  efi_application = 10,
  efi_boot_service_driver = 11,
  efi_runtime_driver = 12,
};

inline constexpr std::size_t kPeSectionsMax = 96;  // PE specification, COFF file header

struct PeInfo {
  Machine machine = Machine::unknown;
  Subsystem subsystem{};
  bool is_64_bit = false;
  std::uint16_t major_image_version = 0;
  std::uint16_t minor_image_version = 0;
  std::uint32_t memory_bytes = 0;       ///< SizeOfImage
  std::uint64_t file_bytes_needed = 0;  ///< the last byte that a section or signature refers to
  bool has_signature = false;
  bool has_sbat = false;  ///< a .sbat section (shim's revocation data)
  bool has_nx_compat = false;
  bool is_unified_kernel = false;  ///< sections .linux and .initrd or .cmdline: a UKI

  bool is_efi_application() const noexcept { return subsystem == Subsystem::efi_application; }
  bool is_efi_driver() const noexcept {
    return subsystem == Subsystem::efi_boot_service_driver ||
           subsystem == Subsystem::efi_runtime_driver;
  }

  /// `bytes` may be the beginning of the file only, headers included.
  /// Errors: image_not_pe, image_bad_pe.
  static Result<PeInfo> parse(ByteView bytes) noexcept;
};

/// A section as the firmware lays it out in memory.
struct PeSection {
  std::uint32_t address = 0;  ///< from the image's beginning
  std::uint32_t bytes = 0;
  bool executable = false;
  bool writable = false;
};

/// The sections of an image, in their order. Errors: image_not_pe, image_bad_pe.
Result<std::vector<PeSection>> pe_sections(ByteView bytes) noexcept;

}  // namespace kedge::image
