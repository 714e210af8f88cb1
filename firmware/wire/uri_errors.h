// SPDX-License-Identifier: BSD-2-Clause-Patent
// Error sites of URIs.
#pragma once

#include "base/error.h"

namespace kedge::err {

inline constexpr ErrorSite uri_too_long{site_code(ErrorKind::too_large, Module::uri, 1),
                                        "URI is too long", "A URI may have 8192 characters."};
inline constexpr ErrorSite uri_bad_host{
    site_code(ErrorKind::invalid, Module::uri, 2), "not a host name in the URI",
    "Write a name, an IPv4 address, or an IPv6 address in brackets, as in http://[2001:db8::1]/."};
inline constexpr ErrorSite uri_bad_port{site_code(ErrorKind::invalid, Module::uri, 3),
                                        "not a port number in the URI",
                                        "Ports are numbers from 1 to 65535."};
inline constexpr ErrorSite uri_bad_userinfo{
    site_code(ErrorKind::invalid, Module::uri, 4), "user name in the URI is malformed",
    "Write '%' and two hexadecimal digits for special characters in names and passwords."};
inline constexpr ErrorSite uri_not_absolute{
    site_code(ErrorKind::invalid, Module::uri, 5), "URI has no scheme",
    "Write the whole address, such as http://server/path, or give a base to resolve it against."};

inline constexpr const ErrorSite* kUriSites[] = {&uri_too_long, &uri_bad_host, &uri_bad_port,
                                                 &uri_bad_userinfo, &uri_not_absolute};

}  // namespace kedge::err
