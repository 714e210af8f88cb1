// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "tests/e2e/rig/rom.h"

#include "rom/rom_build.h"
#include "support/file.h"

namespace kedge::host::e2e {

Outcome<void> make_rom(const std::filesystem::path& driver, const Chip& chip,
                       const std::filesystem::path& file) {
  KEDGE_HOST_TRY(const auto image, read_file(driver));
  KEDGE_HOST_TRY(
      const auto rom,
      build_rom({.vendor = chip.vendor, .devices = chip.devices, .bios = {}, .drivers = {image}}));
  return write_file(file, rom);
}

}  // namespace kedge::host::e2e
