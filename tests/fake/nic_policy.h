// SPDX-License-Identifier: BSD-2-Clause-Patent
// A NicPolicy whose NICs get boot options, and what those run.
#pragma once

#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <vector>

#include "uefi/boot_name.h"
#include "uefi/boot_option.h"
#include "uefi/nic_policy.h"
#include "uefi/vlan_config.h"

namespace kedge::fake {

struct FakePolicy final : uefi::NicPolicy, uefi::BootRunner {
  FakePolicy(const uefi::Firmware& a_firmware, uefi::NicOffer an_offer)
      : firmware(a_firmware), offer(an_offer) {}

  uefi::NicOffer offer_for(const wire::MacAddress& mac) noexcept override {
    asked.push_back(mac);
    return offer;
  }
  std::unique_ptr<uefi::NicBootOption> make_boot_option(uefi::DriverNic& nic) noexcept override {
    return std::make_unique<uefi::BootOption>(firmware, nic, *this);
  }
  std::unique_ptr<uefi::NicProtocol> make_vlan_config(
      const wire::MacAddress& mac) noexcept override {
    return std::unique_ptr<uefi::NicProtocol>(new (std::nothrow) uefi::VlanConfig(firmware, mac));
  }
  std::optional<wire::MacAddress> named_by(const uefi::DevicePathNode& node) noexcept override {
    return uefi::boot_option_mac(node);
  }
  Result<void> boot(uefi::DriverNic& nic) noexcept override {
    ++boots;
    return on_boot ? on_boot(nic) : Result<void>();
  }

  const uefi::Firmware& firmware;
  uefi::NicOffer offer;
  std::function<Result<void>(uefi::DriverNic&)> on_boot;
  std::vector<wire::MacAddress> asked;
  unsigned boots = 0;
};

}  // namespace kedge::fake
