// SPDX-License-Identifier: BSD-2-Clause-Patent
// Writes a PE32+ image for UEFI (Microsoft PE/COFF specification 11; UEFI 2.10, 2.1.1).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "elf2pe/elf.h"

namespace kedge::host::elf2pe {

/// UEFI 2.10, 2.1.1: decides how the firmware treats the image and its memory.
enum class Subsystem : std::uint16_t {
  application = 10,
  boot_service_driver = 11,
  runtime_driver = 12
};

struct PeOptions {
  Subsystem subsystem = Subsystem::application;
  std::string sbat;             // CSV of shim's SBAT.md; empty: no such section
  std::uint32_t timestamp = 0;  // seconds since 1970; the default keeps builds reproducible
};

/// Throws InputError when the image cannot be a PE image: no room for headers before its first
/// segment, too many segments. The same input gives the same bytes.
std::vector<std::byte> write_pe(const Image& image, const PeOptions& options);

}  // namespace kedge::host::elf2pe
