// SPDX-License-Identifier: BSD-2-Clause-Patent
// Files on media of the firmware, such as autoexec.ipxe beside our own image.
#pragma once

#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "uefi/firmware.h"

namespace kedge::uefi {

/// Reads a file of the file system on `device`. `path` may use either slash and is absolute.
/// Errors: uefi_file_missing (also when there is no file system), uefi_file_too_large,
/// uefi_file_failed, base_no_memory.
Result<std::vector<std::byte>> read_file(const Firmware& firmware, Handle device,
                                         std::string_view path, std::size_t bytes_max) noexcept;

}  // namespace kedge::uefi
