// SPDX-License-Identifier: BSD-2-Clause-Patent
// Error sites of the virtio network driver.
#pragma once

#include "base/error.h"

namespace kedge::err {

inline constexpr ErrorSite virtio_no_interface{
    site_code(ErrorKind::unsupported, Module::virtio, 1),
    "virtio device offers neither the modern nor the legacy interface",
    "Give the device an address in memory or I/O space; on a PCI Express port leave "
    "disable-modern=off."};
inline constexpr ErrorSite virtio_no_response{
    site_code(ErrorKind::io, Module::virtio, 2), "virtio device does not answer",
    "Reset the machine; the device is unplugged or has no address."};
inline constexpr ErrorSite virtio_reset_timeout{site_code(ErrorKind::timed_out, Module::virtio, 3),
                                                "virtio device does not finish its reset",
                                                "Reset the machine."};
inline constexpr ErrorSite virtio_no_version_1{
    site_code(ErrorKind::unsupported, Module::virtio, 4),
    "modern virtio device does not offer VIRTIO_F_VERSION_1", "Update the hypervisor."};
inline constexpr ErrorSite virtio_features_refused{
    site_code(ErrorKind::refused, Module::virtio, 5),
    "virtio device refuses the features that it offered", "Update the hypervisor."};
inline constexpr ErrorSite virtio_no_queue{site_code(ErrorKind::not_found, Module::virtio, 6),
                                           "virtio device has no such queue", ""};
inline constexpr ErrorSite virtio_bad_queue_size{
    site_code(ErrorKind::invalid, Module::virtio, 7), "virtio queue has an impossible size",
    "Set rx_queue_size and tx_queue_size to a power of two from 16 to 32768."};
inline constexpr ErrorSite virtio_bad_notify_address{
    site_code(ErrorKind::invalid, Module::virtio, 8),
    "virtio queue's notification address is outside of its register window", ""};
inline constexpr ErrorSite virtio_address_too_high{
    site_code(ErrorKind::too_large, Module::virtio, 9),
    "queue memory is beyond the reach of the legacy virtio interface",
    "Use the modern interface (disable-modern=off)."};
inline constexpr ErrorSite virtio_no_mac{site_code(ErrorKind::not_found, Module::virtio, 10),
                                         "virtio device has no usable MAC address",
                                         "Give the network device a unicast MAC address."};
inline constexpr ErrorSite virtio_bad_config{site_code(ErrorKind::io, Module::virtio, 11),
                                             "virtio device's configuration does not settle",
                                             "Reset the machine."};
/// Detail: which rule was broken, a virtio::Fault.
inline constexpr ErrorSite virtio_broken{
    site_code(ErrorKind::io, Module::virtio, 12),
    "virtio device broke the rules of its ring and was stopped",
    "Report the hypervisor's version and this code; restart the boot to try again."};

inline constexpr const ErrorSite* kVirtioSites[] = {
    &virtio_no_interface,   &virtio_no_response,        &virtio_reset_timeout,
    &virtio_no_version_1,   &virtio_features_refused,   &virtio_no_queue,
    &virtio_bad_queue_size, &virtio_bad_notify_address, &virtio_address_too_high,
    &virtio_no_mac,         &virtio_bad_config,         &virtio_broken};

}  // namespace kedge::err
