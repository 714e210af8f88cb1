// SPDX-License-Identifier: BSD-2-Clause-Patent
// NicDriverBinding: EFI_DRIVER_BINDING_PROTOCOL (UEFI 2.10, 11.1) of our NIC drivers, as a bus
// driver with one child a NIC, and a second one where the NIC has a boot option of ours. Nothing is
// printed, and no hardware is touched before Start.
#pragma once

#include <span>
#include <vector>

#include "uefi/component_name.h"
#include "uefi/driver_nic.h"

namespace kedge::uefi {

class NicDriverBinding final : private NicNames {
 public:
  /// Above 0x10, which edk2's virtio drivers have: without a ROM the higher version is asked first.
  static constexpr UINT32 kVersion = 0x100;

  /// `drivers` and `policy` must outlive it. Without a policy each NIC is the firmware's network
  /// stack's, and without `make_identifier` there is no NII. Never destroyed while installed.
  NicDriverBinding(const Firmware& firmware, std::span<const driver::NativeDriver> drivers,
                   NicPolicy* policy = nullptr,
                   MakeNicIdentifier make_identifier = nullptr) noexcept;
  ~NicDriverBinding();
  NicDriverBinding(const NicDriverBinding&) = delete;
  NicDriverBinding& operator=(const NicDriverBinding&) = delete;

  /// Puts the driver's protocols on the image's handle. Errors: uefi_install_failed,
  /// uefi_event_failed.
  Result<void> install() noexcept;
  /// Lets go of all NICs and takes the protocols back: what EFI_LOADED_IMAGE_PROTOCOL.Unload does.
  /// The end of boot services is still told to what else lives as long as this object.
  /// When somebody holds on to a NIC, the driver stays and works.
  EFI_STATUS unload() noexcept;

  std::size_t nic_count() const noexcept { return nics_.size(); }

 private:
  EFI_STATUS supported(EFI_HANDLE controller, EFI_DEVICE_PATH_PROTOCOL* remaining) noexcept;
  EFI_STATUS start(EFI_HANDLE controller, EFI_DEVICE_PATH_PROTOCOL* remaining) noexcept;
  EFI_STATUS stop(EFI_HANDLE controller, UINTN count, EFI_HANDLE* children) noexcept;
  EFI_STATUS start_new(Handle controller, EFI_DEVICE_PATH_PROTOCOL* remaining) noexcept;
  DriverNic* find(Handle controller) const noexcept;
  const char16_t* name_of(Handle controller, Handle child) const noexcept override;
  static void exit_boot_services(EFI_EVENT event, void* context) noexcept;

  const Firmware& firmware_;
  std::span<const driver::NativeDriver> drivers_;
  NicPolicy* policy_;
  MakeNicIdentifier make_identifier_;
  ProducerTable<EFI_DRIVER_BINDING_PROTOCOL, NicDriverBinding> table_;
  ComponentName component_name_;
  EFI_DRIVER_SUPPORTED_EFI_VERSION_PROTOCOL supported_version_{};
  Installation installation_;
  std::vector<std::unique_ptr<DriverNic>> nics_;
  Event exit_event_;
};

}  // namespace kedge::uefi
