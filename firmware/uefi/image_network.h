// SPDX-License-Identifier: BSD-2-Clause-Patent
// ImageNetwork: the network that an image finds which we start: a handle with the NIC's device
// path, Simple Network, Adapter Information and PXE Base Code. The NIC stays ours; its frames are
// shared.
//
// Nobody of ours opens these protocols BY_DRIVER: GRUB opens Simple Network EXCLUSIVE, which makes
// the firmware disconnect drivers that hold it, and it could not disconnect us.
#pragma once

#include <memory>

#include "link/shared_device.h"
#include "uefi/adapter_information.h"
#include "uefi/device_path.h"
#include "uefi/protocol.h"
#include "uefi/pxe_base_code.h"

namespace kedge::uefi {

class ImageNetwork {
 public:
  struct Nic {
    link::SharedDevice& device;
    Handle controller;  ///< the PCI function that we hold; none: not on PCI
    Handle handle;      ///< has the device path already; none: a new one is made
    DevicePath path;    ///< of the handle, with the NIC's address
  };

  /// Errors: uefi_install_failed, uefi_open_failed, uefi_event_failed, base_no_memory. Nothing
  /// remains then. What it refers to must outlive it.
  static Result<std::unique_ptr<ImageNetwork>> create(const Firmware& firmware, Nic nic,
                                                      PxeBackend& backend) noexcept;
  /// All protocols are gone, or nobody is answered any more.
  ~ImageNetwork();
  ImageNetwork(const ImageNetwork&) = delete;
  ImageNetwork& operator=(const ImageNetwork&) = delete;

  Handle handle() const noexcept { return installation_.handle(); }
  const DevicePath& path() const noexcept { return nic_.path; }
  PxeBaseCode& pxe() noexcept { return pxe_; }
  /// Takes everything back. False when the firmware refused: the object must then stay in memory,
  /// but answers nothing and uses nothing any more.
  bool remove() noexcept;

 private:
  ImageNetwork(const Firmware& firmware, Nic nic, PxeBackend& backend) noexcept;
  Result<void> install() noexcept;
  void retire() noexcept;
  static void exit_boot_services(EFI_EVENT event, void* context) noexcept;

  const Firmware& firmware_;
  Nic nic_;
  std::unique_ptr<SnpProducer> snp_;
  std::optional<AdapterInformation> adapter_information_;
  PxeBaseCode pxe_;
  Installation installation_;
  Child<EFI_PCI_IO_PROTOCOL> opening_;
  Event exit_event_;
};

}  // namespace kedge::uefi
