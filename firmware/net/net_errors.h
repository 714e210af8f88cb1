// SPDX-License-Identifier: BSD-2-Clause-Patent
// Error sites of net.
#pragma once

#include "base/error.h"

namespace kedge::err {

inline constexpr ErrorSite net_unreachable{
    site_code(ErrorKind::unreachable, Module::net, 1), "network unreachable",
    "Check the address, the gateway and the cabling between this machine and the server."};
inline constexpr ErrorSite net_refused{
    site_code(ErrorKind::refused, Module::net, 2), "connection refused",
    "The machine answers, but nothing listens on that port: is the server running?"};
inline constexpr ErrorSite net_reset{site_code(ErrorKind::closed, Module::net, 3),
                                     "connection reset by the server",
                                     "Look into the server's log for the reason."};
inline constexpr ErrorSite net_no_link{
    site_code(ErrorKind::no_link, Module::net, 4), "no link",
    "Check the cable and the switch port; in a VM, whether the NIC's link state is up."};
inline constexpr ErrorSite net_closed{site_code(ErrorKind::closed, Module::net, 5),
                                      "connection is closed", ""};
inline constexpr ErrorSite net_no_memory{site_code(ErrorKind::no_memory, Module::net, 6),
                                         "out of network buffers", ""};
inline constexpr ErrorSite net_bad_address{
    site_code(ErrorKind::invalid, Module::net, 7), "not an address that a machine can have",
    "Correct the address or the netmask that was configured or offered by DHCP."};
inline constexpr ErrorSite net_port_in_use{site_code(ErrorKind::busy, Module::net, 8),
                                           "local port is in use", ""};
inline constexpr ErrorSite net_no_resolver{
    site_code(ErrorKind::unsupported, Module::net, 9), "names cannot be resolved",
    "Use an address instead of a name, or configure a DNS server."};
inline constexpr ErrorSite net_too_large{site_code(ErrorKind::too_large, Module::net, 10),
                                         "datagram is too large", ""};
inline constexpr ErrorSite net_no_neighbour{
    site_code(ErrorKind::timed_out, Module::net, 11),
    "the next machine on the way does not answer ARP",
    "Check the server's or gateway's address, the netmask, and whether that machine is up."};

inline constexpr const ErrorSite* kNetSites[] = {
    &net_unreachable, &net_refused,   &net_reset,       &net_no_link,
    &net_closed,      &net_no_memory, &net_bad_address, &net_port_in_use,
    &net_no_resolver, &net_too_large, &net_no_neighbour};

}  // namespace kedge::err
