// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// An explanation for programs; its keys are in kedge-domain(1).
#pragma once

#include <nlohmann/json.hpp>

#include "domain/explain.h"

namespace kedge::host {

nlohmann::json json_explanation(const Explanation& explanation);

}  // namespace kedge::host
