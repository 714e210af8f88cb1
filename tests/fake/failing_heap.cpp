// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "tests/fake/failing_heap.h"

#include <cstdlib>
#include <new>

void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  return kedge::fake::allocation_fails() ? nullptr : std::malloc(bytes);
}
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept {
  return kedge::fake::allocation_fails() ? nullptr : std::malloc(bytes);
}
void* operator new(std::size_t bytes) {
  if (void* block = std::malloc(bytes)) return block;
  std::abort();
}
void* operator new[](std::size_t bytes) {
  return operator new(bytes);
}
void operator delete(void* block) noexcept {
  std::free(block);
}
void operator delete[](void* block) noexcept {
  std::free(block);
}
void operator delete(void* block, std::size_t) noexcept {
  std::free(block);
}
void operator delete[](void* block, std::size_t) noexcept {
  std::free(block);
}
