// SPDX-License-Identifier: BSD-2-Clause-Patent
// Memory shared with a device: barriers, single accesses, wrap-around of ring positions.
//
// Shared memory is coherent (port::DmaMemory), so ordering is all that must be kept. The barriers
// reach the outer shareable domain where the architecture has one (a device may stand outside of
// the CPU's inner domain); elsewhere the fences of the language do.
#pragma once

#include <atomic>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace kedge::hw {

static_assert(std::endian::native == std::endian::little,
              "descriptors are little-endian and are written without conversion");

/// Writes before it are seen by the device before writes after it.
inline void dma_write_barrier() noexcept {
#if __has_builtin(__builtin_arm_dmb)
  __builtin_arm_dmb(0b0010);  // DMB OSHST
  std::atomic_signal_fence(std::memory_order_release);
#else
  std::atomic_thread_fence(std::memory_order_release);
#endif
}

/// Reads before it happen before reads after it.
inline void dma_read_barrier() noexcept {
#if __has_builtin(__builtin_arm_dmb)
  __builtin_arm_dmb(0b0001);  // DMB OSHLD
  std::atomic_signal_fence(std::memory_order_acquire);
#else
  std::atomic_thread_fence(std::memory_order_acquire);
#endif
}

/// Everything before it happens before everything after it: a write, then a read of what the
/// device wrote meanwhile.
inline void dma_full_barrier() noexcept {
#if __has_builtin(__builtin_arm_dmb)
  __builtin_arm_dmb(0b0011);  // DMB OSH
  std::atomic_signal_fence(std::memory_order_seq_cst);
#else
  std::atomic_thread_fence(std::memory_order_seq_cst);
#endif
}

/// Exactly one read: the device may change the value at any time, and a value that was checked must
/// be the value that is used.
template <std::unsigned_integral T>
T dma_load(const T& cell) noexcept {
  return *static_cast<const volatile T*>(&cell);
}
/// Exactly one write.
template <std::unsigned_integral T>
void dma_store(T& cell, std::type_identity_t<T> value) noexcept {
  *static_cast<volatile T*>(&cell) = value;
}

/// The objects of type T at `offset` of shared memory. The caller has allocated them; T is plain.
template <class T>
T* dma_objects(std::byte* memory, std::size_t offset) noexcept {
  return reinterpret_cast<T*>(memory + offset);
}

/// True when a counter that went from `before` to `now` passed `event` (VIRTIO 1.2, 2.7.10). All
/// counters wrap at 65536.
constexpr bool passed_event(std::uint16_t event, std::uint16_t now, std::uint16_t before) noexcept {
  return static_cast<std::uint16_t>(now - event - 1) < static_cast<std::uint16_t>(now - before);
}

}  // namespace kedge::hw
