// SPDX-License-Identifier: BSD-2-Clause-Patent
// Nics: the machine's NICs as devices of the stack, taken from the firmware when they are used.
#pragma once

#include <memory>
#include <vector>

#include "app/image_store.h"
#include "uefi/nic_inventory.h"

namespace kedge::app {

/// A NIC that is claimed when it starts, so that it can be given back and taken again while the
/// stack keeps its interface.
class NicDevice final : public link::Device {
 public:
  NicDevice(uefi::NicInventory& inventory, uefi::NicInventory::Nic& nic, uefi::CpuClock& clock,
            bool through_firmware) noexcept
      : inventory_(inventory), nic_(nic), clock_(clock), through_firmware_(through_firmware) {}

  /// Claims the NIC now, for its address. Errors: those of NicInventory::claim.
  Result<void> claim() noexcept;
  const uefi::NicInventory::Nic& nic() const noexcept { return nic_; }

  std::string_view driver_name() const noexcept override;
  wire::MacAddress mac() const noexcept override { return nic_.mac.value_or(wire::MacAddress()); }
  std::uint16_t mtu() const noexcept override;
  link::Capabilities capabilities() const noexcept override;
  link::LinkState link_state() noexcept override;
  const link::Statistics& statistics() const noexcept override;
  Result<void> start() noexcept override;
  void stop() noexcept override;
  void quiesce() noexcept override;
  std::uint32_t poll(link::Receiver& receiver, std::uint32_t budget) noexcept override;
  Result<void> transmit(std::span<const ByteView> pieces,
                        link::TransmitInfo info) noexcept override;

 private:
  uefi::NicInventory& inventory_;
  uefi::NicInventory::Nic& nic_;
  uefi::CpuClock& clock_;
  bool through_firmware_;
  link::Statistics last_statistics_;
};

/// Which NICs an image of ours uses.
enum class NicPolicy : std::uint8_t {
  all,           ///< every NIC, by our own driver where there is one
  started_from,  ///< only the one that we were loaded from, through the firmware's driver
};

}  // namespace kedge::app
