// SPDX-License-Identifier: BSD-2-Clause-Patent
// BootOption: EFI_LOAD_FILE_PROTOCOL (UEFI 2.10, 13.1) for a boot of our own over a NIC: loading
// its "file" is the whole boot, and never yields a file.
#pragma once

#include "uefi/driver_nic.h"
#include "uefi/producer.h"

namespace kedge::uefi {

/// Runs boots.
class BootRunner {
 public:
  /// Boots over the NIC. Returns when what was started has returned, or when nothing could be
  /// started; the NIC is then as it was before.
  virtual Result<void> boot(DriverNic& nic) noexcept = 0;

 protected:
  ~BootRunner() = default;
};

class BootOption final : public NicBootOption {
 public:
  BootOption(const Firmware& firmware, DriverNic& nic, BootRunner& runner) noexcept;
  ~BootOption() override;
  BootOption(const BootOption&) = delete;
  BootOption& operator=(const BootOption&) = delete;

  Result<void> install() noexcept override;
  bool remove() noexcept override;
  Handle handle() const noexcept override { return handle_; }

 private:
  Result<void> install(const EFI_GUID& protocol, void* interface) noexcept;
  bool uninstall(const EFI_GUID& protocol, void* interface) noexcept;
  /// Of a bare handle; what fails leaves it bare.
  Result<void> complete() noexcept;
  /// False when the firmware refuses.
  bool drop_bare_handle() noexcept;
  EFI_STATUS load_file(EFI_DEVICE_PATH_PROTOCOL* path, BOOLEAN boot_policy, UINTN* bytes,
                       void* buffer) noexcept;

  const Firmware& firmware_;
  DriverNic& nic_;
  BootRunner& runner_;
  ProducerTable<EFI_LOAD_FILE_PROTOCOL, BootOption> table_;
  DevicePath path_;
  Child<EFI_PCI_IO_PROTOCOL> opening_;
  Handle handle_;
  bool running_ = false;
};

}  // namespace kedge::uefi
