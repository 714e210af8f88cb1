// SPDX-License-Identifier: BSD-2-Clause-Patent
// Starter: port::ImageStarter on the firmware's LoadImage and StartImage.
#pragma once

#include "port/image_starter.h"
#include "uefi/image_starter.h"

namespace kedge::app {

class Starter final : public port::ImageStarter, private uefi::NetworkHandover {
 public:
  explicit Starter(const uefi::Firmware& firmware) noexcept : starter_(firmware, *this) {}

  /// The NIC below which started images stand in the device tree.
  void set_device(uefi::DevicePath path) noexcept { device_ = std::move(path); }
  /// The handle where started images find their network, and its path; no handle: they find none.
  void set_network(uefi::Handle handle, uefi::DevicePath path) noexcept {
    network_ = handle;
    network_path_ = std::move(path);
  }
  Result<void> start(const port::StartRequest& request) noexcept override;

 private:
  // ImageStore has given the NICs away before it calls start().
  void give_back() noexcept override {}
  void take_again() noexcept override {}

  uefi::ImageStarter starter_;
  uefi::DevicePath device_;
  uefi::Handle network_;
  uefi::DevicePath network_path_;
};

}  // namespace kedge::app
