// SPDX-License-Identifier: BSD-2-Clause-Patent
// Chip: in what the families of Intel's gigabit controllers differ for this driver.
#pragma once

#include <string_view>

#include "driver/intel/regs.h"

namespace kedge::driver::intel {

enum class Family : std::uint8_t {
  pci_8254x,   ///< PCI and PCI-X; legacy receive descriptors, extended transmit descriptors
  pcie_8257x,  ///< 82571 to 82574; extended descriptors
  pcie_82576,  ///< 82575 on; advanced descriptors, queues that are enabled one by one
};

struct Chip {
  std::string_view name;  ///< of the driver, for people
  Family family;

  constexpr bool pcie() const noexcept { return family != Family::pci_8254x; }
  constexpr bool legacy_receive() const noexcept { return family == Family::pci_8254x; }
  constexpr bool advanced() const noexcept { return family == Family::pcie_82576; }
  constexpr RingRegs receive_ring() const noexcept {
    return advanced() ? kReceiveRing82576 : kReceiveRing;
  }
  constexpr RingRegs transmit_ring() const noexcept {
    return advanced() ? kTransmitRing82576 : kTransmitRing;
  }
};

/// Which rule a device broke: the detail of err::nic_broken.
enum class Fault : std::uint8_t {
  none = 0,
  unplugged = 1,          ///< registers read as all ones
  length_too_large = 2,   ///< a frame longer than its buffer
  frame_without_end = 3,  ///< a frame that goes on in the next buffer, although it may not
};

}  // namespace kedge::driver::intel
