// SPDX-License-Identifier: BSD-2-Clause-Patent
// Power: reset and switch off.
#pragma once

#include "base/result.h"

namespace kedge::port {

class Power {
 public:
  enum class Reset : std::uint8_t { cold, warm, firmware_setup };

  /// Do not return on success.
  virtual Result<void> reboot(Reset kind) noexcept = 0;
  virtual Result<void> power_off() noexcept = 0;

 protected:
  ~Power() = default;
};

}  // namespace kedge::port
