// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// What the generators of completion scripts share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kedge/completion.h"

namespace kedge::host {

/// "--output", "-o": what a user types.
std::vector<std::string> option_names(const CompletionOption& option);
/// In single quotes, for bash and zsh.
std::string shell_quote(std::string_view text);

}  // namespace kedge::host
