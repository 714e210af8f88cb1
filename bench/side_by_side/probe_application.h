// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// What the contestants download and start: a UEFI application of any size, which says on the serial
// port that it runs and switches the machine off. The size is padding behind its only section.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "support/outcome.h"

namespace kedge::host::bench {

// The application without padding. At most 128 characters of text.
std::string make_probe_application(std::string_view text);

// Writes the application, padded to `bytes` with bytes that no compression shortens.
Outcome<void> write_probe_file(const std::filesystem::path& file, std::string_view text,
                               std::uint64_t bytes);

}  // namespace kedge::host::bench
