// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/boot_option.h"

#include "base/assert.h"
#include "uefi/boot_name.h"

namespace kedge::uefi {
namespace {

/// What a boot manager makes of a boot that ended: never BUFFER_TOO_SMALL, which would make it call
/// again, nor SUCCESS, which would make it start what stands in its buffer.
EFI_STATUS status_of(const Result<void>& result) noexcept {
  if (result.ok()) return EFI_ABORTED;
  switch (result.error().kind()) {
    case ErrorKind::no_link:
      return EFI_NO_MEDIA;
    case ErrorKind::timed_out:
    case ErrorKind::unreachable:
      return EFI_NO_RESPONSE;
    case ErrorKind::not_found:
      return EFI_NOT_FOUND;
    case ErrorKind::cancelled:
      return EFI_ABORTED;
    default:
      return EFI_DEVICE_ERROR;
  }
}

}  // namespace

BootOption::BootOption(const Firmware& firmware, DriverNic& nic, BootRunner& runner) noexcept
    : firmware_(firmware), nic_(nic), runner_(runner), table_(*this, firmware) {
  table_.raw.LoadFile = Entry<EFI_LOAD_FILE_PROTOCOL, &BootOption::load_file>::call;
}

BootOption::~BootOption() {
  KEDGE_ASSERT(!running_);
}

Result<void> BootOption::install(const EFI_GUID& protocol, void* interface) noexcept {
  EFI_HANDLE handle = handle_.raw();
  KEDGE_CHECK(from_status(firmware_.boot().InstallProtocolInterface(
                              &handle, guid_pointer(protocol), EFI_NATIVE_INTERFACE, interface),
                          err::uefi_install_failed));
  handle_ = Handle(handle);
  return {};
}

/// What is not there is gone.
bool BootOption::uninstall(const EFI_GUID& protocol, void* interface) noexcept {
  const EFI_STATUS status =
      firmware_.boot().UninstallProtocolInterface(handle_.raw(), guid_pointer(protocol), interface);
  return !EFI_ERROR(status) || status == EFI_NOT_FOUND;
}

Result<void> BootOption::install() noexcept {
  if (opening_) return {};
  // A bare handle is there when the firmware did not let us take it back.
  if (!handle_) {
    path_ = DevicePath::copy(peek<EFI_DEVICE_PATH_PROTOCOL>(firmware_, nic_.controller()));
    if (path_.empty()) return fail(err::uefi_device_path_malformed);
    append_boot_option(path_, nic_.mac());
    KEDGE_CHECK(install(kGuid<EFI_DEVICE_PATH_PROTOCOL>, path_.raw()));
  }
  const Result<void> done = complete();
  if (!done.ok()) (void)drop_bare_handle();
  return done;
}

Result<void> BootOption::complete() noexcept {
  KEDGE_TRY(opening_, Child<EFI_PCI_IO_PROTOCOL>::open(firmware_, nic_.controller(), handle_));
  const Result<void> done = install(kGuid<EFI_LOAD_FILE_PROTOCOL>, &table_.raw);
  if (!done.ok()) opening_.close();
  return done;
}

bool BootOption::drop_bare_handle() noexcept {
  // With the last protocol the handle goes, and then this record could not be closed any more.
  opening_.close();
  const bool gone = uninstall(kGuid<EFI_DEVICE_PATH_PROTOCOL>, path_.raw());
  if (gone) handle_ = Handle();
  return gone;
}

bool BootOption::remove() noexcept {
  if (!handle_) return true;
  // A program that we run must not pull the ground from under itself.
  if (running_ || !uninstall(kGuid<EFI_LOAD_FILE_PROTOCOL>, &table_.raw)) return false;
  if (drop_bare_handle()) return true;
  (void)complete();
  return false;
}

/// ABORTED (what ran has ended), NO_MEDIA, NO_RESPONSE, NOT_FOUND, DEVICE_ERROR, and
/// INVALID_PARAMETER, UNSUPPORTED for calls that ask for something else. Boot managers first ask
/// for a file's size, without a buffer, and go on to their next option after these.
EFI_STATUS BootOption::load_file(EFI_DEVICE_PATH_PROTOCOL* path, BOOLEAN boot_policy, UINTN* bytes,
                                 void*) noexcept {
  if (path == nullptr || bytes == nullptr) return EFI_INVALID_PARAMETER;
  // No boot manager asks: somebody wants a certain file.
  if (boot_policy == FALSE) return EFI_UNSUPPORTED;
  if (device_path_bytes(path).size() != kEndNodeBytes) return EFI_INVALID_PARAMETER;
  // What we run waits for events and starts images. A program of ours may have come back here.
  if (running_ || firmware_.current_tpl() != TPL_APPLICATION) return EFI_DEVICE_ERROR;
  running_ = true;
  const Result<void> result = runner_.boot(nic_);
  running_ = false;
  return status_of(result);
}

}  // namespace kedge::uefi
