// SPDX-License-Identifier: BSD-2-Clause-Patent
// Error sites of base: failures that any module may report.
#pragma once

#include "base/error.h"

namespace kedge::err {

inline constexpr ErrorSite base_no_memory{site_code(ErrorKind::no_memory, Module::base, 1),
                                          "out of memory",
                                          "Give the machine more memory, or load smaller files."};
inline constexpr ErrorSite base_truncated{site_code(ErrorKind::malformed, Module::base, 2),
                                          "data ends too early", ""};
inline constexpr ErrorSite base_no_space{site_code(ErrorKind::too_large, Module::base, 3),
                                         "data does not fit its buffer", ""};
inline constexpr ErrorSite base_invalid{site_code(ErrorKind::invalid, Module::base, 4),
                                        "invalid value", ""};

inline constexpr const ErrorSite* kBaseSites[] = {&base_no_memory, &base_truncated, &base_no_space,
                                                  &base_invalid};

}  // namespace kedge::err
