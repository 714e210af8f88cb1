// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// JSON from files that somebody else wrote: bounded in size and depth.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

#include "support/outcome.h"

namespace kedge::host {

// The failure names the byte.
Outcome<nlohmann::json> parse_json(std::string_view text, std::size_t bytes_max, int depth_max);

}  // namespace kedge::host
