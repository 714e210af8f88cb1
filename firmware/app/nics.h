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
class ClaimedDevice : public link::Device {
 public:
  explicit ClaimedDevice(uefi::CpuClock& clock) noexcept : clock_(clock) {}

  /// Claims the NIC now, for its address. Idempotent.
  virtual Result<void> claim() noexcept = 0;

  std::string_view driver_name() const noexcept override;
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
  void set_receive_filter(const link::ReceiveFilter& filter) noexcept override;

 private:
  /// nullptr while it is not claimed.
  virtual link::Device* device() const noexcept = 0;

  uefi::CpuClock& clock_;
  link::Statistics last_statistics_;
  // For the next device. Those who use it want all groups, or some and take all.
  const link::ReceiveFilter* filter_ = &link::kReceiveEverything;
};

/// A NIC of the inventory.
class NicDevice final : public ClaimedDevice {
 public:
  NicDevice(uefi::NicInventory& inventory, uefi::NicInventory::Nic& nic, uefi::CpuClock& clock,
            bool through_firmware) noexcept
      : ClaimedDevice(clock),
        inventory_(inventory),
        nic_(nic),
        through_firmware_(through_firmware) {}

  /// Errors: those of NicInventory::claim.
  Result<void> claim() noexcept override;
  const uefi::NicInventory::Nic& nic() const noexcept { return nic_; }
  wire::MacAddress mac() const noexcept override { return nic_.mac.value_or(wire::MacAddress()); }
  Result<void> start() noexcept override;
  /// Who else takes the frames; the device must not be in use.
  void set_consumer(driver::Consumer consumer) noexcept { inventory_.set_consumer(nic_, consumer); }

 private:
  link::Device* device() const noexcept override { return nic_.device.get(); }

  uefi::NicInventory& inventory_;
  uefi::NicInventory::Nic& nic_;
  bool through_firmware_;
};

/// Which NICs an image of ours uses.
enum class NicPolicy : std::uint8_t {
  all,           ///< every NIC, by our own driver where there is one
  started_from,  ///< only the one that we were loaded from, through the firmware's driver
};

}  // namespace kedge::app
