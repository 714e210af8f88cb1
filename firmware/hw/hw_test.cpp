// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <gtest/gtest.h>

#include <map>

#include "hw/dma.h"
#include "hw/register.h"

namespace kedge::hw {
namespace {

constexpr Register<std::uint8_t> kByteRegister{0x10};
constexpr Register<std::uint16_t> kWordRegister{0x12};
constexpr Register<std::uint32_t> kLongRegister{0x14};

/// Remembers width and offset of each access.
struct RecordingIo {
  std::map<std::uint32_t, std::pair<int, std::uint32_t>> cells;
  std::uint8_t read8(std::uint32_t offset) { return static_cast<std::uint8_t>(take(offset, 1)); }
  std::uint16_t read16(std::uint32_t offset) { return static_cast<std::uint16_t>(take(offset, 2)); }
  std::uint32_t read32(std::uint32_t offset) { return take(offset, 4); }
  void write8(std::uint32_t offset, std::uint8_t value) { cells[offset] = {1, value}; }
  void write16(std::uint32_t offset, std::uint16_t value) { cells[offset] = {2, value}; }
  void write32(std::uint32_t offset, std::uint32_t value) { cells[offset] = {4, value}; }
  std::uint32_t take(std::uint32_t offset, int width) {
    EXPECT_EQ(cells[offset].first, width);
    return cells[offset].second;
  }
};

TEST(Register, IsAccessedWithItsOwnWidth) {
  RecordingIo io;
  write(io, kByteRegister, 0xab);
  write(io, kWordRegister, 0xabcd);
  write(io, kLongRegister, 0xabcdef01);
  EXPECT_EQ(read(io, kByteRegister), 0xab);
  EXPECT_EQ(read(io, kWordRegister), 0xabcd);
  EXPECT_EQ(read(io, kLongRegister), 0xabcdef01);
}

TEST(Field, ReplacesOnlyItsBits) {
  constexpr Field<std::uint16_t> field{4, 3};
  static_assert(field.mask() == 0x0070);
  EXPECT_EQ(field.get(0xffaf), 2);
  EXPECT_EQ(field.with(0xffff, 0), 0xff8f);
  EXPECT_EQ(field.with(0, 0xffff), 0x0070);
}

TEST(Field, CoversAWholeValue) {
  constexpr Field<std::uint32_t> field{0, 32};
  static_assert(field.mask() == 0xffffffff);
  EXPECT_EQ(field.with(1, 2), 2u);
}

TEST(PassedEvent, IsTrueOnlyWhenTheCounterWentOverTheEvent) {
  EXPECT_TRUE(passed_event(4, 5, 4));
  EXPECT_FALSE(passed_event(5, 5, 4));
  EXPECT_FALSE(passed_event(3, 5, 4));
  EXPECT_TRUE(passed_event(0xffff, 1, 0xfffe));
  EXPECT_FALSE(passed_event(7, 7, 7));
}

}  // namespace
}  // namespace kedge::hw
