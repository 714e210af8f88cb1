// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/fw_cfg_mmio.h"

#include <gtest/gtest.h>

#include "base/format.h"
#include "tests/fake/fw_cfg.h"
#include "tests/fake/fw_cfg_tables.h"
#include "tests/fake/uefi.h"

namespace kedge::uefi {
namespace {

constexpr FwCfgPlace kPlace{.address = 0x0902'0000, .bytes = 0x18};

/// The device behind its registers; writes down each access.
class Registers final : public DeviceMemory {
 public:
  fake::FakeFwCfg device;
  std::string script;

  void write16(std::uint64_t address, std::uint16_t value) noexcept override {
    script += format("w16 {:x}={:x};", address, value);
    // The register is big-endian.
    if (address == kPlace.address + 8) device.select(std::byteswap(value));
  }
  std::uint8_t read8(std::uint64_t address) noexcept override {
    script += format("r8 {:x};", address);
    std::array<std::byte, 1> byte{};
    device.read(byte);
    return std::to_integer<std::uint8_t>(byte[0]);
  }
  std::uint64_t read64(std::uint64_t address) noexcept override {
    script += format("r64 {:x};", address);
    std::array<std::byte, 8> bytes{};
    device.read(bytes);
    return std::bit_cast<std::uint64_t>(bytes);
  }
};

struct MmioFwCfgTest : testing::Test {
  fake::FakeFirmware fake;
  Registers registers;
  std::string tree = fake::DeviceTree::virt_machine(kPlace).made();
  MmioFwCfg io{fake.firmware(), registers};

  void tell_place() { fake.add_configuration_table(fake::kDeviceTreeTable, tree.data()); }
};

TEST_F(MmioFwCfgTest, TouchesNothingUntilThePlatformHasToldWhereItIs) {
  EXPECT_FALSE(FwCfg::open(fake.firmware(), &io).has_value());
  EXPECT_EQ(registers.script, "");
  tell_place();
  EXPECT_TRUE(FwCfg::open(fake.firmware(), &io).has_value());
  EXPECT_EQ(registers.script, "w16 9020008=0;r8 9020000;r8 9020000;r8 9020000;r8 9020000;");
}

TEST_F(MmioFwCfgTest, SelectsInBigEndianAndReadsAsWideAsItCan) {
  tell_place();
  io.select(0x0019);
  registers.script.clear();
  registers.device.directory = "0123456789";
  io.select(0x0019);
  std::array<std::byte, 10> bytes{};
  io.read(bytes);
  EXPECT_EQ(as_text(bytes), "0123456789");
  EXPECT_EQ(registers.script, "w16 9020008=1900;r64 9020000;r8 9020000;r8 9020000;");
}

TEST_F(MmioFwCfgTest, ReadsFiles) {
  tell_place();
  registers.device.add("bootorder", "x");
  registers.device.add("opt/org.kedge/script", "#!ipxe\nshell\n");
  auto fw_cfg = FwCfg::open(fake.firmware(), &io);
  ASSERT_TRUE(fw_cfg.has_value());
  const auto files = fw_cfg->list("opt/org.kedge/");
  ASSERT_EQ(files.size(), 1U);
  EXPECT_EQ(files[0].name, "opt/org.kedge/script");
  EXPECT_EQ(as_text(fw_cfg->read(files[0], 100)), "#!ipxe\nshell\n");
}

TEST_F(MmioFwCfgTest, AnotherDeviceAtThatPlaceIsLeftAlone) {
  tell_place();
  registers.device.signature = "\xff\xff\xff\xff";
  EXPECT_FALSE(FwCfg::open(fake.firmware(), &io).has_value());
}

}  // namespace
}  // namespace kedge::uefi
