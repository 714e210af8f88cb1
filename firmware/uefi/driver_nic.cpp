// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/driver_nic.h"

#include <new>

#include "base/assert.h"
#include "uefi/status.h"

namespace kedge::uefi {

Result<std::unique_ptr<DriverNic>> DriverNic::open(const Firmware& firmware, Handle controller,
                                                   const driver::NativeDriver& driver,
                                                   NicPolicy* policy,
                                                   MakeNicIdentifier make_identifier) noexcept {
  KEDGE_TRY(auto function, PciFunction::open(firmware, controller));
  std::unique_ptr<DriverNic> nic(
      new (std::nothrow) DriverNic(firmware, std::move(function), driver, make_identifier));
  if (nic == nullptr) return fail(err::base_no_memory);
  // Whatever is on offer: a device that cannot be driven is the firmware's own driver's.
  KEDGE_CHECK(nic->make_network());
  nic->mac_ = nic->device_->mac();
  if (policy != nullptr) {
    nic->offer_ = policy->offer_for(nic->mac_);
    if (nic->offer_.boot_option) {
      nic->boot_ = policy->make_boot_option(*nic);
      if (nic->boot_ == nullptr) return fail(err::base_no_memory);
    }
    if (nic->offer_.vlan_config) {
      nic->vlan_config_ = policy->make_vlan_config(nic->mac_);
      if (nic->vlan_config_ == nullptr) return fail(err::base_no_memory);
    }
  }
  if (!nic->offer_.simple_network) nic->drop_device();
  return Result<std::unique_ptr<DriverNic>>(std::move(nic));
}

DriverNic::~DriverNic() {
  KEDGE_ASSERT(!child_ && !boot_handle());
}

void DriverNic::retire() noexcept {
  if (snp_ != nullptr) {
    snp_->retire();
  } else if (device_ != nullptr) {
    device_->quiesce();
  }
}

Result<void> DriverNic::make_network() noexcept {
  KEDGE_TRY(device_, driver_.create(*function_, driver::Consumer::simple_network));
  KEDGE_TRY(snp_, SnpProducer::create(firmware_, *device_));
  adapter_information_.emplace(*snp_);
  if (make_identifier_ != nullptr) identifier_ = make_identifier_(*snp_, *function_);
  user_ = User::simple_network;
  return {};
}

void DriverNic::drop_device() noexcept {
  adapter_information_.reset();
  identifier_.reset();
  snp_.reset();
  if (device_ != nullptr) device_->stop();
  device_.reset();
  user_ = User::nobody;
}

Result<void> DriverNic::make_for(User user, driver::Consumer consumer) noexcept {
  if (user == User::simple_network) return make_network();
  if (user == User::nobody) return {};
  KEDGE_TRY(device_, driver_.create(*function_, consumer));
  user_ = User::own_stack;
  consumer_ = consumer;
  return {};
}

Result<void> DriverNic::give_to(User user, driver::Consumer consumer) noexcept {
  if (user_ == user && (user != User::own_stack || consumer_ == consumer)) return {};
  const bool handle_changes = user_ == User::simple_network || user == User::simple_network;
  if (handle_changes && child_) KEDGE_CHECK(uninstall_from(kFirst));
  drop_device();
  Result<void> done = make_for(user, consumer);
  if (!done.ok()) drop_device();
  if (!handle_changes || !child_opening_) return done;
  const Result<void> installed = install_from(kFirst);
  if (installed.ok() || user_ != User::simple_network) return done;
  drop_device();
  (void)install_from(kFirst);
  return installed;
}

std::size_t DriverNic::published_count() const noexcept {
  if (snp_ == nullptr) return vlan_config_ != nullptr ? kFirst + 1 : kFirst;
  return identifier_ != nullptr ? kPublishedMax : kPublishedMax - 1;
}

/// In the order of installation: who waits for Simple Network finds the others there. The stack
/// that comes with it has VLANs of its own.
std::array<DriverNic::Published, DriverNic::kPublishedMax> DriverNic::published() noexcept {
  std::array<Published, kPublishedMax> all{};
  all[0] = {&kGuid<EFI_DEVICE_PATH_PROTOCOL>, path_.raw()};
  if (snp_ == nullptr) {
    if (vlan_config_ != nullptr) all[kFirst] = {&vlan_config_->guid(), vlan_config_->raw()};
    return all;
  }
  std::size_t next = kFirst;
  all[next++] = {&kGuid<EFI_ADAPTER_INFORMATION_PROTOCOL>, adapter_information_->raw()};
  if (identifier_ != nullptr) {
    all[next++] = {&kGuid<EFI_NETWORK_INTERFACE_IDENTIFIER_PROTOCOL>, identifier_->raw()};
  }
  all[next] = {&kGuid<EFI_SIMPLE_NETWORK_PROTOCOL>, snp_->raw()};
  return all;
}

bool DriverNic::is_held(const Published& protocol) noexcept {
  return protocol.protocol == &kGuid<EFI_NETWORK_INTERFACE_IDENTIFIER_PROTOCOL>;
}

bool DriverNic::hold(const Published& protocol) noexcept {
  if (!is_held(protocol)) return true;
  auto opened = detail::Opening::open(firmware_, child_, *protocol.protocol, child_,
                                      EFI_OPEN_PROTOCOL_BY_DRIVER);
  if (opened.ok()) identifier_opening_ = *std::move(opened);
  return opened.ok();
}

EFI_STATUS DriverNic::install(const Published& protocol) noexcept {
  EFI_HANDLE handle = child_.raw();
  const auto try_once = [&] {
    return firmware_.boot().InstallProtocolInterface(&handle, guid_pointer(*protocol.protocol),
                                                     EFI_NATIVE_INTERFACE, protocol.interface);
  };
  EFI_STATUS status = try_once();
  if (status == EFI_INVALID_PARAMETER) {
    // There is one: what the network of a started image could not take back from our handle.
    void* const old = detail::peek(firmware_, child_, *protocol.protocol);
    if (old != nullptr && uninstall({protocol.protocol, old})) status = try_once();
  }
  if (EFI_ERROR(status)) return status;
  child_ = Handle(handle);
  if (hold(protocol)) return status;
  (void)uninstall(protocol);
  return EFI_ACCESS_DENIED;
}

/// What is not there is gone.
bool DriverNic::uninstall(const Published& protocol) noexcept {
  // Whoever drives it must let go first, and that are we.
  if (is_held(protocol)) identifier_opening_.close();
  const EFI_STATUS status = firmware_.boot().UninstallProtocolInterface(
      child_.raw(), guid_pointer(*protocol.protocol), protocol.interface);
  if (!EFI_ERROR(status) || status == EFI_NOT_FOUND) return true;
  (void)hold(protocol);
  return false;
}

Result<void> DriverNic::hold_function() noexcept {
  KEDGE_TRY(child_opening_, Child<EFI_PCI_IO_PROTOCOL>::open(firmware_, controller(), child_));
  return {};
}

Result<void> DriverNic::install_from(std::size_t first) noexcept {
  const auto protocols = published();
  const std::size_t count = published_count();
  for (std::size_t next = first; next < count; ++next) {
    const EFI_STATUS status = install(protocols[next]);
    if (!EFI_ERROR(status)) continue;
    // Nobody knows of them yet, so nobody holds them.
    while (next != first) (void)uninstall(protocols[--next]);
    return from_status(status, err::uefi_install_failed);
  }
  return {};
}

Result<void> DriverNic::uninstall_from(std::size_t first) noexcept {
  const auto protocols = published();
  const std::size_t count = published_count();
  std::size_t left = count;
  // Simple Network first: the firmware disconnects its stack from it, or refuses.
  while (left != first && uninstall(protocols[left - 1])) --left;
  if (left == first) {
    if (snp_ != nullptr) snp_->abandon();
    return {};
  }
  for (; left < count; ++left) (void)install(protocols[left]);
  return fail(err::uefi_install_failed);
}

Result<void> DriverNic::add_handles() noexcept {
  const bool had_child = static_cast<bool>(child_opening_);
  if (!had_child) KEDGE_CHECK(add_child());
  if (boot_ == nullptr) return {};
  const Result<void> installed = boot_->install();
  if (!installed.ok() && !had_child) (void)remove_child();
  return installed;
}

Result<void> DriverNic::add_child() noexcept {
  const Published path = published()[0];
  // A bare child is there when the firmware did not let us take it back.
  if (!child_) {
    path_ = DevicePath::copy(peek<EFI_DEVICE_PATH_PROTOCOL>(firmware_, controller()));
    if (path_.empty()) return fail(err::uefi_device_path_malformed);
    path_.append_mac(mac_);
    KEDGE_CHECK(from_status(install({path.protocol, path_.raw()}), err::uefi_install_failed));
  }
  // The child owns the function from its first moment on: before Simple Network is there, which
  // makes the firmware's stack look at both.
  Result<void> done = hold_function();
  if (done.ok()) done = install_from(kFirst);
  if (done.ok()) return done;
  drop_bare_child();
  return done;
}

bool DriverNic::drop_bare_child() noexcept {
  // With the last protocol the handle goes, and then this record could not be closed any more.
  child_opening_.close();
  const bool gone = uninstall(published()[0]);
  if (gone) child_ = Handle();
  return gone;
}

Result<void> DriverNic::remove_child() noexcept {
  if (!child_) return {};
  KEDGE_CHECK(uninstall_from(kFirst));
  if (drop_bare_child()) return {};
  // All of it or nothing of it; what cannot come back now does with the next Start.
  if (hold_function().ok() && !install_from(kFirst).ok()) child_opening_.close();
  return fail(err::uefi_install_failed);
}

Result<void> DriverNic::remove_boot_option() noexcept {
  if (boot_ == nullptr || boot_->remove()) return {};
  return fail(err::uefi_install_failed);
}

}  // namespace kedge::uefi
