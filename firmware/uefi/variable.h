// SPDX-License-Identifier: BSD-2-Clause-Patent
// EFI variables (UEFI 2.10, 8.2).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "uefi/firmware.h"

namespace kedge::uefi {

/// More names than this are not looked at.
inline constexpr std::size_t kVariableNamesMax = 4096;
/// Longer names, in UTF-16 units with the zero at their end, end the search: none of ours is.
inline constexpr std::size_t kVariableNameUnitsMax = 1024;

/// The variable's value; nothing when it does not exist or is larger than `bytes_max`.
std::optional<std::vector<std::byte>> read_variable(const Firmware& firmware,
                                                    const EFI_GUID& vendor, std::string_view name,
                                                    std::size_t bytes_max) noexcept;
/// Sets a variable that lasts, for programs before the operating system; an empty value removes it,
/// and what is not there is removed. At TPL_CALLBACK at most. Answers: those of SetVariable.
EFI_STATUS write_variable(const Firmware& firmware, const EFI_GUID& vendor, std::string_view name,
                          ByteView value) noexcept;
/// The names of a vendor's variables.
std::vector<std::string> variable_names(const Firmware& firmware, const EFI_GUID& vendor) noexcept;

}  // namespace kedge::uefi
