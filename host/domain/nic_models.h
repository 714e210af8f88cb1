// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// What QEMU's NIC models have for the boot: their default ROM, and a driver in UEFI firmware or
// not.
#pragma once

#include <string>
#include <string_view>

namespace kedge::host {

struct NicModel {
  std::string qemu_device;  // "virtio-net-pci"; libvirt's name where it is not known
  bool known = false;       // the facts below are QEMU's
  bool is_pci = false;      // has a ROM slot
  std::string rom;          // QEMU's default ROM; empty: none
  bool virtio = false;      // VirtioNetDxe of edk2 drives it
  std::string source;       // "QEMU's default for virtio-net-pci on pc-q35-7.2"
};

// `model` is libvirt's name, `address_type` its <address type=''/>, `machine` QEMU's machine type.
NicModel nic_model(std::string_view model, std::string_view address_type, std::string_view machine);

}  // namespace kedge::host
