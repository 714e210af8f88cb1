// SPDX-License-Identifier: BSD-2-Clause-Patent
// What both modes of the RTL8139 family have in common.
#pragma once

#include <optional>

#include "base/result.h"
#include "driver/rtl8139/regs.h"
#include "link/device.h"
#include "port/bar_window.h"

namespace kedge::driver::rtl8139 {

inline constexpr std::uint16_t kPciRevision = 0x08;
inline constexpr std::uint32_t kTransmitConfig =
    Tcr::ifg.with(Tcr::mxdma.with(0, Tcr::kMxdma2048), Tcr::kIfgStandard);

/// Ends all DMA. Errors: nic_no_response, nic_reset_timeout.
Result<void> reset(port::PciDevice& pci, port::BarWindow& registers) noexcept;
/// Resets the chip; its address is not looked at. Errors: those of reset().
Result<wire::MacAddress> identify(port::PciDevice& pci, port::BarWindow& registers) noexcept;
/// Of a chip that runs; nothing when none answers.
std::optional<link::LinkState> link_state(port::BarWindow& registers) noexcept;

}  // namespace kedge::driver::rtl8139
