// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/rt/heap.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <vector>

#include "uefi/rt/heap_test_pages.h"

namespace kedge::uefi::rt {
namespace {

class HeapTest : public testing::Test {
 protected:
  void* allocate(std::size_t bytes, std::size_t alignment = Heap::kAlignment) {
    void* const block = heap.allocate(bytes, alignment);
    EXPECT_NE(block, nullptr);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % alignment, 0u) << bytes;
    EXPECT_GE(heap.size_of(block), bytes);
    return block;
  }

  TestPages pages;
  Heap heap{pages};
};

TEST_F(HeapTest, TakesNothingBeforeTheFirstAllocation) {
  heap.release(nullptr);
  EXPECT_EQ(pages.runs(), 0u);
}

TEST_F(HeapTest, WastesAtMostAQuarterOfASlotAbove64Bytes) {
  for (std::size_t bytes = 65; bytes <= Heap::kSlabBlockMax; ++bytes) {
    void* const block = allocate(bytes);
    ASSERT_LE(heap.size_of(block), bytes + bytes / 4 + 1) << bytes;
    heap.release(block);
  }
}

TEST_F(HeapTest, GivesDistinctBlocksThatKeepTheirContents) {
  std::vector<std::pair<std::uint8_t*, std::size_t>> blocks;
  for (std::size_t bytes = 0; bytes < 20000; bytes += 37) {
    auto* const block = static_cast<std::uint8_t*>(allocate(bytes));
    std::memset(block, static_cast<int>(bytes % 251), heap.size_of(block));
    blocks.emplace_back(block, bytes);
  }
  for (const auto& [block, bytes] : blocks) {
    for (std::size_t i = 0; i < heap.size_of(block); ++i) ASSERT_EQ(block[i], bytes % 251);
    heap.release(block);
  }
  EXPECT_EQ(heap.statistics().blocks, 0u);
  EXPECT_EQ(heap.statistics().bytes, 0u);
}

TEST_F(HeapTest, AlignsAsAskedForEverySize) {
  std::vector<void*> blocks;
  for (std::size_t alignment = 1; alignment <= Heap::kAlignmentMax; alignment *= 2) {
    for (const std::size_t bytes : {1u, 100u, 4096u, 4097u, 9000u, 600000u, 1100000u}) {
      blocks.push_back(allocate(bytes, alignment));
    }
  }
  for (void* const block : blocks) heap.release(block);
  EXPECT_EQ(heap.statistics().blocks, 0u);
}

TEST_F(HeapTest, RefusesAlignmentsItCannotGive) {
  EXPECT_EQ(heap.allocate(1, Heap::kAlignmentMax * 2), nullptr);
}

TEST_F(HeapTest, ReusesAReleasedSlotFirst) {
  void* const first = allocate(100);
  void* const second = allocate(100);
  heap.release(first);
  EXPECT_EQ(allocate(100), first);
  EXPECT_NE(first, second);
}

TEST_F(HeapTest, HoldsOneChunkForManySmallBlocks) {
  std::vector<void*> blocks;
  for (int i = 0; i < 10000; ++i) blocks.push_back(allocate(64));
  EXPECT_EQ(pages.runs(), 1u);
  for (void* const block : blocks) heap.release(block);
  EXPECT_EQ(pages.runs(), 1u);
}

TEST_F(HeapTest, GivesChunksBackExceptOneSpare) {
  std::vector<void*> blocks;
  for (int i = 0; i < 20; ++i) blocks.push_back(allocate(Heap::kRunBlockMax));
  EXPECT_GE(pages.runs(), 10u);
  for (void* const block : blocks) heap.release(block);
  EXPECT_EQ(pages.runs(), 1u);
  EXPECT_EQ(heap.statistics().held, Heap::kChunkBytes);
  EXPECT_EQ(allocate(Heap::kRunBlockMax) != nullptr, true);
  EXPECT_EQ(pages.runs(), 1u);
}

TEST_F(HeapTest, GivesLargeBlocksTheirOwnPagesAndReturnsThemAtOnce) {
  void* const block = allocate(3'000'000);
  EXPECT_EQ(pages.runs(), 1u);
  EXPECT_GE(heap.statistics().held, 3'000'000u);
  EXPECT_LT(heap.statistics().held, 3'000'000u + 5 * 4096);
  heap.release(block);
  EXPECT_EQ(pages.runs(), 0u);
}

TEST_F(HeapTest, JoinsNeighbouringRunsThatWereReleased) {
  void* const first = allocate(Heap::kRunBlockMax);
  void* const second = allocate(300 * 1024);
  EXPECT_EQ(pages.runs(), 1u);
  heap.release(first);
  heap.release(second);
  // 127 slices are free again in one piece: this fits nowhere else in the chunk.
  (void)allocate(Heap::kRunBlockMax);
  (void)allocate(480 * 1024 - Heap::kReserveBytes);
  EXPECT_EQ(pages.runs(), 1u);
}

TEST_F(HeapTest, AnswersNullWhenThePagesRunOutAndGoesOnWorking) {
  pages.limit = Heap::kChunkBytes;
  std::vector<void*> blocks;
  for (void* block = heap.allocate(4096); block != nullptr; block = heap.allocate(4096)) {
    blocks.push_back(block);
    ASSERT_LT(blocks.size(), 1000u);
  }
  EXPECT_GT(blocks.size(), 200u);
  EXPECT_EQ(heap.allocate(SIZE_MAX), nullptr);
  EXPECT_EQ(heap.allocate(SIZE_MAX / 2 - 1), nullptr);
  heap.release(blocks.back());
  EXPECT_NE(heap.allocate(4096), nullptr);
}

TEST_F(HeapTest, KeepsAReserveForThoseWhoCannotFail) {
  pages.limit = Heap::kChunkBytes;
  ASSERT_TRUE(heap.prepare());
  std::vector<void*> blocks;
  while (void* const block = heap.allocate(Heap::kSliceBytes)) {
    blocks.push_back(block);
    ASSERT_LT(blocks.size(), 1000u);
  }
  std::size_t reserved = 0;
  while (heap.allocate(Heap::kSliceBytes, Heap::kAlignment, Reserve::use) != nullptr) {
    reserved += Heap::kSliceBytes;
    ASSERT_LT(reserved, Heap::kChunkBytes);
  }
  EXPECT_EQ(reserved, Heap::kReserveBytes);
  // What comes back fills the reserve first.
  for (std::size_t i = 0; i < reserved / Heap::kSliceBytes; ++i) heap.release(blocks[i]);
  EXPECT_EQ(heap.allocate(Heap::kSliceBytes), nullptr);
  EXPECT_NE(heap.allocate(Heap::kSliceBytes, Heap::kAlignment, Reserve::use), nullptr);
}

TEST_F(HeapTest, LeavesTheReserveAloneAsLongAsThereArePages) {
  pages.limit = 2 * Heap::kChunkBytes;
  for (int i = 0; i < 150; ++i) {
    ASSERT_NE(heap.allocate(Heap::kSliceBytes, Heap::kAlignment, Reserve::use), nullptr);
  }
  EXPECT_EQ(pages.runs(), 2u);
  std::size_t free = 0;
  while (heap.allocate(Heap::kSliceBytes, Heap::kAlignment, Reserve::use) != nullptr) ++free;
  EXPECT_EQ(free, 2 * 127u - 150u);
}

TEST_F(HeapTest, SaysThatThereIsNoMemoryForAFirstChunk) {
  pages.limit = Heap::kChunkBytes - 1;
  EXPECT_FALSE(heap.prepare());
  pages.limit = Heap::kChunkBytes;
  EXPECT_TRUE(heap.prepare());
  EXPECT_EQ(heap.statistics().blocks, 0u);
}

TEST_F(HeapTest, CountsWhatIsHandedOut) {
  void* const small = allocate(16);
  void* const run = allocate(10000);
  EXPECT_EQ(heap.statistics().blocks, 2u);
  EXPECT_EQ(heap.statistics().bytes, 16u + 2 * Heap::kSliceBytes);
  EXPECT_EQ(heap.statistics().allocations, 2u);
  heap.release(run);
  heap.release(small);
  EXPECT_EQ(heap.statistics().bytes, 0u);
  EXPECT_EQ(heap.statistics().bytes_max, 16u + 2 * Heap::kSliceBytes);
}

TEST_F(HeapTest, GivesEverythingBackWhenTold) {
  (void)allocate(10);
  (void)allocate(10000);
  (void)allocate(3'000'000);
  heap.release_everything();
  EXPECT_EQ(pages.runs(), 0u);
  EXPECT_EQ(heap.statistics().blocks, 0u);
  EXPECT_EQ(heap.statistics().held, 0u);
  (void)allocate(10);
  EXPECT_EQ(pages.runs(), 1u);
}

TEST_F(HeapTest, SurvivesRandomUse) {
  std::mt19937 random(1);
  std::vector<std::pair<std::uint8_t*, std::uint8_t>> blocks;
  for (int step = 0; step < 30000; ++step) {
    if (blocks.size() < 200 || random() % 2 == 0) {
      const std::size_t bytes = random() % (std::size_t{1} << (random() % 15));
      const std::size_t alignment = std::size_t{1} << (random() % 10);
      auto* const block = static_cast<std::uint8_t*>(allocate(bytes, alignment));
      const auto mark = static_cast<std::uint8_t>(random());
      block[0] = block[heap.size_of(block) - 1] = mark;
      blocks.emplace_back(block, mark);
    } else {
      std::swap(blocks[random() % blocks.size()], blocks.back());
      const auto [block, mark] = blocks.back();
      ASSERT_EQ(block[0], mark);
      ASSERT_EQ(block[heap.size_of(block) - 1], mark);
      heap.release(block);
      blocks.pop_back();
    }
  }
  for (const auto& [block, mark] : blocks) heap.release(block);
  EXPECT_EQ(heap.statistics().blocks, 0u);
  // Empty slabs that are kept, one of a class, may hold more than the one spare chunk.
  EXPECT_LE(pages.runs(), 3u);
}

using HeapDeathTest = HeapTest;

TEST_F(HeapDeathTest, FindsABlockReleasedTwice) {
  void* const block = allocate(40);
  void* const other = allocate(40);
  heap.release(block);
  heap.release(other);
  EXPECT_DEATH(heap.release(block), "free != slot");
}

TEST_F(HeapDeathTest, FindsARunReleasedTwice) {
  auto* const block = static_cast<std::uint8_t*>(allocate(10000));
  (void)allocate(16);
  heap.release(block);
  EXPECT_DEATH(heap.release(block), "Slice::Use::run");
}

TEST_F(HeapDeathTest, FindsAddressesInsideBlocks) {
  auto* const slot = static_cast<std::uint8_t*>(allocate(40));
  EXPECT_DEATH(heap.release(slot + 8), "offset % size == 0");
  auto* const run = static_cast<std::uint8_t*>(allocate(20000));
  EXPECT_DEATH(heap.release(run + 8192), "block == chunk->address");
}

TEST_F(HeapDeathTest, FindsMemoryOfOthers) {
  alignas(4096) static std::uint8_t elsewhere[2 * Heap::kChunkBytes];
  EXPECT_DEATH(heap.release(elsewhere + Heap::kChunkBytes), "kChunkMagic");
}

}  // namespace
}  // namespace kedge::uefi::rt
