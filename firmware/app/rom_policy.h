// SPDX-License-Identifier: BSD-2-Clause-Patent
// RomPolicy: an option ROM's decision about each NIC, and the boots of those that have a boot
// option.
#pragma once

#include "app/option_channels.h"
#include "uefi/boot_option.h"
#include "uefi/cpu.h"

namespace kedge::app {

class RomNic;
struct RunPorts;

class RomPolicy final : public uefi::NicPolicy, private uefi::BootRunner {
 public:
  explicit RomPolicy(const uefi::Firmware& firmware) noexcept
      : RomPolicy(firmware, uefi::real_fw_cfg(firmware), uefi::real_cpu()) {}
  RomPolicy(const uefi::Firmware& firmware, uefi::FwCfgIo* fw_cfg, uefi::Cpu& cpu) noexcept
      : firmware_(firmware), fw_cfg_(fw_cfg), cpu_(cpu) {}

  uefi::NicPolicy* policy() noexcept { return this; }
  uefi::NicOffer offer_for(const wire::MacAddress& mac) noexcept override;
  std::unique_ptr<uefi::NicBootOption> make_boot_option(uefi::DriverNic& nic) noexcept override;
  std::unique_ptr<uefi::NicProtocol> make_vlan_config(
      const wire::MacAddress& mac) noexcept override;
  std::optional<wire::MacAddress> named_by(const uefi::DevicePathNode& node) noexcept override;

 private:
  Result<void> boot(uefi::DriverNic& nic) noexcept override;
  Result<void> run(uefi::DriverNic& nic) noexcept;
  /// In each of its VLANs, until a boot ends well or a person ends it; without any, without a tag.
  Result<void> run_in_vlans(RunPorts& ports, RomNic& source, uefi::DriverNic& nic,
                            const NicOptions& options) noexcept;
  NicOptions options_for(const wire::MacAddress& mac, std::string_view only = {}) noexcept;

  const uefi::Firmware& firmware_;
  uefi::FwCfgIo* fw_cfg_;
  uefi::Cpu& cpu_;
  bool running_ = false;
};

}  // namespace kedge::app
