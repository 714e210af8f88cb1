// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// The checks.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "tidy/rules.h"

namespace kedge::host::tidy {

struct Finding {
  std::string file;
  std::size_t line = 0;  // from 1
  std::string text;

  bool operator==(const Finding&) const = default;
};

/// Checks one file. `name` is its path from the root of the repository, with slashes.
std::vector<Finding> check_file(const Rules& rules, std::string_view name,
                                std::string_view contents);

/// Whether the checks know this kind of file: C++ and C sources, CMake files and scripts.
bool is_source(std::string_view name, std::string_view contents);

}  // namespace kedge::host::tidy
