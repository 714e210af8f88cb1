// SPDX-License-Identifier: BSD-2-Clause-Patent
// RomNic: the NIC of a boot option, taken from the firmware's network stack while the boot runs.
#pragma once

#include "app/nics.h"
#include "app/session_run.h"
#include "link/vlan_device.h"
#include "uefi/driver_nic.h"

namespace kedge::app {

class RomNic final : public NicSource, private ClaimedDevice {
 public:
  RomNic(RunPorts& ports, uefi::DriverNic& nic) noexcept
      : ClaimedDevice(ports.clock), firmware_(ports.firmware), console_(ports.console), nic_(nic) {}

  /// While no session runs. Everybody who uses the NIC through us is in this VLAN from then on.
  void set_vlan(const wire::VlanTag& tag) noexcept { vlan_.set_tag(tag); }
  /// Takes the NIC. Errors: those of DriverNic::give_to.
  Result<void> claim() noexcept override;
  /// The boot is over: the NIC goes back to whom it belongs while nobody boots. Says on the console
  /// when that fails.
  void give_back() noexcept;

  void add_to(net::LwipStack& stack, Session& session) noexcept override;
  /// To the image that is started, which finds Simple Network; the firmware's stack stays off.
  void give_to_firmware() noexcept override;
  std::optional<uefi::ImageNetwork::Nic> shared_nic(net::Interface& interface) noexcept override;
  void set_consumer(net::Interface&, driver::Consumer consumer) noexcept override {
    consumer_ = consumer;
  }

 private:
  wire::MacAddress mac() const noexcept override { return nic_.mac(); }
  link::Device* device() const noexcept override;
  void give_to(uefi::DriverNic::User user) noexcept;

  const uefi::Firmware& firmware_;
  port::Console& console_;
  uefi::DriverNic& nic_;
  driver::Consumer consumer_ = driver::Consumer::own_stack;
  link::VlanDevice vlan_{*this};
  link::SharedDevice shared_{vlan_};
};

}  // namespace kedge::app
