// SPDX-License-Identifier: BSD-2-Clause-Patent
// How the firmware started us: uefi's view of it turned into a LaunchContext and a DHCP lease.
#pragma once

#include "app/launch_context.h"
#include "client/dhcp/dhcp_lease.h"
#include "uefi/chainload.h"

namespace kedge::app {

/// Reads autoexec.ipxe from our own volume, too. To be called before NICs are taken.
LaunchContext describe_launch(const uefi::Firmware& firmware,
                              const uefi::ChainloadContext& context) noexcept;

/// The lease in the launch's cached packets, when there is a usable one.
std::optional<client::DhcpLease> cached_lease(const LaunchContext& launch) noexcept;

}  // namespace kedge::app
