// SPDX-License-Identifier: BSD-2-Clause-Patent
// The 82574L: the PCI Express NIC of QEMU (e1000e) and VMware.
#pragma once

#include "driver/intel/intel_nic.h"

namespace kedge::driver {

inline constexpr PciId kE1000eIds[] = {
    {0x8086, 0x10d3},  // 82574L: QEMU e1000e, VMware
};

inline constexpr intel::Chip kE1000eChip{.name = "e1000e", .family = intel::Family::pcie_8257x};

/// NativeDriver::create of this family. Errors: those of IntelNic::create.
inline Result<std::unique_ptr<link::Device>> create_e1000e(port::PciDevice& pci,
                                                           Consumer consumer) noexcept {
  return intel::create_intel_nic(pci, kE1000eChip, consumer);
}
inline constexpr NativeDriver kE1000eDriver{kE1000eIds, create_e1000e};

}  // namespace kedge::driver
