// SPDX-License-Identifier: BSD-2-Clause-Patent
// Keyboard: port::Input over SimpleTextInputEx where the firmware has it, else SimpleTextInput.
#pragma once

#include <array>

#include "async/wait.h"
#include "port/console.h"
#include "uefi/firmware.h"

namespace kedge::uefi {

class Keyboard final : public port::Input, private async::Poller {
 public:
  static constexpr std::size_t kQueueMax = 32;

  /// Joins the pollers of `loop`, and leaves them when destroyed.
  Keyboard(const Firmware& firmware, async::Loop& loop) noexcept;

  std::optional<port::Key> poll_key() noexcept override;
  async::Task<Result<port::Key>> read_key(Instant deadline) noexcept override;
  /// Throws away what was typed before, such as the key that chose the boot option.
  void drain() noexcept;
  /// While a started image runs, keys are its own, also when it calls us and the loop turns.
  void pause() noexcept { paused_ = true; }
  void resume() noexcept { paused_ = false; }

 private:
  bool poll() noexcept override;
  bool read_hardware() noexcept;

  const Firmware& firmware_;
  async::Loop& loop_;
  async::Signal arrived_;
  Instant next_look_;
  std::array<port::Key, kQueueMax> queue_{};
  std::size_t head_ = 0;
  std::size_t count_ = 0;
  bool paused_ = false;
};

/// What a key of the firmware means; absent for keys that we have no use for. Exposed for tests.
std::optional<port::Key> translate_key(std::uint16_t scan_code, char16_t unit,
                                       std::uint32_t shift_state) noexcept;

}  // namespace kedge::uefi
