// SPDX-License-Identifier: BSD-2-Clause-Patent
// Error sites of dhcp.
#pragma once

#include "base/error.h"

namespace kedge::err {

inline constexpr ErrorSite dhcp_no_answer{
    site_code(ErrorKind::timed_out, Module::dhcp, 1), "no DHCP server answered",
    "Check that a DHCP server or relay serves this network, and that the switch port forwards at "
    "once (spanning tree: portfast)."};
inline constexpr ErrorSite dhcp_no_address{
    site_code(ErrorKind::not_found, Module::dhcp, 2), "DHCP offers came without an address",
    "Look into the DHCP server's log: its address pool may be used up."};
inline constexpr ErrorSite dhcp_only_proxy{
    site_code(ErrorKind::not_found, Module::dhcp, 3), "only a ProxyDHCP server answered",
    "A ProxyDHCP server gives boot information but no address: a DHCP server is needed beside it."};
inline constexpr ErrorSite dhcp_refused{
    site_code(ErrorKind::refused, Module::dhcp, 4), "DHCP server took its offer back (NAK)",
    "Look into the DHCP server's log; two servers with different ideas of this network do this."};
inline constexpr ErrorSite dhcp_server_vanished{
    site_code(ErrorKind::timed_out, Module::dhcp, 5),
    "DHCP server made an offer but did not confirm it",
    "Check the DHCP server's log, and that no second server offers addresses of its own."};
inline constexpr ErrorSite dhcp_unusable_lease{
    site_code(ErrorKind::malformed, Module::dhcp, 6), "DHCP lease has no usable address",
    "Check the address that the DHCP server hands out to this machine."};
inline constexpr ErrorSite dhcp_request_too_large{
    site_code(ErrorKind::too_large, Module::dhcp, 7), "DHCP request does not fit",
    "Shorten the host name, user class or vendor class that is set for this machine."};
inline constexpr ErrorSite dhcp_foreign_packet{site_code(ErrorKind::invalid, Module::dhcp, 8),
                                               "cached DHCP packet is for another interface", ""};
inline constexpr ErrorSite dhcp_boot_server_silent{
    site_code(ErrorKind::timed_out, Module::dhcp, 9), "no PXE boot server answered",
    "Check that the boot servers named in DHCP option 43 run and can be reached."};
inline constexpr ErrorSite dhcp_no_boot_server{
    site_code(ErrorKind::not_found, Module::dhcp, 10), "no way to find a PXE boot server",
    "Option 43 forbids broadcast and multicast and lists no server of the chosen type."};

inline constexpr const ErrorSite* kDhcpSites[] = {
    &dhcp_no_answer,          &dhcp_no_address,     &dhcp_only_proxy,        &dhcp_refused,
    &dhcp_server_vanished,    &dhcp_unusable_lease, &dhcp_request_too_large, &dhcp_foreign_packet,
    &dhcp_boot_server_silent, &dhcp_no_boot_server};

}  // namespace kedge::err
