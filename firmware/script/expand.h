// SPDX-License-Identifier: BSD-2-Clause-Patent
// Expansion of ${setting} in a word, innermost first; what has no value expands to nothing.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "script/settings.h"

namespace kedge::script {

/// References expanded in one word, and the longest result. A value may contain references itself:
/// the limits end those that contain themselves.
inline constexpr std::size_t kExpansionsMax = 256;
inline constexpr std::size_t kExpandedBytesMax = 64 * 1024;

/// Errors: script_expansion.
Result<std::string> expand(std::string_view text, SettingsTree& settings) noexcept;

}  // namespace kedge::script
