// SPDX-License-Identifier: BSD-2-Clause-Patent
// Error sites of wire: what can be wrong with received bytes and with addresses typed by people.
#pragma once

#include "base/error.h"

namespace kedge::err {

inline constexpr ErrorSite wire_bad_mac{
    site_code(ErrorKind::invalid, Module::wire, 1), "not a MAC address",
    "Write six pairs of hexadecimal digits, such as 52:54:00:12:34:56."};
inline constexpr ErrorSite wire_bad_ipv4{
    site_code(ErrorKind::invalid, Module::wire, 2), "not an IPv4 address",
    "Write four decimal numbers without leading zeros, such as 192.168.1.10."};
inline constexpr ErrorSite wire_bad_ipv6{site_code(ErrorKind::invalid, Module::wire, 3),
                                         "not an IPv6 address",
                                         "Write it as in 2001:db8::10, without brackets or zone."};
inline constexpr ErrorSite wire_bad_netmask{
    site_code(ErrorKind::invalid, Module::wire, 4), "not a netmask",
    "The one bits of a netmask stand together at its start, as in 255.255.255.0."};
inline constexpr ErrorSite wire_bad_subnet{
    site_code(ErrorKind::invalid, Module::wire, 5), "not an IPv4 subnet",
    "Write an address and a prefix length, such as 192.168.1.0/24."};

inline constexpr ErrorSite wire_bad_host_name{
    site_code(ErrorKind::invalid, Module::wire, 6), "not a host name",
    "Write labels of up to 63 ASCII characters with single dots between them, such as "
    "boot.example.org."};
inline constexpr ErrorSite wire_bad_dns_name{site_code(ErrorKind::malformed, Module::wire, 7),
                                             "malformed name in a DNS or DHCP message", ""};
inline constexpr ErrorSite wire_bad_dns{site_code(ErrorKind::malformed, Module::wire, 8),
                                        "malformed DNS message", ""};
inline constexpr ErrorSite wire_bad_dhcp{site_code(ErrorKind::malformed, Module::wire, 9),
                                         "malformed DHCP message", ""};
inline constexpr ErrorSite wire_bad_pxe_options{site_code(ErrorKind::malformed, Module::wire, 10),
                                                "malformed PXE vendor options",
                                                "Check the DHCP server's option 43."};

inline constexpr ErrorSite wire_bad_vlan{
    site_code(ErrorKind::invalid, Module::wire, 11), "not a list of VLANs",
    "Write ids from 0 (no tag) to 4094, with a priority from 0 to 7 if need be, such as 42 or "
    "42:5,43."};

inline constexpr const ErrorSite* kWireSites[] = {
    &wire_bad_mac,    &wire_bad_ipv4,        &wire_bad_ipv6,     &wire_bad_netmask,
    &wire_bad_subnet, &wire_bad_host_name,   &wire_bad_dns_name, &wire_bad_dns,
    &wire_bad_dhcp,   &wire_bad_pxe_options, &wire_bad_vlan};

}  // namespace kedge::err
