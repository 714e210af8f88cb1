// SPDX-License-Identifier: BSD-2-Clause-Patent
// operator new and delete, malloc and free, on the firmware's heap.
//
// The plain forms of operator new cannot fail in a program without exceptions: standard containers
// go on as if they had memory. So they may use the heap's reserve, which outlasts all requests that
// can fail, and only when that is gone, too, the program ends with that as its message. Code that
// handles large or foreign sizes asks with std::nothrow or from port/pages.h.
#include <cstdint>
#include <cstring>
#include <new>

#include "base/assert.h"
#include "uefi/rt/heap.h"
#include "uefi/rt/runtime.h"

namespace {

constexpr std::size_t kDefaultAlignment = kedge::uefi::rt::Heap::kAlignment;

void* must_allocate(std::size_t bytes, std::size_t alignment) noexcept {
  void* const block = kedge_heap_must_allocate(bytes, alignment);
  if (block == nullptr) kedge::assertion_failed("out of memory", "operator new", 0);
  return block;
}

}  // namespace

void* operator new(std::size_t bytes) {
  return must_allocate(bytes, kDefaultAlignment);
}
void* operator new[](std::size_t bytes) {
  return must_allocate(bytes, kDefaultAlignment);
}
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return must_allocate(bytes, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t bytes, std::align_val_t alignment) {
  return must_allocate(bytes, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  return kedge_heap_allocate(bytes, kDefaultAlignment);
}
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept {
  return kedge_heap_allocate(bytes, kDefaultAlignment);
}
void* operator new(std::size_t bytes, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return kedge_heap_allocate(bytes, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t bytes, std::align_val_t alignment,
                     const std::nothrow_t&) noexcept {
  return kedge_heap_allocate(bytes, static_cast<std::size_t>(alignment));
}

void operator delete(void* block) noexcept {
  kedge_heap_free(block);
}
void operator delete[](void* block) noexcept {
  kedge_heap_free(block);
}
void operator delete(void* block, std::align_val_t) noexcept {
  kedge_heap_free(block);
}
void operator delete[](void* block, std::align_val_t) noexcept {
  kedge_heap_free(block);
}
void operator delete(void* block, const std::nothrow_t&) noexcept {
  kedge_heap_free(block);
}
void operator delete[](void* block, const std::nothrow_t&) noexcept {
  kedge_heap_free(block);
}

extern "C" {

void* malloc(std::size_t bytes) noexcept {
  return kedge_heap_allocate(bytes, kDefaultAlignment);
}
void free(void* block) noexcept {
  kedge_heap_free(block);
}

// Never written as malloc and memset by name: the compiler would turn that into a call of calloc.
void* calloc(std::size_t count, std::size_t bytes) noexcept {
  std::size_t total = 0;
  if (__builtin_mul_overflow(count, bytes, &total)) return nullptr;
  void* const block = kedge_heap_allocate(total, kDefaultAlignment);
  if (block != nullptr) std::memset(block, 0, total);
  return block;
}

void* realloc(void* block, std::size_t bytes) noexcept {
  if (block == nullptr) return malloc(bytes);
  const std::size_t old_bytes = kedge_heap_size(block);
  if (bytes <= old_bytes && bytes >= old_bytes / 2) return block;
  void* const moved = kedge_heap_allocate(bytes, kDefaultAlignment);
  if (moved == nullptr) return nullptr;
  std::memcpy(moved, block, old_bytes < bytes ? old_bytes : bytes);
  kedge_heap_free(block);
  return moved;
}

}  // extern "C"
