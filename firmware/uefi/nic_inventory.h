// SPDX-License-Identifier: BSD-2-Clause-Patent
// NicInventory: finds the machine's NICs, takes them from the firmware, and gives them back.
//
// A NIC is one PCI network function, or a Simple Network handle that hangs on none (USB). A
// function that one of our drivers knows is driven by it, after the firmware's drivers let go;
// every other one, and one whose firmware driver stays, is used through the firmware's driver
// (SNP).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "driver/native_driver.h"
#include "uefi/clock.h"
#include "uefi/device_path.h"
#include "uefi/pci_io.h"
#include "uefi/snp_device.h"

namespace kedge::uefi {

class NicInventory {
 public:
  static constexpr std::size_t kNicsMax = 64;

  struct Nic {
    DevicePath path;  ///< of the PCI function, or of the SNP handle
    std::string bus;  ///< "0000:00:03.0"; empty when it is not on PCI
    driver::PciId id{};
    std::optional<wire::MacAddress> mac;  ///< known once somebody drives it
    bool native = false;                  ///< one of our drivers knows it

    Handle pci;  ///< the function's handle
    std::unique_ptr<PciFunction> function;
    std::unique_ptr<link::Device> device;  ///< when claimed
    bool disconnected = false;             ///< the firmware's drivers are off: reconnect
    bool through_firmware = false;         ///< the device is an SnpDevice
    /// What the device is made for.
    driver::Consumer consumer = driver::Consumer::own_stack;
  };

  NicInventory(const Firmware& firmware, CpuClock& clock, port::Pages& pages,
               std::span<const driver::NativeDriver> drivers, ExitBootServicesHook& hook) noexcept
      : firmware_(firmware), clock_(clock), pages_(pages), drivers_(drivers), hook_(hook) {}
  NicInventory(const NicInventory&) = delete;
  NicInventory& operator=(const NicInventory&) = delete;
  ~NicInventory() { give_back(); }

  /// Looks for NICs, in the order of their PCI locations; those known already stay, claimed or not.
  void scan() noexcept;
  std::vector<std::unique_ptr<Nic>>& nics() noexcept { return nics_; }
  /// The NIC that a path of the firmware leads to, or whose address is `mac`.
  Nic* find(const DevicePath& path, const std::optional<wire::MacAddress>& mac) noexcept;

  /// Makes the NIC ours. Idempotent. The firmware's drivers are disconnected; one that takes long
  /// is named on the screen, one that refuses leaves the NIC to SNP.
  /// Errors: uefi_no_snp, and those of SnpDevice::open.
  Result<link::Device*> claim(Nic& nic) noexcept;
  /// The same, through the firmware's driver in any case: also when our own driver fails to start.
  Result<link::Device*> claim_through_firmware(Nic& nic) noexcept;
  /// Makes the next device of a NIC that our own driver drives for somebody else; one that is
  /// there, and must not be in use, goes.
  void set_consumer(Nic& nic, driver::Consumer consumer) noexcept;
  /// Destroys the device, which must not be in use, and lets the firmware's drivers have the NIC
  /// again, so that images that we start and the firmware's next boot option find it.
  void give_back(Nic& nic) noexcept;
  void give_back() noexcept;

  /// The handle with the NIC's Simple Network, topmost first; none while nobody provides it.
  Handle snp_handle(const Nic& nic) const noexcept;

 private:
  void add_pci(Handle handle) noexcept;
  void add_snp(Handle handle) noexcept;
  Result<link::Device*> claim_native(Nic& nic, const driver::NativeDriver& driver) noexcept;
  void free_snp(const Nic& nic, Handle handle) noexcept;
  Result<void> disconnect(Nic& nic) noexcept;
  void connect(Nic& nic) noexcept;
  Result<link::Device*> keep(Nic& nic, std::unique_ptr<link::Device> device) noexcept;
  void drop(Nic& nic) noexcept;

  const Firmware& firmware_;
  CpuClock& clock_;
  port::Pages& pages_;
  std::span<const driver::NativeDriver> drivers_;
  ExitBootServicesHook& hook_;
  std::vector<std::unique_ptr<Nic>> nics_;
};

}  // namespace kedge::uefi
