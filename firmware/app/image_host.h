// SPDX-License-Identifier: BSD-2-Clause-Patent
// ImageHost: a NicHandover that can also keep the NICs, and then offers the image PXE Base Code and
// Simple Network on the NIC that we booted over.
#pragma once

#include "app/nic_handover.h"
#include "uefi/pxe_stack_backend.h"

namespace kedge::app {

class ImageHost final : public NicHandover {
 public:
  using NicHandover::NicHandover;

  bool share_with_image(std::string_view uri) noexcept override;
  void take_back() noexcept override;

 private:
  /// Opens the interface again, with a device for `consumer`, as it was configured.
  Result<void> reopen(net::Interface& interface, driver::Consumer consumer) noexcept;
  Result<void> offer(InterfaceSlot& slot, uefi::ImageNetwork::Nic nic,
                     std::string_view uri) noexcept;

  // While an image has a network of ours.
  InterfaceSlot* slot_ = nullptr;
  std::unique_ptr<uefi::PxeStackBackend> backend_;
  std::unique_ptr<uefi::ImageNetwork> network_;
};

}  // namespace kedge::app
