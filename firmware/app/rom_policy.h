// SPDX-License-Identifier: BSD-2-Clause-Patent
// RomPolicy: an option ROM's decision about each NIC, and the boots of those that have a boot
// option.
#pragma once

#include "app/boot_options.h"
#include "uefi/boot_option.h"

namespace kedge::app {

class RomPolicy final : public uefi::NicPolicy, private uefi::BootRunner {
 public:
  explicit RomPolicy(const uefi::Firmware& firmware) noexcept : firmware_(firmware) {}

  uefi::NicPolicy* policy() noexcept { return this; }
  uefi::NicOffer offer_for(const wire::MacAddress& mac) noexcept override;
  std::unique_ptr<uefi::NicBootOption> make_boot_option(uefi::DriverNic& nic) noexcept override;

 private:
  Result<void> boot(uefi::DriverNic& nic) noexcept override;
  Result<void> run(uefi::DriverNic& nic) noexcept;

  const uefi::Firmware& firmware_;
  bool running_ = false;
};

}  // namespace kedge::app
