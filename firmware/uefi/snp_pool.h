// SPDX-License-Identifier: BSD-2-Clause-Patent
// ReceivePool: buffers for frames that a firmware driver copies to us. Outlives its device while
// frames are lent out.
#pragma once

#include <memory>
#include <vector>

#include "link/device.h"
#include "uefi/pages.h"

namespace kedge::uefi {

class ReceivePool final : public link::SegmentOwner {
 public:
  /// Enough for several MiB of TCP data that waits out of order behind one lost segment.
  static constexpr std::size_t kBuffersMax = 8192;

  struct Orphan {
    void operator()(ReceivePool* pool) const noexcept { pool->orphan(); }
  };
  /// Deleting it frees the pool when the last lent frame has come back.
  using Owner = std::unique_ptr<ReceivePool, Orphan>;

  /// `pages` must outlive the pool. Errors: base_no_memory.
  static Result<Owner> create(port::Pages& pages, std::size_t buffer_bytes) noexcept;

  /// A free buffer, or nullptr when there is no memory for more. Give it back by release().
  link::Segment* take() noexcept;
  std::size_t buffer_bytes() const noexcept { return buffer_bytes_; }
  std::size_t lent() const noexcept { return lent_; }
  void release(link::Segment* chain) noexcept override;

 private:
  struct Buffer {
    link::Segment segment;
    std::byte* memory = nullptr;
  };
  struct Chunk {
    PageBlock memory;
    std::unique_ptr<Buffer[]> buffers;
  };

  ReceivePool(port::Pages& pages, std::size_t buffer_bytes) noexcept
      : pages_(pages), buffer_bytes_(buffer_bytes) {}
  bool grow() noexcept;
  void orphan() noexcept;

  port::Pages& pages_;
  std::size_t buffer_bytes_;
  std::vector<Chunk> chunks_;
  link::Segment* free_ = nullptr;
  std::size_t lent_ = 0;
  bool orphaned_ = false;
};

}  // namespace kedge::uefi
