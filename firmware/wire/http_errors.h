// SPDX-License-Identifier: BSD-2-Clause-Patent
// Error sites of HTTP messages; those of the client follow from 20 on in client/http/.
#pragma once

#include "base/error.h"

namespace kedge::err {

inline constexpr ErrorSite http_bad_status_line{
    site_code(ErrorKind::malformed, Module::http, 1), "the answer is not HTTP",
    "Check that a web server listens on that port, and that it does not expect https."};
inline constexpr ErrorSite http_bad_field{site_code(ErrorKind::malformed, Module::http, 2),
                                          "malformed header field in the HTTP answer",
                                          "Look at what server or proxy sends this answer."};
inline constexpr ErrorSite http_head_too_large{
    site_code(ErrorKind::too_large, Module::http, 3), "HTTP answer's head is too large",
    "Up to 64 KiB and 128 header fields are accepted; look at what the server sends."};
inline constexpr ErrorSite http_conflicting_length{
    site_code(ErrorKind::malformed, Module::http, 4),
    "HTTP answer contradicts itself on its length",
    "Look at what server or proxy sends two different Content-Length fields."};
inline constexpr ErrorSite http_transfer_coding{
    site_code(ErrorKind::unsupported, Module::http, 5),
    "HTTP answer uses an unknown transfer coding",
    "Only \"chunked\" is understood; switch compression of transfers off at the server."};
inline constexpr ErrorSite http_bad_chunk{site_code(ErrorKind::malformed, Module::http, 6),
                                          "malformed chunk in the HTTP answer",
                                          "Look at what server or proxy sends this answer."};
inline constexpr ErrorSite http_bad_range{site_code(ErrorKind::malformed, Module::http, 7),
                                          "malformed Content-Range in the HTTP answer",
                                          "Look at how the server answers range requests."};
inline constexpr ErrorSite http_bad_request_text{
    site_code(ErrorKind::invalid, Module::http, 8), "control character in an HTTP request",
    "Remove line ends and the like from user agent, user name and password."};

inline constexpr const ErrorSite* kHttpMessageSites[] = {
    &http_bad_status_line, &http_bad_field, &http_head_too_large, &http_conflicting_length,
    &http_transfer_coding, &http_bad_chunk, &http_bad_range,      &http_bad_request_text};

}  // namespace kedge::err
