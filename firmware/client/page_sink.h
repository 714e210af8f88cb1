// SPDX-License-Identifier: BSD-2-Clause-Patent
// PageSink: keeps a download in pages of the platform, without ever copying what has arrived.
//
// A file of known size gets one block. One of unknown size gets blocks that double; when the memory
// is too fragmented for the next, smaller ones. contiguous() joins them where one block is needed.
#pragma once

#include <vector>

#include "client/sink.h"
#include "port/pages.h"

namespace kedge::client {

class PageSink final : public Sink {
 public:
  static constexpr std::uint64_t kFirstBlock = 1 << 20;
  static constexpr std::uint64_t kSmallestBlock = 64 << 10;
  static constexpr std::uint64_t kNoLimit = UINT64_MAX;

  explicit PageSink(port::Pages& pages, std::uint64_t limit_bytes = kNoLimit) noexcept
      : pages_(&pages), limit_(limit_bytes) {}
  PageSink(PageSink&& other) noexcept;
  PageSink& operator=(PageSink&& other) noexcept;
  ~PageSink() { clear(); }

  /// Errors: image_no_memory, image_over_limit; the detail is the size in MiB.
  Result<void> expect(std::uint64_t total_bytes) noexcept override;
  Result<void> write(ByteView data) noexcept override;
  std::uint64_t size() const noexcept override { return size_; }
  void clear() noexcept override;

  /// Copies `out.size()` bytes from `offset`; both must lie within size().
  void read(std::uint64_t offset, ByteSpan out) const noexcept;
  /// The whole file in one piece; valid until the next write or clear. Errors: image_no_memory.
  Result<ByteView> contiguous() noexcept;

 private:
  struct Block {
    ByteSpan memory;
    std::size_t used = 0;
  };
  Result<void> add_block(std::uint64_t wanted, std::uint64_t least) noexcept;
  Error no_memory(std::uint64_t wanted) const noexcept;

  port::Pages* pages_;
  std::uint64_t limit_;
  std::vector<Block> blocks_;
  std::uint64_t capacity_ = 0;
  std::uint64_t size_ = 0;
};

}  // namespace kedge::client
