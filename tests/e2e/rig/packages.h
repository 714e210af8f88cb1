// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Where tools/deps has unpacked packages that are not installed.
#pragma once

#include <filesystem>
#include <string_view>

namespace kedge::host::e2e {

// The folder of a package of "SUITE-ARCHITECTURE" in the words of tools/deps.list: "trixie-all".
std::filesystem::path package_directory(std::string_view suite, std::string_view package);

}  // namespace kedge::host::e2e
