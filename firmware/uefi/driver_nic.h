// SPDX-License-Identifier: BSD-2-Clause-Patent
// DriverNic: a controller that our driver binding has started. The PCI function is held BY_DRIVER;
// a child handle carries its device path, Simple Network and Adapter Information, and holds the
// function BY_CHILD_CONTROLLER.
#pragma once

#include <memory>

#include "uefi/adapter_information.h"
#include "uefi/device_path.h"
#include "uefi/nic_inventory.h"
#include "uefi/pci_io.h"

namespace kedge::uefi {

class DriverNic {
 public:
  /// Takes the function and looks at the NIC, without a child yet. What fails leaves the function
  /// as it was. Errors: those of PciFunction::open and of the driver, uefi_event_failed.
  static Result<std::unique_ptr<DriverNic>> open(const Firmware& firmware, Handle controller,
                                                 const driver::NativeDriver& driver) noexcept;
  /// There must be no child any more.
  ~DriverNic();
  DriverNic(const DriverNic&) = delete;
  DriverNic& operator=(const DriverNic&) = delete;

  Handle controller() const noexcept { return function_->handle(); }
  Handle child() const noexcept { return child_; }
  wire::MacAddress mac() const noexcept { return device_->mac(); }
  /// Makes the child handle. Nothing remains of it when that fails. Errors: uefi_install_failed,
  /// uefi_open_failed, uefi_device_path_malformed.
  Result<void> add_child() noexcept;
  /// Removes the child. When the firmware refuses, because somebody holds on to it, all is as it
  /// was, and works. Errors: uefi_install_failed.
  Result<void> remove_child() noexcept;

 private:
  struct Published {
    const EFI_GUID* protocol;
    void* interface;
  };
  static constexpr std::size_t kPublished = 3;

  DriverNic(const Firmware& firmware, std::unique_ptr<PciFunction> function,
            std::unique_ptr<link::Device> device) noexcept
      : firmware_(firmware), function_(std::move(function)), device_(std::move(device)) {}
  std::array<Published, kPublished> published() noexcept;
  EFI_STATUS install(const Published& protocol) noexcept;
  EFI_STATUS uninstall(const Published& protocol) noexcept;
  static void EFIAPI exit_boot_services(EFI_EVENT event, void* context) noexcept;

  // Destroyed from the bottom up: the device before the function that it uses.
  const Firmware& firmware_;
  std::unique_ptr<PciFunction> function_;
  std::unique_ptr<link::Device> device_;
  std::unique_ptr<SnpProducer> snp_;
  std::optional<AdapterInformation> adapter_information_;
  DevicePath path_;
  Handle child_;
  Child<EFI_PCI_IO_PROTOCOL> child_opening_;
  Event exit_event_;
};

}  // namespace kedge::uefi
