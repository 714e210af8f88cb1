// SPDX-License-Identifier: BSD-2-Clause-Patent
// The VLANs that the machine remembers for a NIC, in the variable where edk2's network stack
// (MnpDxe) keeps those of its VLAN Config: named by the NIC's address in upper-case digits, vendor
// EFI_VLAN_CONFIG_PROTOCOL, one little-endian word of tag control information (IEEE 802.1Q, 9.6)
// for each. So a VLAN of the firmware's setup is one of our boots, and the other way round.
#pragma once

#include "uefi/firmware.h"
#include "wire/mac.h"
#include "wire/vlan.h"

namespace kedge::uefi {

/// In the order in which they were set. None when the variable is not there, or has more than
/// VlanList::kMax.
wire::VlanList stored_vlans(const Firmware& firmware, const wire::MacAddress& mac) noexcept;
/// Answers: those of SetVariable.
EFI_STATUS store_vlans(const Firmware& firmware, const wire::MacAddress& mac,
                       const wire::VlanList& vlans) noexcept;

}  // namespace kedge::uefi
