// SPDX-License-Identifier: BSD-2-Clause-Patent
// Error sites of PXE Base Code. The images that we start see their status, people rarely the text.
#pragma once

#include "base/error.h"

namespace kedge::err {

inline constexpr ErrorSite pxe_aborted{site_code(ErrorKind::cancelled, Module::pxe, 1),
                                       "the started image's callback ended the operation", ""};
inline constexpr ErrorSite pxe_size_known{site_code(ErrorKind::too_large, Module::pxe, 2),
                                          "the file's size is known, its content is not wanted",
                                          ""};
inline constexpr ErrorSite pxe_no_search{site_code(ErrorKind::invalid, Module::pxe, 3),
                                         "no way is left to look for a boot server", ""};
inline constexpr ErrorSite pxe_cannot_write{site_code(ErrorKind::unsupported, Module::pxe, 4),
                                            "files can be written by TFTP only",
                                            "Give the name of a file on the TFTP server."};

inline constexpr const ErrorSite* kPxeSites[] = {&pxe_aborted, &pxe_size_known, &pxe_no_search,
                                                 &pxe_cannot_write};

}  // namespace kedge::err
