// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/rt/heap.h"

#include <algorithm>
#include <bit>
#include <new>

#include "base/assert.h"

namespace kedge::uefi::rt {
namespace {

constexpr std::size_t kPageBytes = 4096;
constexpr std::size_t kSliceCount = Heap::kChunkBytes / Heap::kSliceBytes;
constexpr std::size_t kReserveSlices = Heap::kReserveBytes / Heap::kSliceBytes;
constexpr std::uint64_t kChunkMagic =
    0x6B6E756863676B65;  // told apart from pages that are not ours
constexpr std::uintptr_t kFreeMark = static_cast<std::uintptr_t>(0xF2EEF2EEF2EEF2EE);

// Slots up to this size come from slabs of one slice, larger ones from slabs of four.
constexpr std::size_t kSmallSlotMax = 512;
constexpr std::size_t kLargeSlabSlices = 4;

constexpr std::size_t round_up(std::size_t value, std::size_t unit) noexcept {
  return (value + unit - 1) / unit * unit;
}

}  // namespace

// What a free slot holds; the mark makes releasing a block twice visible.
struct Heap::Slot {
  Slot* next;
  std::uintptr_t mark;
};

struct Heap::Slice {
  enum class Use : std::uint8_t { free, slab, run, inside };

  Use use;
  std::uint8_t size_class;   // slab
  std::uint16_t count;       // slab, run: slices
  std::uint16_t back;        // inside: slices back to the first
  std::uint16_t used;        // slab: slots handed out
  std::uint16_t untouched;   // slab: first slot that was never handed out
  std::uint16_t slot_count;  // slab
  Slot* slots;               // slab: free slots below `untouched`
  Slice* next;               // slab: list of slabs with free slots
  Slice* previous;

  bool is_full() const noexcept { return used == slot_count; }
};

struct Heap::Chunk {
  std::uint64_t magic;
  std::size_t bytes;         // taken from the page source
  std::size_t block_offset;  // of the only block of a chunk of its own; 0 for a shared chunk
  std::size_t slices_free;
  Chunk* next;
  Chunk* previous;
  Slice slices[kSliceCount];

  std::uint8_t* base() noexcept { return reinterpret_cast<std::uint8_t*>(this); }
  std::uint8_t* address(const Slice* slice) noexcept {
    return base() + static_cast<std::size_t>(slice - slices) * kSliceBytes;
  }
  bool is_shared() const noexcept { return block_offset == 0; }
  bool is_empty() const noexcept { return slices_free == kSliceCount - 1; }

