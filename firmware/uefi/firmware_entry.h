// SPDX-License-Identifier: BSD-2-Clause-Patent
// firmware_entry<&function>: a function of ours as one that the firmware may call.
//
// The firmware calls by its own convention (EFIAPI). On x86-64 that is Microsoft's, in which xmm6
// to xmm15, rdi and rsi belong to the caller; a compiler saves all of them in each such function,
// which takes more code than most of our functions are long. Here each is a stub of two
// instructions, and one routine saves the registers for all. It leaves the arguments as an array of
// words: the first four in the caller's home area, where the others follow them (Microsoft, x64
// calling convention, "Stack allocation").
#pragma once

#include <cstdint>
#include <type_traits>
#include <utility>

#include "uefi/raw.h"

namespace kedge::uefi {

/// One argument as the firmware passed it. Above a type that is smaller the bits are undefined.
using EntryWord = std::uint64_t;

template <class T>
T entry_argument(EntryWord word) noexcept {
  if constexpr (std::is_pointer_v<T>) {
    return reinterpret_cast<T>(word);
  } else {
    return static_cast<T>(word);
  }
}

#if defined(__x86_64__)
// The functions, of our convention, are expected in rax. Not to be called by C++.
extern "C" {
/// Calls rax(words).
void kedge_firmware_entry();
/// Calls kedge_enter_producer(words, rax).
void kedge_producer_entry();
}
/// The whole body of a naked function of the firmware's convention.
#define KEDGE_ENTRY_STUB(function, routine) \
  asm volatile("leaq %c0(%%rip), %%rax\n\tjmp %c1" : : "Ws"(function), "Ws"(routine))
#endif

template <auto kFunction>
struct FirmwareEntry;
template <class R, class... Args, R (*kFunction)(Args...) noexcept>
struct FirmwareEntry<kFunction> {
  static_assert(std::is_void_v<R> || std::is_same_v<R, EFI_STATUS>);
#if defined(__x86_64__)
  static R with(const EntryWord* words) noexcept {
    return unpack(words, std::index_sequence_for<Args...>{});
  }
  template <std::size_t... kIndex>
  static R unpack(const EntryWord* words, std::index_sequence<kIndex...>) noexcept {
    return kFunction(entry_argument<Args>(words[kIndex])...);
  }
  [[gnu::naked]] static R EFIAPI call(Args...) noexcept {
    KEDGE_ENTRY_STUB(&with, &kedge_firmware_entry);
  }
#else
  static R EFIAPI call(Args... args) noexcept { return kFunction(args...); }
#endif
};

template <auto kFunction>
inline constexpr auto firmware_entry = &FirmwareEntry<kFunction>::call;

}  // namespace kedge::uefi
