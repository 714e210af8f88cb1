// SPDX-License-Identifier: BSD-2-Clause-Patent
// FrameTrace: one debug log line for each frame: addresses, type, length, and the head of an IPv4
// packet.
#pragma once

#include "link/tap.h"

namespace kedge::link {

class FrameTrace final : public FrameObserver {
 public:
  /// `tag` is the interface's name; static storage.
  explicit FrameTrace(std::string_view tag) noexcept : tag_(tag) {}

  void observe(Direction direction, Instant when,
               std::span<const ByteView> pieces) noexcept override;

 private:
  std::string_view tag_;
};

}  // namespace kedge::link
