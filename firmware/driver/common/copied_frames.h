// SPDX-License-Identifier: BSD-2-Clause-Patent
// CopiedFrames: frames copied out of a chip's memory, which may outlive the chip's driver.
#pragma once

#include "link/heap_frames.h"

namespace kedge::driver {

class CopiedFrames final : public link::SegmentOwner {
 public:
  /// What the stack may hold at a time, in frames: some MiB.
  static constexpr std::size_t kFramesMax = 4096;

  /// nullptr without memory. Given back by detach().
  static CopiedFrames* create() noexcept;
  /// The driver is done: it goes when nothing is lent out any more.
  void detach() noexcept;

  /// A copy of `pieces`, one segment; empty (head() is nullptr) without memory or over the limit.
  link::Frame make(std::span<const ByteView> pieces, link::ReceiveInfo info = {}) noexcept;

  void release(link::Segment* chain) noexcept override;

 private:
  CopiedFrames() noexcept = default;
  ~CopiedFrames() = default;

  link::HeapFrames frames_;
  bool detached_ = false;
};

}  // namespace kedge::driver
