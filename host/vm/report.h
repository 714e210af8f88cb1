// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// What `kedge vm` says at the end: the timeline for people, the summary for programs.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "vm/session.h"

namespace kedge::host {

// Adds the transfers as events: where they began, and how much in which time.
void add_transfers(std::vector<TimelineEvent>& events, const std::vector<HttpTransfer>& transfers,
                   Instant started);

// The timeline with a heading and the explanation below it.
std::string format_report(const VmReport& report);

// The keys are part of the interface, documented in kedge-vm(1).
nlohmann::json json_report(const VmReport& report);

}  // namespace kedge::host
