// SPDX-License-Identifier: BSD-2-Clause-Patent
// Error sites that the drivers of real chips share. What a chip alone can do wrong is told by the
// detail: a register's value, or the driver's own number of the rule that was broken.
#pragma once

#include "base/error.h"

namespace kedge::err {

inline constexpr ErrorSite nic_no_response{
    site_code(ErrorKind::io, Module::nic, 1), "network chip does not answer",
    "Reset the machine; the device is unplugged, asleep or has no address."};
inline constexpr ErrorSite nic_no_registers{
    site_code(ErrorKind::unsupported, Module::nic, 2),
    "network chip has no register window that the driver can use",
    "Let the firmware give the device an address in memory or I/O space."};
inline constexpr ErrorSite nic_reset_timeout{site_code(ErrorKind::timed_out, Module::nic, 3),
                                             "network chip does not finish its reset",
                                             "Reset the machine."};
inline constexpr ErrorSite nic_no_mac{site_code(ErrorKind::not_found, Module::nic, 4),
                                      "network chip has no usable MAC address",
                                      "Give the network device a unicast MAC address."};
inline constexpr ErrorSite nic_address_too_high{
    site_code(ErrorKind::too_large, Module::nic, 5),
    "memory for the network chip is beyond the addresses that it can reach", ""};
inline constexpr ErrorSite nic_broken{
    site_code(ErrorKind::io, Module::nic, 6),
    "network chip broke the rules of its rings and was stopped",
    "Reset the machine; if it happens again, update the hypervisor."};

inline constexpr const ErrorSite* kNicSites[] = {&nic_no_response,      &nic_no_registers,
                                                 &nic_reset_timeout,    &nic_no_mac,
                                                 &nic_address_too_high, &nic_broken};

}  // namespace kedge::err
