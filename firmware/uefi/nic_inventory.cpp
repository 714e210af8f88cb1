// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/nic_inventory.h"

#include <algorithm>
#include <new>

#include "base/log.h"
#include "uefi/hang_guard.h"

namespace kedge::uefi {
namespace {

DevicePath path_of(const Firmware& firmware, Handle handle) noexcept {
  return DevicePath::copy(peek<EFI_DEVICE_PATH_PROTOCOL>(firmware, handle));
}

std::string where(const NicInventory::Nic& nic) noexcept {
  return nic.bus.empty() ? format("{}", nic.path) : nic.bus;
}

}  // namespace

void NicInventory::scan() noexcept {
  const std::size_t before = nics_.size();
  for (const Handle handle : firmware_.locate<EFI_PCI_IO_PROTOCOL>()) add_pci(handle);
  std::sort(nics_.begin() + static_cast<std::ptrdiff_t>(before), nics_.end(),
            [](const auto& a, const auto& b) { return a->bus < b->bus; });
  for (const Handle handle : firmware_.locate<EFI_SIMPLE_NETWORK_PROTOCOL>()) add_snp(handle);
}

void NicInventory::add_pci(Handle handle) noexcept {
  const std::optional<PciSummary> pci = look_at_pci(firmware_, handle);
  if (!pci.has_value() || nics_.size() >= kNicsMax) return;
  const bool native = driver::find_driver(drivers_, pci->id) != nullptr;
  if (!pci->is_network && !native) return;
  const bool known =
      std::any_of(nics_.begin(), nics_.end(), [&](const auto& nic) { return nic->pci == handle; });
  if (known) return;
  std::unique_ptr<Nic> nic(new (std::nothrow) Nic);
  if (nic == nullptr) return;
  nic->path = path_of(firmware_, handle);
  nic->bus = format("{}", *pci);
  nic->id = pci->id;
  nic->native = native;
  nic->pci = handle;
  nics_.push_back(std::move(nic));
}

void NicInventory::add_snp(Handle handle) noexcept {
  const DevicePath path = path_of(firmware_, handle);
  auto* snp = peek<EFI_SIMPLE_NETWORK_PROTOCOL>(firmware_, handle);
  if (path.empty() || snp == nullptr || snp->Mode == nullptr || nics_.size() >= kNicsMax) return;
  std::array<std::uint8_t, wire::MacAddress::kSize> octets;
  std::copy_n(snp->Mode->CurrentAddress.Addr, octets.size(), octets.begin());
  const wire::MacAddress mac(octets);
  for (auto& nic : nics_) {
    // A part of a NIC that we know: its MAC handle, or a child with the same protocol (PXE's).
    if (nic->path.is_prefix_of(path)) {
      if (!nic->mac.has_value()) nic->mac = mac;
      return;
    }
    // The child came first and this is its parent: the topmost one is the NIC.
    if (!nic->pci && path.is_prefix_of(nic->path)) {
      nic->path = path;
      return;
    }
  }
  std::unique_ptr<Nic> nic(new (std::nothrow) Nic);
  if (nic == nullptr) return;
  nic->path = path;
  nic->mac = mac;
  nics_.push_back(std::move(nic));
}

NicInventory::Nic* NicInventory::find(const DevicePath& path,
                                      const std::optional<wire::MacAddress>& mac) noexcept {
  for (auto& nic : nics_) {
    if (!path.empty() && nic->path.is_prefix_of(path)) return nic.get();
  }
  for (auto& nic : nics_) {
    if (mac.has_value() && nic->mac == mac) return nic.get();
  }
  return nullptr;
}

Handle NicInventory::snp_handle(const Nic& nic) const noexcept {
  Handle best;
  std::size_t best_length = SIZE_MAX;
  for (const Handle handle : firmware_.locate<EFI_SIMPLE_NETWORK_PROTOCOL>()) {
    const DevicePath path = path_of(firmware_, handle);
    if (path.empty() || !nic.path.is_prefix_of(path) || path.bytes().size() >= best_length)
      continue;
    best = handle;
    best_length = path.bytes().size();
  }
  return best;
}

Result<link::Device*> NicInventory::claim(Nic& nic) noexcept {
  if (nic.device != nullptr) return nic.device.get();
  const driver::NativeDriver* driver = nic.native ? driver::find_driver(drivers_, nic.id) : nullptr;
  if (driver != nullptr) {
    auto claimed = claim_native(nic, *driver);
    if (claimed.ok()) return claimed;
    log(LogLevel::warning, "nic", "{}: {}; using the firmware's driver", where(nic),
        claimed.error());
  }
  return claim_through_firmware(nic);
}

void NicInventory::free_snp(const Nic& nic, Handle handle) noexcept {
  // Drivers of NICs do not stop while their Simple Network is in use (VirtioNetDxe refuses unless
  // its state is Stopped), so what stands on it goes first.
  const std::string name = driver_of(firmware_, handle, kGuid<EFI_SIMPLE_NETWORK_PROTOCOL>);
  const HangGuard guard(
      firmware_, format("the firmware's network stack (\"{}\") to let go of {}", name, where(nic)));
  if (!name.empty()) (void)firmware_.boot().DisconnectController(handle.raw(), nullptr, nullptr);
  auto* snp = peek<EFI_SIMPLE_NETWORK_PROTOCOL>(firmware_, handle);
  if (snp == nullptr || snp->Mode == nullptr) return;
  // Some stacks leave it running.
  if (snp->Mode->State == EfiSimpleNetworkInitialized) (void)snp->Shutdown(snp);
  if (snp->Mode->State == EfiSimpleNetworkStarted) (void)snp->Stop(snp);
}

Result<void> NicInventory::disconnect(Nic& nic) noexcept {
  const EFI_GUID& pci_io = kGuid<EFI_PCI_IO_PROTOCOL>;
  const std::string name = driver_of(firmware_, nic.pci, pci_io);
  if (name.empty()) return {};
  if (const Handle snp = snp_handle(nic)) free_snp(nic, snp);
  const HangGuard guard(firmware_,
                        format("the firmware's driver \"{}\" to let go of {}", name, where(nic)));
  nic.disconnected = true;
  EFI_BOOT_SERVICES& boot = firmware_.boot();
  if (!EFI_ERROR(boot.DisconnectController(nic.pci.raw(), nullptr, nullptr))) return {};
  // All at once failed: some driver above refuses. One at a time may still free the function.
  for (const Handle agent : drivers_on(firmware_, nic.pci, pci_io)) {
    (void)boot.DisconnectController(nic.pci.raw(), agent.raw(), nullptr);
  }
  if (drivers_on(firmware_, nic.pci, pci_io).empty()) return {};
  return fail(err::uefi_driver_stays);
}

void NicInventory::connect(Nic& nic) noexcept {
  // What is not on PCI keeps its driver; only what stood above that went.
  const Handle handle = nic.pci ? nic.pci : snp_handle(nic);
  if (!handle) return;
  const HangGuard guard(firmware_, format("the firmware to take {} back", where(nic)));
  (void)firmware_.boot().ConnectController(handle.raw(), nullptr, nullptr, TRUE);
  nic.disconnected = false;
}

Result<link::Device*> NicInventory::claim_native(Nic& nic,
                                                 const driver::NativeDriver& driver) noexcept {
  KEDGE_CHECK(disconnect(nic));
  KEDGE_TRY(nic.function, PciFunction::open(firmware_, nic.pci));
  auto device = driver.create(*nic.function, nic.consumer);
  if (!device.ok()) {
    nic.function.reset();
    return device.error();
  }
  nic.through_firmware = false;
  return keep(nic, *std::move(device));
}

Result<link::Device*> NicInventory::claim_through_firmware(Nic& nic) noexcept {
  if (nic.device != nullptr && nic.through_firmware) return nic.device.get();
  drop(nic);
  // Firmware that boots quickly connects only what its boot options name.
  if (nic.disconnected || !snp_handle(nic)) connect(nic);
  const Handle handle = snp_handle(nic);
  if (!handle) return fail(err::uefi_no_snp);
  const std::string name = driver_of(firmware_, handle, kGuid<EFI_SIMPLE_NETWORK_PROTOCOL>);
  const HangGuard guard(firmware_,
                        format("the firmware's driver \"{}\" to let go of {}", name, where(nic)));
  auto device = SnpDevice::open(firmware_, clock_, pages_, handle);
  if (!device.ok() && device.error() == err::uefi_open_failed) {
    // The polite way failed; some stacks go when they are told one by one.
    for (const Handle agent : drivers_on(firmware_, handle, kGuid<EFI_SIMPLE_NETWORK_PROTOCOL>)) {
      (void)firmware_.boot().DisconnectController(handle.raw(), agent.raw(), nullptr);
    }
    device = SnpDevice::open(firmware_, clock_, pages_, handle);
  }
  // While the protocol is ours, what stood above it is off.
  nic.disconnected = true;
  if (!device.ok()) {
    connect(nic);
    return device.error();
  }
  nic.through_firmware = true;
  return keep(nic, *std::move(device));
}

Result<link::Device*> NicInventory::keep(Nic& nic, std::unique_ptr<link::Device> device) noexcept {
  nic.mac = device->mac();
  nic.device = std::move(device);
  if (auto added = hook_.add(*nic.device); !added.ok()) {
    drop(nic);
    return added.error();
  }
  return nic.device.get();
}

void NicInventory::drop(Nic& nic) noexcept {
  if (nic.device != nullptr) {
    nic.device->stop();
    hook_.remove(*nic.device);
    nic.device.reset();
  }
  nic.function.reset();
}

void NicInventory::set_consumer(Nic& nic, driver::Consumer consumer) noexcept {
  if (nic.consumer == consumer) return;
  nic.consumer = consumer;
  // A device of the firmware's is the same for everybody.
  if (!nic.through_firmware) drop(nic);
}

void NicInventory::give_back(Nic& nic) noexcept {
  drop(nic);
  if (nic.disconnected) connect(nic);
}

void NicInventory::give_back() noexcept {
  for (auto& nic : nics_) give_back(*nic);
}

}  // namespace kedge::uefi
