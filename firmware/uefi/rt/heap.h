// SPDX-License-Identifier: BSD-2-Clause-Patent
// The firmware's heap: blocks cut from large page runs.
//
// AllocatePool takes microseconds and a header for each block; coroutine frames, buffers of lwIP
// and strings come by the million. So memory is taken from the firmware in chunks of 1 MiB
// (aligned, so that the chunk of a block is found by masking its address), which are divided into
// slices of 8 KiB:
//
//   block size        where it lives
//   up to 4 KiB       a slab: 1 or 4 slices cut into equal slots of one size class
//   up to 512 KiB     a run of slices
//   more              a chunk of its own
//
// A chunk whose slices are all free goes back to the firmware, except one that is kept for the next
// use.
//
// Who cannot be told that there is no memory (the plain forms of operator new, new.cpp) still finds
// kReserveBytes after all others have been refused, so that a program that runs out fails where it
// can say so, and has what it needs for cleaning up.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kedge::uefi::rt {

/// Where the heap takes chunks from.
class PageSource {
 public:
  /// `bytes` is a multiple of 4096, `alignment` a power of two. nullptr when there is no such run.
  virtual void* allocate(std::size_t bytes, std::size_t alignment) noexcept = 0;
  virtual void release(void* address, std::size_t bytes) noexcept = 0;

 protected:
  ~PageSource() = default;
};

struct HeapStatistics {
  std::size_t blocks = 0;         // handed out now
  std::size_t bytes = 0;          // handed out now, with what rounding added
  std::size_t bytes_max = 0;      // the most there ever was
  std::size_t held = 0;           // taken from the page source now
  std::size_t held_max = 0;       // the most there ever was
  std::uint64_t allocations = 0;  // since the beginning
};

/// Whether a request may take what is left when the page source has no more.
enum class Reserve : std::uint8_t { keep, use };

/// Not reentrant: who calls from more than one task priority level raises it around each call.
class Heap {
 public:
  static constexpr std::size_t kAlignment = 16;        // of every block
  static constexpr std::size_t kAlignmentMax = 65536;  // that may be asked for
  static constexpr std::size_t kChunkBytes = 1024 * 1024;
  static constexpr std::size_t kSliceBytes = 8192;
  static constexpr std::size_t kSlabBlockMax = 4096;
  static constexpr std::size_t kRunBlockMax = 512 * 1024;
  static constexpr std::size_t kReserveBytes = 128 * 1024;

  constexpr explicit Heap(PageSource& source) noexcept : source_(source) {}
  Heap(const Heap&) = delete;
  Heap& operator=(const Heap&) = delete;

  /// A block of at least `bytes` (0 counts as 1) at a multiple of `alignment`, a power of two;
  /// nullptr when the page source has no more or the alignment is above kAlignmentMax.
  [[nodiscard]] void* allocate(std::size_t bytes, std::size_t alignment = kAlignment,
                               Reserve reserve = Reserve::keep) noexcept;

  /// Takes the first chunk, and with it the reserve, if there is none yet. False when there is no
  /// memory for it.
  [[nodiscard]] bool prepare() noexcept;

  /// Takes back what allocate returned; nullptr is nothing. Asserts on anything else that it can
  /// tell: an address outside the heap or inside a block, and a block that is free.
  void release(void* block) noexcept;

  /// How many bytes the block really has.
  std::size_t size_of(const void* block) const noexcept;

  /// Gives all chunks back, whatever is still handed out. The heap is empty and usable afterwards.
  void release_everything() noexcept;

  const HeapStatistics& statistics() const noexcept { return statistics_; }

 private:
  struct Slice;
  struct Chunk;
  struct Slot;
  static constexpr std::size_t kClassCount = 28;

  static std::size_t class_of(std::size_t bytes) noexcept;
  static std::size_t class_bytes(std::size_t size_class) noexcept;
  static Chunk* chunk_of(const void* block) noexcept;
  static Slice* head_of(Chunk* chunk, const void* block) noexcept;

  void* allocate_slot(std::size_t size_class, Reserve reserve) noexcept;
  void* allocate_large(std::size_t bytes, std::size_t offset) noexcept;
  Slice* allocate_run(std::size_t count, Reserve reserve) noexcept;
  Slice* find_run(std::size_t count) noexcept;
  std::size_t free_slices() const noexcept;
  void release_slot(Slice* slab, void* block) noexcept;
  void release_run(Slice* head) noexcept;
  Chunk* add_chunk(std::size_t bytes) noexcept;
  void remove_chunk(Chunk* chunk) noexcept;
  void link_slab(Slice* slab) noexcept;
  void unlink_slab(Slice* slab) noexcept;
  void count_in(std::size_t bytes) noexcept;
  void count_out(std::size_t bytes) noexcept;

  PageSource& source_;
  Chunk* chunks_ = nullptr;
  Chunk* spare_ = nullptr;            // the one shared chunk that is kept although it is empty
  Slice* partial_[kClassCount] = {};  // slabs with free slots
  HeapStatistics statistics_;
};

}  // namespace kedge::uefi::rt
