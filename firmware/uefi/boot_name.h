// SPDX-License-Identifier: BSD-2-Clause-Patent
// The name of a NIC's boot option, which is the last node of its device path (ADR 0007).
#pragma once

#include <optional>
#include <string>

#include "uefi/device_path.h"

namespace kedge::uefi {

/// "MAC:525400123456 Kedge": what boot menus show.
std::string boot_option_name(const wire::MacAddress& mac) noexcept;
/// Adds the node with that name.
void append_boot_option(DevicePath& path, const wire::MacAddress& mac) noexcept;
/// The address in a node that such a name is in; nothing for any other node.
std::optional<wire::MacAddress> boot_option_mac(const DevicePathNode& node) noexcept;

}  // namespace kedge::uefi
