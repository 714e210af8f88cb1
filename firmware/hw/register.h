// SPDX-License-Identifier: BSD-2-Clause-Patent
// Registers and fields as constants of a datasheet: an offset with a width, a group of bits.
//
// A driver's regs.h declares them under the datasheet's names; they are read and written through
// anything that has read8..read32 and write8..write32, so the same code runs on hardware, on an
// I/O script and on a behavioural model.
#pragma once

#include <concepts>
#include <cstdint>
#include <type_traits>

namespace kedge::hw {

/// A register of width T at `offset` from the start of its window.
template <std::unsigned_integral T>
struct Register {
  std::uint32_t offset;
};

/// Bits `shift`..`shift + width - 1` of a value of type T.
template <std::unsigned_integral T>
struct Field {
  unsigned shift;
  unsigned width;

  constexpr T mask() const noexcept {
    return static_cast<T>((static_cast<std::uint64_t>(T(~T{0})) >> (sizeof(T) * 8 - width))
                          << shift);
  }
  constexpr T get(T value) const noexcept { return static_cast<T>((value & mask()) >> shift); }
  /// `value` with this field replaced; bits of `field` that do not fit are cut off.
  constexpr T with(T value, T field) const noexcept {
    return static_cast<T>((value & static_cast<T>(~mask())) |
                          (static_cast<T>(static_cast<std::uint64_t>(field) << shift) & mask()));
  }
};

template <class Io>
concept RegisterIo = requires(Io& io, std::uint32_t offset) {
  { io.read8(offset) } -> std::same_as<std::uint8_t>;
  { io.read16(offset) } -> std::same_as<std::uint16_t>;
  { io.read32(offset) } -> std::same_as<std::uint32_t>;
  io.write8(offset, std::uint8_t{});
  io.write16(offset, std::uint16_t{});
  io.write32(offset, std::uint32_t{});
};

/// One access of the register's width.
template <RegisterIo Io, class T>
T read(Io& io, Register<T> reg) noexcept {
  static_assert(sizeof(T) <= 4, "buses of interest have no atomic 64-bit access: read halves");
  if constexpr (sizeof(T) == 1)
    return io.read8(reg.offset);
  else if constexpr (sizeof(T) == 2)
    return io.read16(reg.offset);
  else
    return io.read32(reg.offset);
}
template <RegisterIo Io, class T>
void write(Io& io, Register<T> reg, std::type_identity_t<T> value) noexcept {
  static_assert(sizeof(T) <= 4, "buses of interest have no atomic 64-bit access: write halves");
  if constexpr (sizeof(T) == 1)
    io.write8(reg.offset, value);
  else if constexpr (sizeof(T) == 2)
    io.write16(reg.offset, value);
  else
    io.write32(reg.offset, value);
}

}  // namespace kedge::hw
