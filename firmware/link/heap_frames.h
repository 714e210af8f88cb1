// SPDX-License-Identifier: BSD-2-Clause-Patent
// HeapFrames: frames in ordinary memory, for devices without a pool and for middleware that holds
// some.
#pragma once

#include "link/device.h"

namespace kedge::link {

class HeapFrames final : public SegmentOwner {
 public:
  HeapFrames() noexcept = default;
  HeapFrames(const HeapFrames&) = delete;
  HeapFrames& operator=(const HeapFrames&) = delete;
  ~HeapFrames();

  /// A copy of `pieces` in segments of at most `segment_bytes` (0: one). An empty frame (head() is
  /// nullptr) without memory.
  Frame make(std::span<const ByteView> pieces, ReceiveInfo info,
             std::uint32_t segment_bytes = 0) noexcept;
  /// Segments that are not yet released.
  std::size_t outstanding() const noexcept { return outstanding_; }

  void release(Segment* chain) noexcept override;

 private:
  Segment* allocate(std::uint32_t bytes) noexcept;

  std::size_t outstanding_ = 0;
};

/// Copies all bytes of `frame` to `out`, which must have room for length(). Returns what was
/// copied.
ByteSpan copy_bytes(const Frame& frame, ByteSpan out) noexcept;

}  // namespace kedge::link
