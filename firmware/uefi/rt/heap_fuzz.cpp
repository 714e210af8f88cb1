// SPDX-License-Identifier: BSD-2-Clause-Patent
// The input is a program: each three bytes allocate or release; marks at both ends of each block
// must last.
#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "uefi/rt/heap.h"
#include "uefi/rt/heap_test_pages.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kedge::uefi::rt;
  TestPages pages;
  pages.limit = 16 * Heap::kChunkBytes;
  Heap heap(pages);
  std::vector<std::pair<std::uint8_t*, std::uint8_t>> blocks;
  std::uint8_t mark = 0;
  for (; size >= 3; data += 3, size -= 3) {
    const std::size_t number = data[1] | static_cast<std::size_t>(data[2]) << 8;
    if (data[0] < 0x80) {
      const std::size_t bytes = number << (data[0] >> 4);
      auto* const block =
          static_cast<std::uint8_t*>(heap.allocate(bytes, std::size_t{1} << (data[0] & 15)));
      if (block == nullptr) continue;
      KEDGE_ASSERT(heap.size_of(block) >= bytes);
      KEDGE_ASSERT(reinterpret_cast<std::uintptr_t>(block) % (std::size_t{1} << (data[0] & 15)) ==
                   0);
      block[0] = block[heap.size_of(block) - 1] = ++mark;
      blocks.emplace_back(block, mark);
    } else if (!blocks.empty()) {
      std::swap(blocks[number % blocks.size()], blocks.back());
      const auto [block, expected] = blocks.back();
      KEDGE_ASSERT(block[0] == expected && block[heap.size_of(block) - 1] == expected);
      heap.release(block);
      blocks.pop_back();
    }
    KEDGE_ASSERT(heap.statistics().blocks == blocks.size());
  }
  heap.release_everything();
  KEDGE_ASSERT(pages.runs() == 0);
  return 0;
}
