// SPDX-License-Identifier: BSD-2-Clause-Patent
// FakePages: page blocks from the host's heap, with a budget and a count of what is out.
#pragma once

#include <cstdlib>
#include <map>

#include "port/pages.h"

namespace kedge::fake {

class FakePages final : public port::Pages {
 public:
  explicit FakePages(std::size_t budget_bytes = SIZE_MAX, std::size_t largest_bytes = SIZE_MAX)
      : budget_(budget_bytes), largest_(largest_bytes) {}

  Result<ByteSpan> allocate(std::size_t bytes) noexcept override {
    const std::size_t rounded =
        (bytes + port::kPageBytes - 1) / port::kPageBytes * port::kPageBytes;
    if (rounded > budget_ - used_ || rounded > largest_) return fail(err::base_no_memory);
    auto* memory = static_cast<std::byte*>(std::aligned_alloc(port::kPageBytes, rounded));
    used_ += rounded;
    blocks_[memory] = rounded;
    return ByteSpan(memory, rounded);
  }
  void release(ByteSpan block) noexcept override {
    const auto found = blocks_.find(block.data());
    KEDGE_ASSERT(found != blocks_.end() && found->second == block.size());
    used_ -= found->second;
    blocks_.erase(found);
    std::free(block.data());
  }
  std::size_t used() const { return used_; }
  std::size_t blocks() const { return blocks_.size(); }

 private:
  std::size_t budget_;
  std::size_t largest_;
  std::size_t used_ = 0;
  std::map<std::byte*, std::size_t> blocks_;
};

}  // namespace kedge::fake
