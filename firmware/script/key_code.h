// SPDX-License-Identifier: BSD-2-Clause-Patent
// Keys as scripts name them: a character, or iPXE's number for it.
#pragma once

#include <string_view>

#include "base/result.h"
#include "port/console.h"

namespace kedge::script {

/// "q", "0x02" (Ctrl-B), "0x197e" (F12). Numbers over 0x100 stand for the terminal sequence
/// ESC [ n c: n + 1 in the upper bits and the character c in the lower eight. Errors:
/// settings_bad_value.
Result<port::Key> parse_key(std::string_view text) noexcept;

}  // namespace kedge::script
