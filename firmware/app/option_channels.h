// SPDX-License-Identifier: BSD-2-Clause-Patent
// Reads BootOptions from the machine: EFI variables, SMBIOS OEM strings, QEMU's fw_cfg.
#pragma once

#include "app/boot_options.h"
#include "uefi/fw_cfg.h"

namespace kedge::app {

/// The vendor of our EFI variables: e45be53d-b28c-49ad-bde9-455c76101169.
inline constexpr EFI_GUID kOptionVendor = {
    0xe45be53d, 0xb28c, 0x49ad, {0xbd, 0xe9, 0x45, 0x5c, 0x76, 0x10, 0x11, 0x69}};
inline constexpr std::string_view kOemStringPrefix = "kedge:";
inline constexpr std::string_view kFwCfgPrefix = "opt/org.kedge/";

/// What all channels say about the NIC with this address. `only` one option, which is cheap, or
/// all. `fw_cfg` is nullptr where there is none.
BootOptions read_boot_options(const uefi::Firmware& firmware, uefi::FwCfgIo* fw_cfg,
                              const wire::MacAddress& mac, std::string_view only = {}) noexcept;

/// The VLANs of a NIC, in the order in which they are tried: what its owner has said, else what the
/// firmware remembers. None: no tags.
wire::VlanList vlans_of(const uefi::Firmware& firmware, const wire::MacAddress& mac,
                        const NicOptions& options) noexcept;

}  // namespace kedge::app
