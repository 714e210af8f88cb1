// SPDX-License-Identifier: BSD-2-Clause-Patent
// Bring-up, register by register, and what may go wrong on the way.
#include <gtest/gtest.h>

#include "driver/intel/test_support.h"
#include "tests/fake/pci_script.h"

namespace kedge::driver::intel {
namespace {

using fake::IntelNicModel;
using fake::PciScript;

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

/// Masked interrupts, receiver and transmitter off, a reset that is over at the second look.
void expect_reset(PciScript& pci) {
  pci.write(0, 0xd8, 4, 0xffff'ffff).write(0, 0x100, 4, 0).write(0, 0x400, 4, 0);
  pci.read(0, 0, 4, 0x0000'0001).write(0, 0, 4, 0x0400'0001);
  pci.read(0, 0, 4, 0x0400'0001).read(0, 0, 4, 0x0000'0001).write(0, 0xd8, 4, 0xffff'ffff);
}

/// The same on PCI Express, where the chip first leaves the bus.
void expect_pcie_reset(PciScript& pci, bool queues) {
  const auto mask = [&] {
    pci.write(0, 0xd8, 4, 0xffff'ffff);
    if (queues) pci.write(0, 0x1528, 4, 0xffff'ffff);
  };
  mask();
  pci.write(0, 0x100, 4, 0).write(0, 0x400, 4, 0);
  pci.read(0, 0, 4, 0x0000'0001).write(0, 0, 4, 0x0000'0005);
  pci.read(0, 8, 4, 0x0008'0000).read(0, 8, 4, 0).write(0, 0, 4, 0x0400'0005);
  pci.read(0, 0, 4, 0x0000'0001);
  mask();
}

void expect_stop(PciScript& pci) {
  pci.write(0, 0xd8, 4, 0xffff'ffff).write(0, 0x100, 4, 0).write(0, 0x400, 4, 0);
  pci.read(0, 0, 4, 0x0000'0061).write(0, 0, 4, 0x0400'0061);
}

void expect_address(PciScript& pci) {
  pci.read(0, 0x5400, 4, 0x1200'5452).read(0, 0x5404, 4, 0x8000'5634);
}

void expect_ring(PciScript& pci, std::uint32_t base, std::uint32_t low, bool split) {
  pci.write(0, base, 4, low).write(0, base + 4, 4, 1).write(0, base + 8, 4, 4096);
  if (split) pci.write(0, base + 0xc, 4, 0x0200'0002);
  pci.write(0, base + 0x10, 4, 0).write(0, base + 0x18, 4, 0);
}

constexpr std::uint32_t kReceiveLow = 0;
/// Behind the receive ring, 256 buffers of 2 KiB and the gaps between blocks.
constexpr std::uint32_t kTransmitLow = 0x2000 + 256 * 2048 + 0x1000;
constexpr std::uint32_t kRctl = 0x0400'801a;
constexpr std::uint32_t kTctl = 0x0004'00fa;

/// Our address, no groups, and everything passes.
void expect_filter(PciScript& pci) {
  pci.write(0, 0x5400, 4, 0x1200'5452).write(0, 0x5404, 4, 0x8000'5634);
  for (unsigned word = 0; word < 128; ++word) pci.write(0, 0x5200 + 4 * word, 4, 0);
  pci.write(0, 0x100, 4, kRctl);
}

struct Script {
  PciScript pci;
  std::unique_ptr<IntelNic> device;

  Script() { pci.put_config32(0x10, 0xfebc'0000); }
  void create(const Chip& chip) {
    auto created = IntelNic::create(pci, chip, {.spare_bytes = 0});
    ASSERT_TRUE(created.ok());
    device = *std::move(created);
    EXPECT_TRUE(pci.finished());
    EXPECT_FALSE(pci.bus_master());
    EXPECT_EQ(device->mac(), wire::MacAddress({0x52, 0x54, 0x00, 0x12, 0x34, 0x56}));
  }
  void start() {
    EXPECT_TRUE(device->start().ok());
    EXPECT_TRUE(pci.finished());
    EXPECT_TRUE(pci.bus_master());
    EXPECT_EQ(joined(pci.violations), "");
  }
};

TEST(IntelBringUp, FollowsTheSequenceOfThe8254x) {
  Script script;
  PciScript& pci = script.pci;
  expect_reset(pci);
  expect_address(pci);
  script.create(kE1000Chip);

  expect_reset(pci);
  // Speed and duplex are negotiated; what firmware forced is undone.
  pci.read(0, 0, 4, 0x8000'1889).write(0, 0, 4, 0x0000'0061);
  expect_ring(pci, 0x2800, kReceiveLow, false);
  pci.write(0, 0x5000, 4, 0x300);
  expect_filter(pci);
  pci.write(0, 0x2818, 4, 255);
  expect_ring(pci, 0x3800, kTransmitLow, false);
  pci.write(0, 0x410, 4, 0x0060'2008).write(0, 0x400, 4, kTctl);
  script.start();

  expect_stop(pci);
  script.device->stop();
  EXPECT_TRUE(pci.finished());
  EXPECT_FALSE(pci.bus_master());
  EXPECT_EQ(pci.dma_blocks(), 0u);
  EXPECT_EQ(joined(pci.violations), "");
}

TEST(IntelBringUp, FollowsTheSequenceOfThe82574) {
  Script script;
  PciScript& pci = script.pci;
  expect_pcie_reset(pci, false);
  expect_address(pci);
  script.create(kE1000eChip);

  expect_pcie_reset(pci, false);
  pci.read(0, 0, 4, 0x0000'0005).write(0, 0, 4, 0x0000'0041);
  expect_ring(pci, 0x2800, kReceiveLow, false);
  pci.write(0, 0x5000, 4, 0x300);
  pci.read(0, 0x5008, 4, 0x0001'0000).write(0, 0x5008, 4, 0x0001'8000);
  expect_filter(pci);
  pci.write(0, 0x2818, 4, 255);
  expect_ring(pci, 0x3800, kTransmitLow, false);
  pci.write(0, 0x3828, 4, 0x0141'0000).write(0, 0x400, 4, kTctl);
  script.start();
}

TEST(IntelBringUp, FollowsTheSequenceOfThe82576) {
  Script script;
  PciScript& pci = script.pci;
  expect_pcie_reset(pci, true);
  expect_address(pci);
  script.create(kIgbChip);

  expect_pcie_reset(pci, true);
  pci.read(0, 0, 4, 0x0000'0005).write(0, 0, 4, 0x0000'0041);
  // No link: the PHY has not negotiated and is told to.
  pci.read(0, 8, 4, 0);
  pci.write(0, 0x20, 4, 0x0821'0000).read(0, 0x20, 4, 0).read(0, 0x20, 4, 0x1821'7949);
  pci.write(0, 0x20, 4, 0x0820'0000).read(0, 0x20, 4, 0x1820'0140);
  pci.write(0, 0x20, 4, 0x0420'1340).read(0, 0x20, 4, 0x1420'1340);
  expect_ring(pci, 0xc000, kReceiveLow, true);
  pci.write(0, 0x5000, 4, 0x300);
  pci.write(0, 0xc028, 4, 0x0200'0000).read(0, 0xc028, 4, 0).read(0, 0xc028, 4, 0x0200'0000);
  expect_filter(pci);
  pci.write(0, 0xc018, 4, 255);
  expect_ring(pci, 0xe000, kTransmitLow, false);
  pci.write(0, 0x400, 4, kTctl);
  pci.write(0, 0xe028, 4, 0x0200'0000).read(0, 0xe028, 4, 0x0200'0000);
  script.start();
}

TEST(IntelBringUp, LeavesAPhyAloneThatHasNegotiated) {
  IntelNicModel model(Family::pcie_82576);
  const auto device = IntelNic::create(model, kIgbChip, {});
  ASSERT_TRUE(device.ok());
  for (const bool link : {true, false}) {
    model.link_up = link;
    for (const bool negotiated : {true, false}) {
      model.phy_negotiated = negotiated;
      model.negotiations = 0;
      ASSERT_TRUE((*device)->start().ok());
      EXPECT_EQ(model.negotiations, link || negotiated ? 0u : 1u);
      (*device)->stop();
    }
  }
  // A PHY that does not answer is no reason to fail.
  model.phy_answers = false;
  EXPECT_TRUE((*device)->start().ok());
  EXPECT_EQ((*device)->link_state(), link::LinkState::down);
}

TEST(IntelBringUp, KnowsItsFunctions) {
  const NativeDriver drivers[] = {kE1000Driver, kE1000eDriver, kIgbDriver};
  const std::uint16_t devices[] = {0x1004, 0x100c, 0x100e, 0x100f, 0x10d3, 0x10c9};
  for (const std::uint16_t device : devices) {
    EXPECT_NE(find_driver(drivers, {0x8086, device}), nullptr) << device;
  }
  EXPECT_EQ(find_driver(drivers, {0x8086, 0x1000}), nullptr);
  for (const NativeDriver& driver : drivers) {
    for (const Consumer consumer : {Consumer::own_stack, Consumer::simple_network}) {
      IntelNicModel model(&driver == &drivers[0]   ? Family::pci_8254x
                          : &driver == &drivers[1] ? Family::pcie_8257x
                                                   : Family::pcie_82576);
      const auto device = driver.create(model, consumer);
      ASSERT_TRUE(device.ok());
      ASSERT_TRUE((*device)->start().ok());
      EXPECT_EQ((*device)->capabilities().receive_buffers,
                consumer == Consumer::own_stack ? 2304 : 256);
    }
  }
}

class IntelBringUpOf : public testing::TestWithParam<Chip> {};

INSTANTIATE_TEST_SUITE_P(Each, IntelBringUpOf, testing::ValuesIn(kChips),
                         [](const auto& info) { return std::string(info.param.name); });

TEST_P(IntelBringUpOf, ReadsTheEepromWhereTheFilterHasNoAddress) {
  IntelNicModel model(GetParam().family);
  model.address_in_filter = false;
  const auto device = IntelNic::create(model, GetParam(), {});
  ASSERT_TRUE(device.ok());
  EXPECT_EQ((*device)->mac(), wire::MacAddress({0x52, 0x54, 0x00, 0x12, 0x34, 0x56}));

  // The words are the first function's.
  model.function = 1;
  EXPECT_EQ(IntelNic::create(model, GetParam(), {}).error(), err::nic_no_mac);
  model.function = 0;
  model.eeprom_answers = false;
  EXPECT_EQ(IntelNic::create(model, GetParam(), {}).error(), err::nic_no_mac);
}

TEST_P(IntelBringUpOf, RefusesFunctionsThatItCannotUse) {
  const Chip& chip = GetParam();
  for (const wire::MacAddress& mac :
       {wire::MacAddress(), wire::MacAddress({0x01, 0, 0x5e, 0, 0, 1})}) {
    IntelNicModel model(chip.family, mac);
    EXPECT_EQ(IntelNic::create(model, chip, {}).error(), err::nic_no_mac);
  }
  IntelNicModel model(chip.family);
  for (const std::uint32_t bar : {0x0000'0000u, 0x0000'c001u}) {
    model.put_config32(0x10, bar);
    EXPECT_EQ(IntelNic::create(model, chip, {}).error(), err::nic_no_registers);
  }
  model.put_config32(0x10, 0xfebc'0000);
  model.unplugged = true;
  EXPECT_EQ(IntelNic::create(model, chip, {}).error(), err::nic_no_response);
  model.unplugged = false;
  model.never_resets = true;
  EXPECT_EQ(IntelNic::create(model, chip, {}).error(), err::nic_reset_timeout);
  EXPECT_FALSE(model.bus_master());
}

TEST_P(IntelBringUpOf, FailsCleanlyWithoutMemory) {
  IntelNicModel model(GetParam().family);
  const auto device = IntelNic::create(model, GetParam(), {});
  ASSERT_TRUE(device.ok());
  for (int allocation = 0; allocation < 4; ++allocation) {
    model.allocations_left = allocation;
    EXPECT_EQ((*device)->start().error(), err::base_no_memory);
    EXPECT_FALSE(model.bus_master());
    EXPECT_TRUE(model.quiet());
    EXPECT_EQ(model.dma_blocks(), 0u);
  }
  model.allocations_left = -1;
  // Where memory is short, there are fewer buffers.
  model.allocation_bytes_max = 1024 * 1024;
  EXPECT_TRUE((*device)->start().ok());
  EXPECT_EQ((*device)->capabilities().receive_buffers, 288);
}

TEST_P(IntelBringUpOf, LetsAChipGoThatNeverLeavesTheBus) {
  Rig rig(GetParam());
  rig.model.never_idle = true;
  const auto before = rig.model.stalled_us;
  rig.device->stop();
  EXPECT_FALSE(rig.model.bus_master());
  EXPECT_LE(rig.model.stalled_us - before, 10'000u);
}

TEST(IntelBringUp, SaysWhenAQueueDoesNotStart) {
  IntelNicModel model(Family::pcie_82576);
  const auto device = IntelNic::create(model, kIgbChip, {});
  ASSERT_TRUE(device.ok());
  model.queues_never_enable = true;
  EXPECT_EQ((*device)->start().error(), err::nic_reset_timeout);
  EXPECT_FALSE(model.bus_master());
  EXPECT_EQ(model.dma_blocks(), 0u);
}

}  // namespace
}  // namespace kedge::driver::intel
