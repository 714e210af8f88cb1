// SPDX-License-Identifier: BSD-2-Clause-Patent
// A page source for the heap's tests: counts, refuses when told to, and finds pages given back
// wrongly.
#pragma once

#include <cstdlib>
#include <map>

#include "base/assert.h"
#include "uefi/rt/heap.h"

namespace kedge::uefi::rt {

class TestPages final : public PageSource {
 public:
  ~TestPages() {
    for (const auto& [address, bytes] : held_) std::free(address);
  }
  void* allocate(std::size_t bytes, std::size_t alignment) noexcept override {
    KEDGE_ASSERT(bytes % 4096 == 0);
    if (bytes > limit) return nullptr;
    limit -= bytes;
    // A multiple of the alignment is what aligned_alloc wants to be asked for.
    void* const pages =
        std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
    held_[pages] = bytes;
    return pages;
  }
  void release(void* address, std::size_t bytes) noexcept override {
    const auto found = held_.find(address);
    KEDGE_ASSERT(found != held_.end() && found->second == bytes);
    held_.erase(found);
    limit += bytes;
    std::free(address);
  }
  std::size_t runs() const noexcept { return held_.size(); }

  std::size_t limit = 64 * 1024 * 1024;

 private:
  std::map<void*, std::size_t> held_;
};

}  // namespace kedge::uefi::rt
