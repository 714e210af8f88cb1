// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/protocol.h"

#include "base/log.h"

namespace kedge::uefi {
namespace {

void log_failure(const char* what, EFI_STATUS status) noexcept {
  // The names of statuses are left out of images that have no log.
  if (!log_enabled(LogLevel::warning)) return;
  log(LogLevel::warning, "uefi", "{} a protocol failed: {}", what, status_name(status));
}

}  // namespace

namespace detail {

Result<Opening> Opening::open(const Firmware& firmware, Handle handle, const EFI_GUID& protocol,
                              Handle controller, std::uint32_t attributes) noexcept {
  void* interface = nullptr;
  const EFI_STATUS status =
      firmware.boot().OpenProtocol(handle.raw(), guid_pointer(protocol), &interface,
                                   firmware.image().raw(), controller.raw(), attributes);
  if (status == EFI_UNSUPPORTED) return fail(err::uefi_protocol_missing);
  // ALREADY_STARTED: we hold it ourselves; a second opening would share its record, so it is a bug.
  KEDGE_CHECK(from_status(status, err::uefi_open_failed));
  Opening opening;
  opening.firmware_ = &firmware;
  opening.handle_ = handle;
  opening.controller_ = controller;
  opening.protocol_ = &protocol;
  opening.interface_ = interface;
  return opening;
}

void Opening::close() noexcept {
  if (firmware_ == nullptr) return;
  const Firmware& firmware = *std::exchange(firmware_, nullptr);
  const EFI_STATUS status = firmware.boot().CloseProtocol(
      handle_.raw(), guid_pointer(*protocol_), firmware.image().raw(), controller_.raw());
  interface_ = nullptr;
  // NOT_FOUND is normal when the handle has gone meanwhile, as MAC handles do.
  if (EFI_ERROR(status) && status != EFI_NOT_FOUND && status != EFI_INVALID_PARAMETER) {
    log_failure("closing", status);
  }
}

void* peek(const Firmware& firmware, Handle handle, const EFI_GUID& protocol) noexcept {
  if (!handle) return nullptr;
  void* interface = nullptr;
  EFI_BOOT_SERVICES& boot = firmware.boot();
  const EFI_STATUS status =
      boot.OpenProtocol(handle.raw(), guid_pointer(protocol), &interface, firmware.image().raw(),
                        nullptr, EFI_OPEN_PROTOCOL_GET_PROTOCOL);
  if (EFI_ERROR(status)) return nullptr;
  (void)boot.CloseProtocol(handle.raw(), guid_pointer(protocol), firmware.image().raw(), nullptr);
  return interface;
}

}  // namespace detail

Result<void> Installation::install(const EFI_GUID& protocol, void* interface) noexcept {
  EFI_HANDLE handle = handle_.raw();
  KEDGE_CHECK(from_status(firmware_->boot().InstallProtocolInterface(
                              &handle, guid_pointer(protocol), EFI_NATIVE_INTERFACE, interface),
                          err::uefi_install_failed));
  handle_ = Handle(handle);
  entries_.push_back({&protocol, interface});
  return {};
}

bool Installation::remove() noexcept {
  // From the last one; what is refused stays in the list, in its order.
  for (std::size_t i = entries_.size(); i-- != 0;) {
    const Entry& entry = entries_[i];
    const EFI_STATUS status = firmware_->boot().UninstallProtocolInterface(
        handle_.raw(), guid_pointer(*entry.protocol), entry.interface);
    if (EFI_ERROR(status) && status != EFI_NOT_FOUND) {
      log_failure("uninstalling", status);
      continue;
    }
    entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(i));
  }
  if (!entries_.empty()) return false;
  handle_ = Handle();
  return true;
}

}  // namespace kedge::uefi
