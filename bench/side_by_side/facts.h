// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// The machine and the programs that a result was measured with.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "side_by_side/contestants.h"

namespace kedge::host::bench {

// Name and value, in the order in which they are shown.
using Facts = std::vector<std::pair<std::string, std::string>>;

Facts gather_facts(const std::vector<Contestant>& contestants, std::string_view firmware);

// Six hexadecimal digits that tell this machine from others without naming it.
std::string machine_hash();

// "0.53 1.20 2.00": how busy the machine is.
std::string load_average();

}  // namespace kedge::host::bench
