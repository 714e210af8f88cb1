// SPDX-License-Identifier: BSD-2-Clause-Patent
// Error sites of PageSink.
#pragma once

#include "base/error.h"

namespace kedge::err {

inline constexpr ErrorSite image_no_memory{site_code(ErrorKind::no_memory, Module::image, 200),
                                           "not enough memory for the file (MiB)",
                                           "Give the machine more memory, or load a smaller file."};
inline constexpr ErrorSite image_over_limit{site_code(ErrorKind::too_large, Module::image, 201),
                                            "the file is larger than allowed (MiB)", ""};

inline constexpr const ErrorSite* kPageSinkSites[] = {&image_no_memory, &image_over_limit};

}  // namespace kedge::err
