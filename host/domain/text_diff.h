// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// The difference of two texts for people, in the form of `diff -u`.
#pragma once

#include <string>
#include <string_view>

namespace kedge::host {

// Empty when the texts are equal.
std::string unified_diff(std::string_view before, std::string_view after, std::string_view name);

}  // namespace kedge::host
