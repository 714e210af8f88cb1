// SPDX-License-Identifier: BSD-2-Clause-Patent
// The 8254x family (PCI, PCI-X): the NIC of older virtual machines everywhere.
#pragma once

#include "driver/intel/intel_nic.h"

namespace kedge::driver {

inline constexpr PciId kE1000Ids[] = {
    {0x8086, 0x1004},  // 82543GC: VirtualBox
    {0x8086, 0x100c},  // 82544GC: QEMU e1000-82544gc
    {0x8086, 0x100e},  // 82540EM: QEMU e1000, VirtualBox
    {0x8086, 0x100f},  // 82545EM: QEMU e1000-82545em, VMware, VirtualBox
};

inline constexpr intel::Chip kE1000Chip{.name = "e1000", .family = intel::Family::pci_8254x};

/// NativeDriver::create of this family. Errors: those of IntelNic::create.
inline Result<std::unique_ptr<link::Device>> create_e1000(port::PciDevice& pci,
                                                          Consumer consumer) noexcept {
  return intel::create_intel_nic(pci, kE1000Chip, consumer);
}
inline constexpr NativeDriver kE1000Driver{kE1000Ids, create_e1000};

}  // namespace kedge::driver
