// SPDX-License-Identifier: BSD-2-Clause-Patent
// Error sites of async: the ways in which waiting ends without what was waited for.
#pragma once

#include "base/error.h"

namespace kedge::err {

inline constexpr ErrorSite async_timed_out{site_code(ErrorKind::timed_out, Module::async, 1),
                                           "timed out", ""};
inline constexpr ErrorSite async_cancelled{site_code(ErrorKind::cancelled, Module::async, 2),
                                           "interrupted", ""};
inline constexpr ErrorSite async_no_frame{site_code(ErrorKind::no_memory, Module::async, 3),
                                          "out of memory (coroutine frame)",
                                          "Give the machine more memory, or load smaller files."};

inline constexpr const ErrorSite* kAsyncSites[] = {&async_timed_out, &async_cancelled,
                                                   &async_no_frame};

}  // namespace kedge::err
