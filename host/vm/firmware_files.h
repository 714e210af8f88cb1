// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Finds the UEFI firmware for QEMU: the read-only code image and the template of its variables.
#pragma once

#include <filesystem>
#include <string_view>

#include "support/outcome.h"
#include "vm/machine.h"

namespace kedge::host {

struct FirmwareFiles {
  std::filesystem::path code;
  std::filesystem::path vars;  // a template: to be copied, never written
};

// Looks where Debian, Fedora, Arch and openSUSE install OVMF and AAVMF. The failure lists the
// places.
Outcome<FirmwareFiles> find_firmware(Architecture architecture, bool secure_boot);

// "CODE" or "CODE,VARS". Without VARS its name is derived from CODE's.
Outcome<FirmwareFiles> parse_firmware(std::string_view text);

}  // namespace kedge::host
