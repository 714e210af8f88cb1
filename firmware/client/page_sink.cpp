// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "client/page_sink.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "client/page_sink_errors.h"

namespace kedge::client {
namespace {

std::uint32_t in_mib(std::uint64_t bytes) {
  const std::uint64_t mib = (bytes + (1 << 20) - 1) >> 20;
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(mib, UINT32_MAX));
}

}  // namespace

PageSink::PageSink(PageSink&& other) noexcept
    : pages_(other.pages_),
      limit_(other.limit_),
      blocks_(std::move(other.blocks_)),
      capacity_(std::exchange(other.capacity_, 0)),
      size_(std::exchange(other.size_, 0)) {
  other.blocks_.clear();
}

PageSink& PageSink::operator=(PageSink&& other) noexcept {
  if (this == &other) return *this;
  clear();
  pages_ = other.pages_;
  limit_ = other.limit_;
  blocks_ = std::move(other.blocks_);
  other.blocks_.clear();
  capacity_ = std::exchange(other.capacity_, 0);
  size_ = std::exchange(other.size_, 0);
  return *this;
}

Error PageSink::no_memory(std::uint64_t wanted) const noexcept {
  return fail(err::image_no_memory, in_mib(wanted));
}

Result<void> PageSink::expect(std::uint64_t total_bytes) noexcept {
  if (total_bytes > limit_) return fail(err::image_over_limit, in_mib(total_bytes));
  if (total_bytes <= capacity_) return {};
  if (!add_block(total_bytes - capacity_, total_bytes - capacity_)) return no_memory(total_bytes);
  return {};
}

Result<void> PageSink::add_block(std::uint64_t wanted, std::uint64_t least) noexcept {
  for (;;) {
    if (wanted > SIZE_MAX) return no_memory(wanted);
    const Result<ByteSpan> memory = pages_->allocate(static_cast<std::size_t>(wanted));
    if (memory.ok()) {
      blocks_.push_back({*memory, 0});
      capacity_ += memory->size();
      return {};
    }
    if (wanted <= least) return memory.error();
    wanted = std::max(wanted / 2, least);
  }
}

Result<void> PageSink::write(ByteView data) noexcept {
  if (data.size() > limit_ - size_) return fail(err::image_over_limit, in_mib(size_ + data.size()));
  while (!data.empty()) {
    // Blocks fill in order; at most the last two have room (an expect() may come late).
    const auto free_block = std::ranges::find_if(
        blocks_, [](const Block& block) { return block.used < block.memory.size(); });
    if (free_block == blocks_.end()) {
      if (!add_block(std::max(capacity_, kFirstBlock), kSmallestBlock)) {
        return no_memory(size_ + data.size());
      }
      continue;
    }
    Block& block = *free_block;
    const std::size_t count = std::min(data.size(), block.memory.size() - block.used);
    std::memcpy(block.memory.data() + block.used, data.data(), count);
    block.used += count;
    size_ += count;
    data = data.subspan(count);
  }
  return {};
}

void PageSink::clear() noexcept {
  for (const Block& block : blocks_) pages_->release(block.memory);
  blocks_.clear();
  capacity_ = 0;
  size_ = 0;
}

void PageSink::read(std::uint64_t offset, ByteSpan out) const noexcept {
  KEDGE_ASSERT(offset <= size_ && out.size() <= size_ - offset);
  for (const Block& block : blocks_) {
    if (out.empty()) return;
    if (offset >= block.used) {
      offset -= block.used;
      continue;
    }
    const std::size_t start = static_cast<std::size_t>(offset);
    const std::size_t count = std::min(out.size(), block.used - start);
    std::memcpy(out.data(), block.memory.data() + start, count);
    out = out.subspan(count);
    offset = 0;
  }
}

Result<ByteView> PageSink::contiguous() noexcept {
  if (blocks_.empty()) return ByteView();
  if (blocks_.front().used == size_)
    return ByteView(blocks_.front().memory.first(blocks_.front().used));
  const Result<ByteSpan> whole = pages_->allocate(static_cast<std::size_t>(size_));
  if (!whole.ok()) return no_memory(size_);
  const std::size_t bytes = static_cast<std::size_t>(size_);
  read(0, whole->first(bytes));
  clear();
  blocks_.push_back({*whole, bytes});
  capacity_ = whole->size();
  size_ = bytes;
  return ByteView(whole->first(bytes));
}

}  // namespace kedge::client
