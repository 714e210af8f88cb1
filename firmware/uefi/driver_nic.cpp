// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/driver_nic.h"

#include <new>

#include "base/assert.h"
#include "uefi/status.h"

namespace kedge::uefi {

Result<std::unique_ptr<DriverNic>> DriverNic::open(const Firmware& firmware, Handle controller,
                                                   const driver::NativeDriver& driver) noexcept {
  KEDGE_TRY(auto function, PciFunction::open(firmware, controller));
  KEDGE_TRY(auto device, driver.create(*function, driver::Consumer::simple_network));
  std::unique_ptr<DriverNic> nic(new (std::nothrow)
                                     DriverNic(firmware, std::move(function), std::move(device)));
  if (nic == nullptr) return fail(err::base_no_memory);
  KEDGE_TRY(nic->snp_, SnpProducer::create(firmware, *nic->device_));
  nic->adapter_information_.emplace(*nic->snp_);
  // TPL_NOTIFY: at TPL_CALLBACK an IOMMU driver may have torn down its mappings before us.
  KEDGE_CHECK(nic->exit_event_.create(firmware, EVT_SIGNAL_EXIT_BOOT_SERVICES, TPL_NOTIFY,
                                      &exit_boot_services, nic.get()));
  return Result<std::unique_ptr<DriverNic>>(std::move(nic));
}

DriverNic::~DriverNic() {
  KEDGE_ASSERT(!child_);
  // Before its device goes: the hook uses both.
  exit_event_.close();
}

void EFIAPI DriverNic::exit_boot_services(EFI_EVENT, void* context) noexcept {
  // Only the hardware is silenced: nothing is uninstalled, freed or allocated, for that would
  // change the memory map (edk2-reference 2.5).
  static_cast<DriverNic*>(context)->snp_->retire();
}

/// In the order of installation: who waits for Simple Network finds the others there.
std::array<DriverNic::Published, DriverNic::kPublished> DriverNic::published() noexcept {
  return {{{&kGuid<EFI_DEVICE_PATH_PROTOCOL>, path_.raw()},
           {&kGuid<EFI_ADAPTER_INFORMATION_PROTOCOL>, adapter_information_->raw()},
           {&kGuid<EFI_SIMPLE_NETWORK_PROTOCOL>, snp_->raw()}}};
}

EFI_STATUS DriverNic::install(const Published& protocol) noexcept {
  EFI_HANDLE handle = child_.raw();
  const EFI_STATUS status = firmware_.boot().InstallProtocolInterface(
      &handle, guid_pointer(*protocol.protocol), EFI_NATIVE_INTERFACE, protocol.interface);
  if (!EFI_ERROR(status)) child_ = Handle(handle);
  return status;
}

EFI_STATUS DriverNic::uninstall(const Published& protocol) noexcept {
  return firmware_.boot().UninstallProtocolInterface(child_.raw(), guid_pointer(*protocol.protocol),
                                                     protocol.interface);
}

Result<void> DriverNic::add_child() noexcept {
  KEDGE_ASSERT(!child_);
  path_ = DevicePath::copy(peek<EFI_DEVICE_PATH_PROTOCOL>(firmware_, controller()));
  if (path_.empty()) return fail(err::uefi_device_path_malformed);
  path_.append_mac(device_->mac());
  const auto protocols = published();
  std::size_t installed = 0;
  Result<void> done;
  for (; installed < protocols.size() && done.ok(); ++installed) {
    // The child owns the function from its first moment on: before Simple Network is there, which
    // makes the firmware's stack look at both.
    if (installed == 1) {
      auto opening = Child<EFI_PCI_IO_PROTOCOL>::open(firmware_, controller(), child_);
      if (!opening.ok()) {
        done = opening.error();
        break;
      }
      child_opening_ = *std::move(opening);
    }
    done = from_status(install(protocols[installed]), err::uefi_install_failed);
    if (!done.ok()) break;
  }
  if (done.ok()) return done;
  child_opening_.close();
  // Nobody knows of them yet, so nobody holds them.
  while (installed != 0) (void)uninstall(protocols[--installed]);
  child_ = Handle();
  return done;
}

Result<void> DriverNic::remove_child() noexcept {
  if (!child_) return {};
  const auto protocols = published();
  std::size_t left = protocols.size();
  EFI_STATUS status = EFI_SUCCESS;
  while (left != 0) {
    // With the last protocol the handle goes, and then this record could not be closed any more.
    if (left == 1) child_opening_.close();
    // Simple Network first: the firmware disconnects its stack from it, or refuses.
    status = uninstall(protocols[left - 1]);
    if (EFI_ERROR(status)) break;
    --left;
  }
  if (left == 0) {
    child_ = Handle();
    snp_->abandon();
    return {};
  }
  if (!child_opening_) {
    if (auto again = Child<EFI_PCI_IO_PROTOCOL>::open(firmware_, controller(), child_);
        again.ok()) {
      child_opening_ = *std::move(again);
    }
  }
  for (; left < protocols.size(); ++left) (void)install(protocols[left]);
  return fail(err::uefi_install_failed, static_cast<std::uint32_t>(status));
}

}  // namespace kedge::uefi
