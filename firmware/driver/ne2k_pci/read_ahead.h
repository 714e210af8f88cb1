// SPDX-License-Identifier: BSD-2-Clause-Patent
// ReadAhead: frames that left the chip before anybody asked for them.
#pragma once

#include <array>
#include <optional>

#include "link/device.h"

namespace kedge::driver {

/// The chip holds nine full frames, and the firmware's stack takes one with each poll and works on
/// it before the next: a server that fills a window meanwhile would lose the rest, again and again,
/// until one of both gives up. So each poll empties the chip into this.
class ReadAhead final : public link::Receiver {
 public:
  /// A window of 64 KiB.
  static constexpr std::size_t kFrames = 48;

  std::size_t room() const noexcept { return kFrames - count_; }
  bool empty() const noexcept { return count_ == 0; }
  /// There must be room().
  void receive(link::Frame frame) noexcept override {
    frames_[(first_ + count_++) % kFrames].emplace(std::move(frame));
  }
  /// There must be one.
  link::Frame take() noexcept {
    std::optional<link::Frame>& slot = frames_[first_];
    link::Frame frame = std::move(*slot);
    slot.reset();
    first_ = (first_ + 1) % kFrames;
    --count_;
    return frame;
  }
  void clear() noexcept {
    while (!empty()) (void)take();
  }

 private:
  std::array<std::optional<link::Frame>, kFrames> frames_;
  std::size_t first_ = 0;
  std::size_t count_ = 0;
};

}  // namespace kedge::driver
