// SPDX-License-Identifier: BSD-2-Clause-Patent
// The memory functions that the compiler calls by name; see memory.h.
#include "uefi/rt/memory.h"

namespace rt = kedge::uefi::rt;

extern "C" {

void* memcpy(void* target, const void* source, std::size_t count) noexcept {
  rt::copy(target, source, count);
  return target;
}
void* memmove(void* target, const void* source, std::size_t count) noexcept {
  rt::copy(target, source, count);
  return target;
}
void* memset(void* target, int value, std::size_t count) noexcept {
  rt::fill(target, value, count);
  return target;
}
int memcmp(const void* first, const void* second, std::size_t count) noexcept {
  return rt::compare(first, second, count);
}
int bcmp(const void* first, const void* second, std::size_t count) noexcept {
  return rt::compare(first, second, count);
}

}  // extern "C"
