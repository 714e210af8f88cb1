// SPDX-License-Identifier: BSD-2-Clause-Patent
// Error sites of TFTP packets; those of the client follow from 20 on in client/tftp/.
#pragma once

#include "base/error.h"

namespace kedge::err {

inline constexpr ErrorSite tftp_malformed{site_code(ErrorKind::malformed, Module::tftp, 1),
                                          "malformed TFTP packet",
                                          "Check that a TFTP server listens on that port."};
inline constexpr ErrorSite tftp_bad_name{
    site_code(ErrorKind::invalid, Module::tftp, 2), "file name cannot be asked for by TFTP",
    "TFTP file names have 1 to 384 characters, none of them NUL."};

inline constexpr const ErrorSite* kTftpPacketSites[] = {&tftp_malformed, &tftp_bad_name};

}  // namespace kedge::err
