// SPDX-License-Identifier: BSD-2-Clause-Patent
// Error sites of the TFTP client; those of its packets are in wire/tftp_errors.h.
#pragma once

#include "base/error.h"

namespace kedge::err {

inline constexpr ErrorSite tftp_not_found{
    site_code(ErrorKind::not_found, Module::tftp, 20), "the TFTP server has no such file",
    "Check the name, capital letters included, and that the file is below the server's root."};
inline constexpr ErrorSite tftp_access{
    site_code(ErrorKind::denied, Module::tftp, 21), "the TFTP server denies access",
    "Check that everybody may read the file (chmod o+r) and that it is below the server's root."};
inline constexpr ErrorSite tftp_server_error{site_code(ErrorKind::refused, Module::tftp, 22),
                                             "the TFTP server refused (error code)",
                                             "Look into the server's log for the reason."};
inline constexpr ErrorSite tftp_no_answer{
    site_code(ErrorKind::timed_out, Module::tftp, 23), "no answer from the TFTP server",
    "Check that it runs, and that no firewall keeps its answers, which come from another port."};
inline constexpr ErrorSite tftp_silent{site_code(ErrorKind::timed_out, Module::tftp, 24),
                                       "the TFTP server has stopped sending",
                                       "Check the server and the network between."};
inline constexpr ErrorSite tftp_short{site_code(ErrorKind::malformed, Module::tftp, 25),
                                      "the file is shorter than the server announced",
                                      "Check whether the file is still being written."};
inline constexpr ErrorSite tftp_bad_block{site_code(ErrorKind::malformed, Module::tftp, 26),
                                          "TFTP block is larger than agreed (bytes)",
                                          "This is a defect of the server; use another one."};
inline constexpr ErrorSite tftp_bad_agreement{site_code(ErrorKind::malformed, Module::tftp, 27),
                                              "the TFTP server agrees to what nobody asked",
                                              "This is a defect of the server; use another one."};
inline constexpr ErrorSite tftp_no_host{site_code(ErrorKind::invalid, Module::tftp, 28),
                                        "no server in the URI",
                                        "Write it as in tftp://server/path."};

inline constexpr const ErrorSite* kTftpClientSites[] = {
    &tftp_not_found, &tftp_access,    &tftp_server_error,  &tftp_no_answer, &tftp_silent,
    &tftp_short,     &tftp_bad_block, &tftp_bad_agreement, &tftp_no_host};

}  // namespace kedge::err
