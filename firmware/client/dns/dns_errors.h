// SPDX-License-Identifier: BSD-2-Clause-Patent
// Error sites of dns. DnsResolver::explanation() adds which server said it.
#pragma once

#include "base/error.h"

namespace kedge::err {

inline constexpr ErrorSite dns_no_servers{
    site_code(ErrorKind::unreachable, Module::dns, 1), "no DNS server is known",
    "Let the DHCP server send option 6, set dns by hand, or use an address instead of the name."};
inline constexpr ErrorSite dns_not_found{
    site_code(ErrorKind::not_found, Module::dns, 2), "host name does not exist (NXDOMAIN)",
    "Check the spelling of the name and the domain it is looked up in."};
inline constexpr ErrorSite dns_server_failure{
    site_code(ErrorKind::io, Module::dns, 3), "DNS server could not answer",
    "Look into the DNS server's log; the number is its response code."};
inline constexpr ErrorSite dns_no_answer{
    site_code(ErrorKind::timed_out, Module::dns, 4), "no DNS server answered",
    "Check that the DNS servers run, and that this machine has a route to them."};
inline constexpr ErrorSite dns_no_address{
    site_code(ErrorKind::not_found, Module::dns, 5), "host name has no address",
    "The name exists, but without an address of the kind that this machine uses."};
inline constexpr ErrorSite dns_too_many_aliases{
    site_code(ErrorKind::malformed, Module::dns, 6), "too many aliases (CNAME) in a row",
    "Check the DNS zone for aliases that lead to each other."};
inline constexpr ErrorSite dns_bad_tcp_answer{site_code(ErrorKind::malformed, Module::dns, 7),
                                              "DNS answer over TCP has an impossible length", ""};

inline constexpr const ErrorSite* kDnsSites[] = {
    &dns_no_servers, &dns_not_found,        &dns_server_failure, &dns_no_answer,
    &dns_no_address, &dns_too_many_aliases, &dns_bad_tcp_answer};

}  // namespace kedge::err
