// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// The value of Kedge's option `vlan`, for people: what is wrong with it, and how it reads.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "support/outcome.h"
#include "wire/vlan.h"

namespace kedge::host {

// In the order in which Kedge tries them, as the firmware reads them. The failure says what is
// wrong, with an example.
Outcome<std::vector<wire::VlanTag>> parse_vlans(std::string_view text);
// "42 (priority 5), then 0 (no VLAN)".
std::string vlans_text(const std::vector<wire::VlanTag>& vlans);

}  // namespace kedge::host
