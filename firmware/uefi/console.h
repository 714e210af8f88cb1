// SPDX-License-Identifier: BSD-2-Clause-Patent
// TextConsole: port::Console over the firmware's ConOut, which speaks to screen and serial at once.
#pragma once

#include <string>

#include "port/console.h"
#include "uefi/firmware.h"

namespace kedge::uefi {

class TextConsole final : public port::Console {
 public:
  explicit TextConsole(const Firmware& firmware) noexcept;

  void append(std::string_view text) noexcept override;
  /// Sends only what changed since the last rewrite of the same line, so that a progress bar costs
  /// a serial line little and a log file stays small.
  void rewrite_line(std::string_view text) noexcept override;
  unsigned columns() const noexcept override { return columns_; }
  /// Forgets what is on the line, after others wrote to the screen (a started image).
  void forget_line() noexcept { line_.clear(); }
  /// Text that is printed at raised TPL, from the notify function of a hang guard: no allocation.
  static void print_raw(const Firmware& firmware, std::string_view text) noexcept;

 private:
  const Firmware& firmware_;
  unsigned columns_ = 80;
  std::u16string line_;  // what rewrite_line left on the current line
};

}  // namespace kedge::uefi
