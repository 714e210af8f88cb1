// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// A source file as the checks see it: lines, once as they are and once with comments and literals
// blanked.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kedge::host::tidy {

struct Line {
  std::string text;
  std::string code;  // of the same length; comments and the insides of literals are spaces
};

/// Splits a C++ file. Knows line and block comments, literals with escapes, and raw strings.
std::vector<Line> split_source(std::string_view text);

/// The header that a line includes: `base/result.h`, or nothing.
std::optional<std::string> included_header(const Line& line);

/// Whether `code` contains `text` as a whole name: not within a longer identifier.
bool contains_name(std::string_view code, std::string_view text);

}  // namespace kedge::host::tidy
