// SPDX-License-Identifier: BSD-2-Clause-Patent
// DriverNic: a controller that our driver binding has started. The PCI function is held BY_DRIVER.
//
// | handle      | device path     | protocols                              |
// | the child   | function/MAC    | Simple Network, Adapter Information and NII, if the image    |
// |             |                 | has it: while they are on offer. Else VLAN Config, where the |
// |             |                 | policy wants one                                             |
// | boot option | function/a name | LoadFile, where the policy wants one                         |
//
// NII is held BY_DRIVER by ourselves: edk2's driver for it would put a second Simple Network on the
// handle. Both hold the function BY_CHILD_CONTROLLER. The device belongs to one user at a time: to
// Simple Network, to a stack of ours, or to nobody.
#pragma once

#include <memory>

#include "uefi/adapter_information.h"
#include "uefi/device_path.h"
#include "uefi/nic_identifier.h"
#include "uefi/nic_inventory.h"
#include "uefi/nic_policy.h"
#include "uefi/pci_io.h"

namespace kedge::uefi {

class DriverNic {
 public:
  enum class User : std::uint8_t { nobody, simple_network, own_stack };

  /// Takes the function and looks at the NIC, without handles yet. What fails leaves the function
  /// as it was. Errors: those of PciFunction::open and of the driver, uefi_event_failed,
  /// base_no_memory.
  static Result<std::unique_ptr<DriverNic>> open(const Firmware& firmware, Handle controller,
                                                 const driver::NativeDriver& driver,
                                                 NicPolicy* policy,
                                                 MakeNicIdentifier make_identifier) noexcept;
  /// There must be no handles any more.
  ~DriverNic();
  DriverNic(const DriverNic&) = delete;
  DriverNic& operator=(const DriverNic&) = delete;

  Handle controller() const noexcept { return function_->handle(); }
  Handle child() const noexcept { return child_; }
  Handle boot_handle() const noexcept { return boot_ != nullptr ? boot_->handle() : Handle(); }
  bool is_complete() const noexcept {
    return child_opening_ && (boot_ == nullptr || boot_handle());
  }
  /// A handle is left, perhaps one that the firmware did not let us take back.
  bool has_handles() const noexcept { return child_ || boot_handle(); }
  const wire::MacAddress& mac() const noexcept { return mac_; }
  const DevicePath& path() const noexcept { return path_; }  ///< of the child
  const NicOffer& offer() const noexcept { return offer_; }

  /// Makes the handles that are missing. When that fails, nothing of what it made remains, except
  /// what the firmware refuses to take back. Errors: uefi_install_failed, uefi_open_failed,
  /// uefi_device_path_malformed.
  Result<void> add_handles() noexcept;
  /// Remove one handle each. When the firmware refuses, because somebody holds on to it, all is as
  /// it was, and works. Errors: uefi_install_failed.
  Result<void> remove_child() noexcept;
  Result<void> remove_boot_option() noexcept;

  User user() const noexcept { return user_; }
  /// Makes the device, which is nullptr for nobody, belong to somebody else; idempotent. A stack of
  /// ours must have returned all frames. When Simple Network's users do not let go, it stays with
  /// them; otherwise what fails leaves the device with nobody. Errors: those of the driver,
  /// uefi_install_failed, uefi_event_failed, base_no_memory.
  /// `consumer` is for a stack of ours that shares the device.
  Result<void> give_to(User user, driver::Consumer consumer = driver::Consumer::own_stack) noexcept;
  link::Device* device() const noexcept { return device_.get(); }
  /// An operating system takes over. Only the hardware is silenced: nothing is uninstalled, freed
  /// or allocated, for that would change the memory map (edk2-reference 2.5).
  void retire() noexcept;

 private:
  struct Published {
    const EFI_GUID* protocol;
    void* interface;
  };
  static constexpr std::size_t kPublishedMax = 4;
  static constexpr std::size_t kFirst = 1;  ///< behind the device path

  DriverNic(const Firmware& firmware, std::unique_ptr<PciFunction> function,
            const driver::NativeDriver& driver, MakeNicIdentifier make_identifier) noexcept
      : firmware_(firmware),
        function_(std::move(function)),
        driver_(driver),
        make_identifier_(make_identifier) {}
  Result<void> add_child() noexcept;
  Result<void> hold_function() noexcept;
  Result<void> make_network() noexcept;
  /// What fails leaves something to drop.
  Result<void> make_for(User user, driver::Consumer consumer) noexcept;
  void drop_device() noexcept;
  std::size_t published_count() const noexcept;
  std::array<Published, kPublishedMax> published() noexcept;
  /// Of published(), the items from `first` on, all or none.
  Result<void> install_from(std::size_t first) noexcept;
  Result<void> uninstall_from(std::size_t first) noexcept;
  EFI_STATUS install(const Published& protocol) noexcept;
  bool uninstall(const Published& protocol) noexcept;
  /// Of what is installed; for protocols other than NII there is nothing to do.
  bool hold(const Published& protocol) noexcept;
  static bool is_held(const Published& protocol) noexcept;
  /// False when the firmware refuses.
  bool drop_bare_child() noexcept;

  // Destroyed from the bottom up: the device before the function that it uses.
  const Firmware& firmware_;
  std::unique_ptr<PciFunction> function_;
  const driver::NativeDriver& driver_;
  const MakeNicIdentifier make_identifier_;  // nullptr: the image has none
  std::unique_ptr<link::Device> device_;
  std::unique_ptr<SnpProducer> snp_;
  std::unique_ptr<NicIdentifier> identifier_;
  std::optional<AdapterInformation> adapter_information_;
  User user_ = User::nobody;
  driver::Consumer consumer_ = driver::Consumer::simple_network;  // of device_
  wire::MacAddress mac_;
  NicOffer offer_;
  std::unique_ptr<NicBootOption> boot_;
  std::unique_ptr<NicProtocol> vlan_config_;  // nullptr: none on offer
  DevicePath path_;
  Handle child_;
  Child<EFI_PCI_IO_PROTOCOL> child_opening_;
  detail::Opening identifier_opening_;  // of NII, as its driver
};

}  // namespace kedge::uefi
