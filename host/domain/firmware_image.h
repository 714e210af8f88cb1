// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// What is in a UEFI firmware image (OVMF, AAVMF): which network drivers, whether its network stack
// needs a random number generator, and its version. Platform Initialization Specification 1.8,
// volume 3 (firmware volumes, files, sections).
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>

#include "base/bytes.h"
#include "support/outcome.h"

namespace kedge::host {

inline constexpr std::size_t kFirmwareBytesMax = 128U << 20;
inline constexpr std::size_t kFirmwareUnpackedBytesMax = 128U << 20;
inline constexpr std::size_t kFirmwareSectionsMax = 32;  // compressed ones
inline constexpr std::size_t kFirmwareFilesMax = 4096;

struct FirmwareImage {
  std::set<std::string> drivers;  // names of its files: "VirtioNetDxe", "HttpBootDxe"
  // Its IP driver asks for EFI_RNG: edk2 202405 and later.
  bool stack_needs_random = false;
  std::string version;  // "2025.02-8+deb13u1"; empty when it does not say

  bool has(const std::string& driver) const { return drivers.contains(driver); }
  bool has_network() const { return has("MnpDxe") && (has("Ip4Dxe") || has("Ip6Dxe")); }
};

// True for files that begin with a firmware volume, or hold one as a whole (QEMU's pflash images).
bool is_firmware_image(ByteView file);
// Fails when no firmware volume with drivers is found.
Outcome<FirmwareImage> read_firmware_image(ByteView file);

}  // namespace kedge::host
