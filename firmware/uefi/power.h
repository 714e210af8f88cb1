// SPDX-License-Identifier: BSD-2-Clause-Patent
// FirmwarePower: reset and switch off through the runtime services.
#pragma once

#include "port/power.h"
#include "uefi/firmware.h"

namespace kedge::uefi {

class FirmwarePower final : public port::Power {
 public:
  explicit FirmwarePower(const Firmware& firmware) noexcept : firmware_(firmware) {}

  /// Errors: uefi_reset_failed, uefi_no_setup.
  Result<void> reboot(Reset kind) noexcept override;
  Result<void> power_off() noexcept override;

 private:
  Result<void> request_setup() noexcept;
  const Firmware& firmware_;
};

}  // namespace kedge::uefi
