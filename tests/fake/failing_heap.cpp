// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "tests/fake/failing_heap.h"

#include <algorithm>
#include <cstdlib>
#include <new>

namespace kedge::fake {

constinit ReserveUse reserve_use;

namespace {

// Before each block; its size keeps the block aligned.
struct alignas(std::max_align_t) Header {
  std::size_t reserved = 0;
};

void* allocate(std::size_t bytes, std::size_t reserved) noexcept {
  void* const memory = std::malloc(sizeof(Header) + bytes);
  if (memory == nullptr) return nullptr;
  reserve_use.bytes += reserved;
  reserve_use.bytes_max = std::max(reserve_use.bytes_max, reserve_use.bytes);
  return new (memory) Header{reserved} + 1;
}

void* allocate_or_refuse(std::size_t bytes) noexcept {
  return allocation_fails() ? nullptr : allocate(bytes, 0);
}

void* must_allocate(std::size_t bytes) noexcept {
  void* const block = allocate(bytes, reserve_use.counting ? bytes : 0);
  if (block == nullptr) std::abort();
  return block;
}

void release(void* block) noexcept {
  if (block == nullptr) return;
  Header* const header = static_cast<Header*>(block) - 1;
  reserve_use.bytes -= header->reserved;
  std::free(header);
}

}  // namespace
}  // namespace kedge::fake

void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  return kedge::fake::allocate_or_refuse(bytes);
}
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept {
  return kedge::fake::allocate_or_refuse(bytes);
}
void* operator new(std::size_t bytes) {
  return kedge::fake::must_allocate(bytes);
}
void* operator new[](std::size_t bytes) {
  return kedge::fake::must_allocate(bytes);
}
void operator delete(void* block) noexcept {
  kedge::fake::release(block);
}
void operator delete[](void* block) noexcept {
  kedge::fake::release(block);
}
void operator delete(void* block, std::size_t) noexcept {
  kedge::fake::release(block);
}
void operator delete[](void* block, std::size_t) noexcept {
  kedge::fake::release(block);
}