  Slice* find_run(std::size_t count) noexcept {
    std::size_t free = 0;
    for (std::size_t i = 1; i < kSliceCount;) {
      if (slices[i].use != Slice::Use::free) {
        free = 0;
        i += slices[i].count;
        continue;
      }
      ++i;
      if (++free == count) return &slices[i - count];
    }
    return nullptr;
  }
};

// Multiples of 16 up to 128, then four classes to each doubling: no block wastes more than a fifth.
std::size_t Heap::class_of(std::size_t bytes) noexcept {
  if (bytes <= 128) return (std::max<std::size_t>(bytes, 1) - 1) / 16;
  const std::size_t doubling =
      static_cast<std::size_t>(std::bit_width(bytes - 1)) - 1;  // 7 for 129..256
  const std::size_t quarter = (bytes - 1 - (std::size_t{1} << doubling)) >> (doubling - 2);
  return 8 + (doubling - 7) * 4 + quarter;
}

std::size_t Heap::class_bytes(std::size_t size_class) noexcept {
  if (size_class < 8) return (size_class + 1) * 16;
  const std::size_t doubling = (size_class - 8) / 4 + 7;
  return (std::size_t{1} << doubling) +
         ((size_class - 8) % 4 + 1) * (std::size_t{1} << (doubling - 2));
}

Heap::Chunk* Heap::chunk_of(const void* block) noexcept {
  auto* const chunk =
      reinterpret_cast<Chunk*>(reinterpret_cast<std::uintptr_t>(block) & ~(kChunkBytes - 1));
  KEDGE_ASSERT(chunk != nullptr && chunk->magic == kChunkMagic);
  return chunk;
}

Heap::Slice* Heap::head_of(Chunk* chunk, const void* block) noexcept {
  const auto offset =
      static_cast<std::size_t>(static_cast<const std::uint8_t*>(block) - chunk->base());
  Slice* slice = &chunk->slices[offset / kSliceBytes];
  if (slice->use == Slice::Use::inside) slice -= slice->back;
  return slice;
}

void* Heap::allocate(std::size_t bytes, std::size_t alignment, Reserve reserve) noexcept {
  KEDGE_ASSERT(std::has_single_bit(alignment));
  bytes = std::max<std::size_t>(bytes, 1);
  // Slots whose size is a power of two are aligned to it, because slabs are.
  if (alignment > kAlignment && alignment <= kSlabBlockMax && bytes <= kSlabBlockMax) {
    bytes = std::bit_ceil(std::max(bytes, alignment));
  }
  if (bytes <= kSlabBlockMax && alignment <= kSlabBlockMax) {
    return allocate_slot(class_of(bytes), reserve);
  }
  if (bytes <= kRunBlockMax && alignment <= kSliceBytes) {
    Slice* const head = allocate_run(round_up(bytes, kSliceBytes) / kSliceBytes, reserve);
    if (head == nullptr) return nullptr;
    head->use = Slice::Use::run;
    count_in(head->count * kSliceBytes);
    return chunk_of(head)->address(head);
  }
  if (alignment > kAlignmentMax) return nullptr;
  return allocate_large(bytes, std::max(alignment, round_up(sizeof(Chunk), kPageBytes)));
}

void* Heap::allocate_slot(std::size_t size_class, Reserve reserve) noexcept {
  const std::size_t size = class_bytes(size_class);
  Slice* slab = partial_[size_class];
  if (slab == nullptr) {
    slab = allocate_run(size <= kSmallSlotMax ? 1 : kLargeSlabSlices, reserve);
    if (slab == nullptr) return nullptr;
    slab->use = Slice::Use::slab;
    slab->size_class = static_cast<std::uint8_t>(size_class);
    slab->used = 0;
    slab->untouched = 0;
    slab->slot_count = static_cast<std::uint16_t>(slab->count * kSliceBytes / size);
    slab->slots = nullptr;
    link_slab(slab);
  }
  void* block;
  if (slab->slots != nullptr) {
    block = slab->slots;
    slab->slots = slab->slots->next;
    static_cast<Slot*>(block)->mark = 0;
  } else {
    block = chunk_of(slab)->address(slab) + slab->untouched * size;
    ++slab->untouched;
  }
  ++slab->used;
  if (slab->is_full()) unlink_slab(slab);
  count_in(size);
  return block;
}

void* Heap::allocate_large(std::size_t bytes, std::size_t offset) noexcept {
  if (bytes > SIZE_MAX / 2) return nullptr;
  Chunk* const chunk = add_chunk(round_up(offset + bytes, kPageBytes));
  if (chunk == nullptr) return nullptr;
  chunk->block_offset = offset;
  count_in(chunk->bytes - offset);
  return chunk->base() + offset;
}

bool Heap::prepare() noexcept {
  void* const block = allocate(1);
  release(block);
  return block != nullptr;
}

std::size_t Heap::free_slices() const noexcept {
  std::size_t count = 0;
  for (const Chunk* chunk = chunks_; chunk != nullptr; chunk = chunk->next) {
    if (chunk->is_shared()) count += chunk->slices_free;
  }
  return count;
}

// First fit over all shared chunks. Slice 0 of each is the Chunk itself.
Heap::Slice* Heap::find_run(std::size_t count) noexcept {
  Slice* found = nullptr;
  for (Chunk* chunk = chunks_; chunk != nullptr && found == nullptr; chunk = chunk->next) {
    if (chunk->is_shared() && chunk->slices_free >= count) found = chunk->find_run(count);
  }
  return found;
}

// The reserve is the last free slices, wherever they are.
Heap::Slice* Heap::allocate_run(std::size_t count, Reserve reserve) noexcept {
  Slice* found = free_slices() >= count + kReserveSlices ? find_run(count) : nullptr;
  if (found == nullptr) {
    if (Chunk* const added = add_chunk(kChunkBytes); added != nullptr) {
      added->slices_free = kSliceCount - 1;
      found = &added->slices[1];
    } else if (reserve == Reserve::use) {
      found = find_run(count);
    }
  }
  if (found == nullptr) return nullptr;
  Chunk* const chunk = chunk_of(found);
  if (chunk == spare_) spare_ = nullptr;
  chunk->slices_free -= count;
  found->count = static_cast<std::uint16_t>(count);
  for (std::size_t i = 1; i < count; ++i) {
    found[i].use = Slice::Use::inside;
    found[i].back = static_cast<std::uint16_t>(i);
  }
  // The caller says whether it is a slab or a run; until then it must not look free.
  found->use = Slice::Use::run;
  return found;
}

void Heap::release(void* block) noexcept {
  if (block == nullptr) return;
  Chunk* const chunk = chunk_of(block);
  if (!chunk->is_shared()) {
    KEDGE_ASSERT(block == chunk->base() + chunk->block_offset);
    count_out(chunk->bytes - chunk->block_offset);
    remove_chunk(chunk);
    return;
  }
  Slice* const head = head_of(chunk, block);
  KEDGE_ASSERT(head->use == Slice::Use::slab || head->use == Slice::Use::run);
  if (head->use == Slice::Use::slab) return release_slot(head, block);
  KEDGE_ASSERT(block == chunk->address(head));
  count_out(head->count * kSliceBytes);
  release_run(head);
}

void Heap::release_slot(Slice* slab, void* block) noexcept {
  const std::size_t size = class_bytes(slab->size_class);
  const auto offset =
      static_cast<std::size_t>(static_cast<std::uint8_t*>(block) - chunk_of(slab)->address(slab));
  KEDGE_ASSERT(offset % size == 0 && offset / size < slab->untouched);
  Slot* const slot = static_cast<Slot*>(block);
  const std::uintptr_t mark = reinterpret_cast<std::uintptr_t>(slot) ^ kFreeMark;
  if (slot->mark == mark) {
    // A block may hold that value by chance; only one in the list is free.
    for (const Slot* free = slab->slots; free != nullptr; free = free->next)
      KEDGE_ASSERT(free != slot);
  }
  if (slab->is_full()) link_slab(slab);
  slot->next = slab->slots;
  slot->mark = mark;
  slab->slots = slot;
  --slab->used;
  count_out(size);
  // One empty slab stays: a single block that comes and goes should not cost a run each time.
  if (slab->used == 0 && (slab->next != nullptr || slab->previous != nullptr)) {
    unlink_slab(slab);
    release_run(slab);
  }
}

void Heap::release_run(Slice* head) noexcept {
  Chunk* const chunk = chunk_of(head);
  const std::size_t count = head->count;
  for (std::size_t i = 0; i < count; ++i) head[i].use = Slice::Use::free;
  chunk->slices_free += count;
  if (!chunk->is_empty()) return;
  if (spare_ != nullptr) {
    remove_chunk(chunk);
  } else {
    spare_ = chunk;
  }
}

std::size_t Heap::size_of(const void* block) const noexcept {
  Chunk* const chunk = chunk_of(block);
  if (!chunk->is_shared()) return chunk->bytes - chunk->block_offset;
  const Slice* const head = head_of(chunk, block);
  return head->use == Slice::Use::slab ? class_bytes(head->size_class) : head->count * kSliceBytes;
}

Heap::Chunk* Heap::add_chunk(std::size_t bytes) noexcept {
  static_assert(sizeof(Chunk) <= kSliceBytes, "slice 0 holds the description of the chunk");
  static_assert(kRunBlockMax <= (kSliceCount - 1) * kSliceBytes);
  void* const pages = source_.allocate(bytes, kChunkBytes);
  if (pages == nullptr) return nullptr;
  Chunk* const chunk = new (pages) Chunk{};
  chunk->magic = kChunkMagic;
  chunk->bytes = bytes;
  chunk->next = chunks_;
  if (chunks_ != nullptr) chunks_->previous = chunk;
  chunks_ = chunk;
  statistics_.held += bytes;
  statistics_.held_max = std::max(statistics_.held_max, statistics_.held);
  return chunk;
}

void Heap::remove_chunk(Chunk* chunk) noexcept {
  if (chunk->previous != nullptr) chunk->previous->next = chunk->next;
  if (chunk->next != nullptr) chunk->next->previous = chunk->previous;
  if (chunks_ == chunk) chunks_ = chunk->next;
  if (spare_ == chunk) spare_ = nullptr;
  statistics_.held -= chunk->bytes;
  chunk->magic = 0;
  source_.release(chunk, chunk->bytes);
}

void Heap::link_slab(Slice* slab) noexcept {
  Slice*& first = partial_[slab->size_class];
  slab->previous = nullptr;
  slab->next = first;
  if (first != nullptr) first->previous = slab;
  first = slab;
}

void Heap::unlink_slab(Slice* slab) noexcept {
  if (slab->previous != nullptr) slab->previous->next = slab->next;
  if (slab->next != nullptr) slab->next->previous = slab->previous;
  if (partial_[slab->size_class] == slab) partial_[slab->size_class] = slab->next;
  slab->next = nullptr;
  slab->previous = nullptr;
}

void Heap::count_in(std::size_t bytes) noexcept {
  ++statistics_.blocks;
  ++statistics_.allocations;
  statistics_.bytes += bytes;
  statistics_.bytes_max = std::max(statistics_.bytes_max, statistics_.bytes);
}

void Heap::count_out(std::size_t bytes) noexcept {
  --statistics_.blocks;
  statistics_.bytes -= bytes;
}

void Heap::release_everything() noexcept {
  while (chunks_ != nullptr) remove_chunk(chunks_);
  for (Slice*& slab : partial_) slab = nullptr;
  statistics_.blocks = 0;
  statistics_.bytes = 0;
}

}  // namespace kedge::uefi::rt
