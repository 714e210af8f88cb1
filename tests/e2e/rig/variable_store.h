// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Writes EFI variables into a file of OVMF's variables, as if the machine had been told before.
#pragma once

#include <filesystem>
#include <string_view>

#include "support/outcome.h"

namespace kedge::host::e2e {

// A non-volatile boot-services variable of Kedge's vendor (docs/personality.md). `file` is changed
// in place; it must not have a variable of this name yet.
Outcome<void> add_kedge_variable(const std::filesystem::path& file, std::string_view name,
                                 std::string_view value);

// The driver in the firmware's list that it loads before it boots: Driver0000 and DriverOrder
// (UEFI 2.10, 3.1.3), with a path on whatever volume has the file ("\\kedge.efi").
Outcome<void> add_driver_option(const std::filesystem::path& file, std::string_view path);

}  // namespace kedge::host::e2e
