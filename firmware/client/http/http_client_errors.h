// SPDX-License-Identifier: BSD-2-Clause-Patent
// Error sites of the HTTP client; those of its messages are in wire/http_errors.h.
#pragma once

#include "base/error.h"

namespace kedge::err {

inline constexpr ErrorSite http_not_found{
    site_code(ErrorKind::not_found, Module::http, 20), "the server has no such file",
    "Check the path in the URI, and that the file is below the server's document root."};
inline constexpr ErrorSite http_forbidden{
    site_code(ErrorKind::denied, Module::http, 21), "the server denies access",
    "Check the permissions of the file and the access rules of the server."};
inline constexpr ErrorSite http_unauthorized{
    site_code(ErrorKind::denied, Module::http, 22), "the server asks for a user name and password",
    "Set username and password, or write them into the URI: http://user:password@server/."};
inline constexpr ErrorSite http_credentials_refused{site_code(ErrorKind::denied, Module::http, 23),
                                                    "the server refused user name and password",
                                                    "Check user name and password."};
inline constexpr ErrorSite http_auth_unsupported{
    site_code(ErrorKind::unsupported, Module::http, 24),
    "the server asks for an unknown kind of authentication",
    "Let the server offer Basic, or Digest with MD5 or SHA-256 and qop=auth."};
inline constexpr ErrorSite http_server_error{site_code(ErrorKind::io, Module::http, 25),
                                             "the server failed (HTTP status)",
                                             "Look into the server's log for the reason."};
inline constexpr ErrorSite http_status{site_code(ErrorKind::refused, Module::http, 26),
                                       "the server refused the request (HTTP status)",
                                       "Look into the server's log for the reason."};
inline constexpr ErrorSite http_too_many_redirects{
    site_code(ErrorKind::refused, Module::http, 27), "too many redirects",
    "Check the server's redirects; ask for the final address directly."};
inline constexpr ErrorSite http_redirect_loop{
    site_code(ErrorKind::refused, Module::http, 28), "redirect loop",
    "The server sends us in a circle; check its redirects."};
inline constexpr ErrorSite http_redirect_nowhere{site_code(ErrorKind::malformed, Module::http, 29),
                                                 "redirect without a usable address",
                                                 "Check the server's Location field."};
inline constexpr ErrorSite http_https_unsupported{
    site_code(ErrorKind::unsupported, Module::http, 30), "https is not supported yet",
    "Serve the file over http, or let the server not redirect to https."};
inline constexpr ErrorSite http_scheme_unsupported{
    site_code(ErrorKind::unsupported, Module::http, 31), "unsupported kind of URI",
    "Use http:// or tftp://."};
inline constexpr ErrorSite http_ended_early{site_code(ErrorKind::closed, Module::http, 32),
                                            "connection ended before the answer did",
                                            "Look into the server's log for the reason."};
inline constexpr ErrorSite http_wrong_length{
    site_code(ErrorKind::malformed, Module::http, 33),
    "the file is shorter than the server announced",
    "Check whether the file is still being written, and what the server says of its length."};
inline constexpr ErrorSite http_no_answer{site_code(ErrorKind::timed_out, Module::http, 34),
                                          "no answer from the server (seconds waited)",
                                          "Check that the server is not overloaded."};
inline constexpr ErrorSite http_stalled{site_code(ErrorKind::timed_out, Module::http, 35),
                                        "no more data from the server (seconds waited)",
                                        "Check the server and the network between."};
inline constexpr ErrorSite http_retry_later{site_code(ErrorKind::busy, Module::http, 36),
                                            "the server asks to come back later (seconds)",
                                            "Try again then, or give the server more capacity."};
inline constexpr ErrorSite http_no_host{site_code(ErrorKind::invalid, Module::http, 37),
                                        "no server in the URI",
                                        "Write it as in http://server/path."};

inline constexpr const ErrorSite* kHttpClientSites[] = {&http_not_found,
                                                        &http_forbidden,
                                                        &http_unauthorized,
                                                        &http_credentials_refused,
                                                        &http_auth_unsupported,
                                                        &http_server_error,
                                                        &http_status,
                                                        &http_too_many_redirects,
                                                        &http_redirect_loop,
                                                        &http_redirect_nowhere,
                                                        &http_https_unsupported,
                                                        &http_scheme_unsupported,
                                                        &http_ended_early,
                                                        &http_wrong_length,
                                                        &http_no_answer,
                                                        &http_stalled,
                                                        &http_retry_later,
                                                        &http_no_host};

}  // namespace kedge::err
