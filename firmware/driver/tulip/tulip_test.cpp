// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "driver/tulip/tulip.h"

#include "driver/common/contract_test.h"
#include "tests/fake/pci_script.h"
#include "tests/fake/tulip.h"

namespace kedge::driver {
namespace {

using fake::PciScript;
using fake::TulipModel;
using tulip::Rdes0;
using Rig = NicRig<TulipModel, Tulip>;

INSTANTIATE_TYPED_TEST_SUITE_P(Tulip, SimpleNic, Rig);

constexpr unsigned kBar = 1;
constexpr std::uint32_t kRom = 0x4800;
constexpr std::uint32_t kWhole = Rdes0::kFirst | Rdes0::kLast;

void expect_halt(PciScript& pci) {
  pci.write(kBar, 0x38, 4, 0).write(kBar, 0x30, 4, 0x0200'0000);
  pci.write(kBar, 0x00, 4, 1).write(kBar, 0x00, 4, 0x4800);
}
/// One clock of the serial ROM.
void expect_bit(PciScript& pci, bool in, bool out) {
  const std::uint32_t wires = kRom | (in ? 5 : 1);
  pci.write(kBar, 0x48, 4, wires).write(kBar, 0x48, 4, wires | 2);
  pci.read(kBar, 0x48, 4, out ? 8 : 0).write(kBar, 0x48, 4, wires);
}
void expect_begin_read(PciScript& pci) {
  pci.write(kBar, 0x48, 4, kRom).write(kBar, 0x48, 4, kRom | 1);
  for (const bool bit : {true, true, false}) expect_bit(pci, bit, true);
}

TEST(TulipBringUp, FollowsTheManual) {
  PciScript pci;
  pci.put_config32(0x10, 0xc001);
  pci.put_config32(0x14, 0xfebf'1000);
  expect_halt(pci);
  pci.read(kBar, 0x28, 4, 0);
  expect_begin_read(pci);  // how many bits an address has
  for (unsigned i = 0; i < 6; ++i) expect_bit(pci, false, i != 5);
  pci.write(kBar, 0x48, 4, kRom);
  const std::uint16_t words[] = {0x5150, 0x5352, 0x5554};
  for (unsigned word = 0; word < 3; ++word) {
    expect_begin_read(pci);
    for (unsigned i = 6; i-- > 0;) expect_bit(pci, ((10 + word) >> i & 1) != 0, i != 0);
    for (unsigned i = 16; i-- > 0;) expect_bit(pci, false, (words[word] >> i & 1) != 0);
    pci.write(kBar, 0x48, 4, kRom);
  }
  auto device = Tulip::create(pci);
  ASSERT_TRUE(device.ok());
  ASSERT_TRUE(pci.finished());
  EXPECT_EQ((*device)->mac(), wire::MacAddress({0x50, 0x51, 0x52, 0x53, 0x54, 0x55}));
  EXPECT_FALSE(pci.bus_master());

  expect_halt(pci);
  pci.read(kBar, 0x28, 4, 0).write(kBar, 0x38, 4, 0);
  constexpr std::uint32_t kLists = fake::FakePciDevice::kFirstAddress32;
  pci.write(kBar, 0x18, 4, kLists).write(kBar, 0x20, 4, kLists + 0x400);
  pci.write(kBar, 0x30, 4, 0x0220'20c2);  // MBO SF ST PM PR SR
  ASSERT_TRUE((*device)->start().ok());
  EXPECT_TRUE(pci.bus_master());
  pci.write(kBar, 0x08, 4, 1);
  const auto frame = pattern(60);
  const ByteView pieces[] = {frame};
  ASSERT_TRUE((*device)->transmit(pieces, {}).ok());

  expect_halt(pci);
  (*device)->stop();
  EXPECT_TRUE(pci.finished());
  EXPECT_FALSE(pci.bus_master());
  EXPECT_EQ(pci.dma_blocks(), 0u);
  EXPECT_EQ(pci.violations, std::vector<std::string>());
}

TEST(TulipBringUp, NeedsASerialRom) {
  TulipModel model;
  model.rom.address_bits = 0;
  EXPECT_EQ(Tulip::create(model).error(), err::nic_no_mac);
}

TEST(Tulip, WakesAReceiverThatFoundNoDescriptor) {
  Rig rig;
  for (unsigned round = 0; round < 5; ++round) {
    for (unsigned i = 0; i < Tulip::kReceiveEntries; ++i) {
      ASSERT_TRUE(rig.model.deliver(pattern(100, i)));
    }
    EXPECT_FALSE(rig.model.deliver(pattern(100)));
    EXPECT_EQ(rig.poll(), Tulip::kReceiveEntries);
  }
  EXPECT_EQ(rig.device->statistics().receive_dropped, 5u);
  EXPECT_EQ(rig.violations(), "");
}

TEST(Tulip, APollCostsOneRegisterAccessWhateverItReceives) {
  Rig rig;
  const auto before = rig.model.bar_accesses;
  rig.poll();
  EXPECT_EQ(rig.model.bar_accesses, before + 1);
  for (unsigned i = 0; i < 8; ++i) ASSERT_TRUE(rig.model.deliver(pattern(200, i)));
  EXPECT_EQ(rig.poll(), 8u);
  EXPECT_EQ(rig.model.bar_accesses, before + 2);
}

TEST(Tulip, CountsFramesThatCouldNotBeSent) {
  Rig rig;
  rig.model.transmit_status = tulip::Tdes0::kErrorSummary;
  ASSERT_TRUE(rig.transmit(pattern(100)).ok());
  rig.poll();
  EXPECT_EQ(rig.device->statistics().transmit_errors, 1u);
}

TEST(Tulip, PassesEverythingUntilTheSetupFrameIsDone) {
  Rig rig;
  EXPECT_EQ(rig.model.setups, 0u);
  rig.model.complete_at_once = false;
  rig.device->set_receive_filter(filter_of({kStrange}));
  rig.device->set_receive_filter(filter_of({kSolicited}));
  EXPECT_EQ(rig.model.setups, 2u);
  rig.poll();
  EXPECT_TRUE(receives(rig, kStrange));
  rig.model.complete();
  rig.poll();
  expect_only(rig, {kSolicited});
  EXPECT_TRUE(rig.model.sent.empty()) << "they are no frames for others";
  EXPECT_EQ(rig.device->statistics().transmit_errors, 0u);
}

TEST(Tulip, TakesAllGroupsWhenTheTableIsTooSmall) {
  Rig rig;
  link::ReceiveFilter filter = filter_of({kSolicited});
  filter.group_count = 14;
  set_filter(rig, filter);
  EXPECT_FALSE(receives(rig, kStrange));
  filter.group_count = 15;
  set_filter(rig, filter);
  EXPECT_TRUE(receives(rig, kStrange));
  EXPECT_FALSE(receives(rig, kOtherStation));
}

TEST(Tulip, DoesNotKnowTheLink) {
  Rig rig;
  EXPECT_EQ(rig.device->link_state(), link::LinkState::unknown);
}

TEST(TulipHostile, SpoiltFramesAreDroppedAndCounted) {
  const std::uint32_t spoilt[] = {
      Rdes0::kFirst | Rdes0::frame_length.with(0, 100),      // goes on
      Rdes0::kLast | Rdes0::frame_length.with(0, 100),       // began elsewhere
      kWhole | 1u << 1 | Rdes0::frame_length.with(0, 100),   // CRC
      kWhole | 1u << 14 | Rdes0::frame_length.with(0, 100),  // descriptor error
      kWhole | Rdes0::frame_length.with(0, 0),               // shorter than its own CRC
      kWhole | Rdes0::frame_length.with(0, 17),              // no header
      kWhole | Rdes0::frame_length.with(0, 1523),            // longer than any
      kWhole | Rdes0::frame_length.with(0, 0x3fff),          // longer than its buffer
      0x7fff'ffff,
      0,
  };
  Rig rig;
  for (const std::uint32_t status : spoilt) ASSERT_TRUE(rig.model.give_back(status));
  EXPECT_EQ(rig.poll(), 0u);
  EXPECT_EQ(rig.device->statistics().receive_errors, std::size(spoilt));
  ASSERT_TRUE(rig.model.deliver(pattern(100)));
  EXPECT_EQ(rig.poll(), 1u);
}

TEST(TulipHostile, AStreamOfErrorsEndsAPoll) {
  Rig rig;
  for (unsigned i = 0; i < Tulip::kReceiveEntries; ++i) ASSERT_TRUE(rig.model.give_back(0));
  EXPECT_EQ(rig.poll(1), 0u);
  EXPECT_EQ(rig.device->statistics().receive_errors, Tulip::kReceiveEntries);
}

TEST(TulipHostile, AChipThatFailsOnTheBusIsStartedAgainAFewTimes) {
  Rig rig;
  for (unsigned i = 0; i <= CopyingNic::kRecoveriesMax; ++i) {
    ASSERT_TRUE(rig.transmit(pattern(60)).ok());
    rig.model.fail_on_bus();
    rig.poll();
  }
  const auto sent = rig.transmit(pattern(60));
  ASSERT_FALSE(sent.ok());
  EXPECT_EQ(sent.error(), err::nic_broken);
  EXPECT_EQ(sent.error().detail(), static_cast<std::uint32_t>(ChipFault::bus));
  EXPECT_FALSE(rig.model.bus_master());
}

}  // namespace
}  // namespace kedge::driver
