// SPDX-License-Identifier: BSD-2-Clause-Patent
// NativeDriver: what each folder of driver/ gives to the lists of drivers in app/.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "driver/pci_id.h"
#include "link/device.h"
#include "port/pci_device.h"

namespace kedge::driver {

/// Who takes the frames of a device.
enum class Consumer : std::uint8_t {
  own_stack,       ///< net/: merged segments and partial checksums are welcome
  simple_network,  ///< another stack: frames of the MTU with complete checksums, one at a time
};

/// One driver. `create` finds the chip behind a function whose ids are in `ids` and reads its
/// address; the function must outlive the device and all frames that it delivers.
struct NativeDriver {
  std::span<const PciId> ids;
  Result<std::unique_ptr<link::Device>> (*create)(port::PciDevice& pci, Consumer consumer) noexcept;
};

/// The driver among `drivers` for functions with the ids `id`; nullptr when there is none.
constexpr const NativeDriver* find_driver(std::span<const NativeDriver> drivers,
                                          const PciId& id) noexcept {
  for (const NativeDriver& driver : drivers) {
    for (const PciId& known : driver.ids) {
      if (known == id) return &driver;
    }
  }
  return nullptr;
}

}  // namespace kedge::driver
