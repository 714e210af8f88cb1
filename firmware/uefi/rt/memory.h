// SPDX-License-Identifier: BSD-2-Clause-Patent
// Copying, filling and comparing memory with 16-byte vectors.
//
// Not `rep movsb`, which is quick on processors but slow under QEMU's software emulation; vectors
// are good on both. Everything a network boot loads passes through copy() at least once.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kedge::uefi::rt {

using Vector __attribute__((vector_size(16))) = std::uint8_t;
using Word8 = std::uint64_t;
using Word4 = std::uint32_t;
using Word2 = std::uint16_t;

// At any address, and may alias anything: what memcpy is allowed to do.
template <class T>
struct [[gnu::packed, gnu::may_alias]] Unaligned {
  T value;
};

template <class T>
inline T load(const std::uint8_t* from) noexcept {
  return reinterpret_cast<const Unaligned<T>*>(from)->value;
}
template <class T>
inline void store(std::uint8_t* to, T value) noexcept {
  reinterpret_cast<Unaligned<T>*>(to)->value = value;
}

constexpr std::size_t kVector = sizeof(Vector);
constexpr std::size_t kBlock = 4 * kVector;

/// Copies both ends, which overlap in the middle: `count` is from sizeof(T) to twice that. Loads
/// everything before it stores anything, so that the areas may overlap.
template <class T>
inline void copy_ends(std::uint8_t* to, const std::uint8_t* from, std::size_t count) noexcept {
  const T head = load<T>(from);
  const T tail = load<T>(from + count - sizeof(T));
  store(to, head);
  store(to + count - sizeof(T), tail);
}

inline void copy_small(std::uint8_t* to, const std::uint8_t* from, std::size_t count) noexcept {
  if (count >= 8) return copy_ends<Word8>(to, from, count);
  if (count >= 4) return copy_ends<Word4>(to, from, count);
  if (count >= 2) return copy_ends<Word2>(to, from, count);
  if (count == 1) *to = *from;
}

/// Four vectors at once.
struct Block {
  Vector part[4];
  explicit Block(const std::uint8_t* from) noexcept
      : part{load<Vector>(from), load<Vector>(from + kVector), load<Vector>(from + 2 * kVector),
             load<Vector>(from + 3 * kVector)} {}
  void put(std::uint8_t* to) const noexcept {
    store(to, part[0]);
    store(to + kVector, part[1]);
    store(to + 2 * kVector, part[2]);
    store(to + 3 * kVector, part[3]);
  }
};

/// memmove: the areas may overlap.
inline void copy(void* target, const void* source, std::size_t count) noexcept {
  auto* to = static_cast<std::uint8_t*>(target);
  const auto* from = static_cast<const std::uint8_t*>(source);
  if (count < kVector) return copy_small(to, from, count);
  if (count <= 2 * kVector) return copy_ends<Vector>(to, from, count);
  if (count <= kBlock) {
    const Vector second = load<Vector>(from + kVector);
    const Vector third = load<Vector>(from + count - 2 * kVector);
    copy_ends<Vector>(to, from, count);
    store(to + kVector, second);
    store(to + count - 2 * kVector, third);
    return;
  }
  // The difference wraps around when `to` lies before `from`: then, too, forward is right.
  const auto distance =
      reinterpret_cast<std::uintptr_t>(to) - reinterpret_cast<std::uintptr_t>(from);
  if (distance >= count) {
    const Block last(from + count - kBlock);
    std::size_t done = 0;
    for (; count - done > kBlock; done += kBlock) Block(from + done).put(to + done);
    last.put(to + count - kBlock);
  } else {
    const Block first(from);
    for (std::size_t left = count; left > kBlock; left -= kBlock) {
      Block(from + left - kBlock).put(to + left - kBlock);
    }
    first.put(to);
  }
}

/// memset.
inline void fill(void* target, int value, std::size_t count) noexcept {
  auto* to = static_cast<std::uint8_t*>(target);
  const auto byte = static_cast<std::uint8_t>(value);
  if (count < kVector) {
    const std::uint64_t word = 0x0101010101010101u * byte;
    if (count >= 8) {
      store<Word8>(to, word);
      store<Word8>(to + count - 8, word);
    } else if (count >= 4) {
      store<Word4>(to, static_cast<std::uint32_t>(word));
      store<Word4>(to + count - 4, static_cast<std::uint32_t>(word));
    } else if (count >= 1) {
      to[0] = to[count / 2] = to[count - 1] = byte;
    }
    return;
  }
  Vector vector;
  for (std::size_t i = 0; i < kVector; ++i) vector[i] = byte;
  std::size_t done = 0;
  for (; count - done > kBlock; done += kBlock) {
    store(to + done, vector);
    store(to + done + kVector, vector);
    store(to + done + 2 * kVector, vector);
    store(to + done + 3 * kVector, vector);
  }
  for (; count - done > kVector; done += kVector) store(to + done, vector);
  store(to + count - kVector, vector);
}

/// memcmp.
inline int compare(const void* first, const void* second, std::size_t count) noexcept {
  const auto* a = static_cast<const std::uint8_t*>(first);
  const auto* b = static_cast<const std::uint8_t*>(second);
  std::size_t i = 0;
  while (count - i >= sizeof(Word8) && load<Word8>(a + i) == load<Word8>(b + i)) i += sizeof(Word8);
  for (; i < count; ++i) {
    if (a[i] != b[i]) return a[i] < b[i] ? -1 : 1;
  }
  return 0;
}

}  // namespace kedge::uefi::rt
