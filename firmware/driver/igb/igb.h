// SPDX-License-Identifier: BSD-2-Clause-Patent
// The 82576: the NIC of QEMU (igb) with queues enabled one by one and advanced descriptors.
#pragma once

#include "driver/intel/intel_nic.h"

namespace kedge::driver {

inline constexpr PciId kIgbIds[] = {
    {0x8086, 0x10c9},  // 82576: QEMU igb
};

inline constexpr intel::Chip kIgbChip{.name = "igb", .family = intel::Family::pcie_82576};

/// NativeDriver::create of this family. Errors: those of IntelNic::create.
inline Result<std::unique_ptr<link::Device>> create_igb(port::PciDevice& pci,
                                                        Consumer consumer) noexcept {
  return intel::create_intel_nic(pci, kIgbChip, consumer);
}
inline constexpr NativeDriver kIgbDriver{kIgbIds, create_igb};

}  // namespace kedge::driver
