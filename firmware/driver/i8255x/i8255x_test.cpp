// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "driver/i8255x/i8255x.h"

#include "driver/common/contract_test.h"
#include "tests/fake/i8255x.h"
#include "tests/fake/pci_script.h"

namespace kedge::driver {
namespace {

using fake::I8255xModel;
using fake::PciScript;
using Rig = NicRig<I8255xModel, I8255x>;

INSTANTIATE_TYPED_TEST_SUITE_P(I8255x, SimpleNic, Rig);

constexpr unsigned kBar = 0;

void expect_halt(PciScript& pci) {
  pci.write(kBar, 0x08, 4, 2).write(kBar, 0x08, 4, 0).write(kBar, 0x03, 1, 1);
}
/// One clock of the EEPROM.
void expect_bit(PciScript& pci, bool in, bool out) {
  const std::uint32_t wires = in ? 6 : 2;
  pci.write(kBar, 0x0e, 1, wires).write(kBar, 0x0e, 1, wires | 1);
  pci.read(kBar, 0x0e, 1, out ? 8 : 0).write(kBar, 0x0e, 1, wires);
}
void expect_begin_read(PciScript& pci) {
  pci.write(kBar, 0x0e, 1, 0).write(kBar, 0x0e, 1, 2);
  for (const bool bit : {true, true, false}) expect_bit(pci, bit, true);
}

TEST(I8255xBringUp, ReadsTheAddressFromTheEepromWhateverItsSize) {
  PciScript pci;
  pci.put_config32(0x10, 0xfebf'1000);
  expect_halt(pci);
  pci.read(kBar, 0x00, 2, 0);
  expect_begin_read(pci);  // the dummy 0 comes with the sixth address bit
  for (unsigned i = 0; i < 6; ++i) expect_bit(pci, false, i != 5);
  pci.write(kBar, 0x0e, 1, 0);
  const std::uint16_t words[] = {0x5150, 0x5352, 0x5554};
  for (unsigned word = 0; word < 3; ++word) {
    expect_begin_read(pci);
    for (unsigned i = 6; i-- > 0;) expect_bit(pci, (word >> i & 1) != 0, i != 0);
    for (unsigned i = 16; i-- > 0;) expect_bit(pci, false, (words[word] >> i & 1) != 0);
    pci.write(kBar, 0x0e, 1, 0);
  }
  const auto device = I8255x::create(pci);
  EXPECT_EQ(pci.violations, std::vector<std::string>());
  ASSERT_TRUE(device.ok());
  EXPECT_TRUE(pci.finished());
  EXPECT_EQ((*device)->mac(), wire::MacAddress({0x50, 0x51, 0x52, 0x53, 0x54, 0x55}));

  I8255xModel larger;
  larger.eeprom.address_bits = 8;
  const auto second = I8255x::create(larger);
  ASSERT_TRUE(second.ok());
  EXPECT_EQ((*second)->mac(), wire::MacAddress({0x52, 0x54, 0x00, 0x12, 0x34, 0x56}));
  EXPECT_TRUE(larger.eeprom.read_only_instructions());
}

TEST(I8255xBringUp, NeedsAnEeprom) {
  I8255xModel model;
  model.eeprom.address_bits = 0;
  EXPECT_EQ(I8255x::create(model).error(), err::nic_no_mac);
}

TEST(I8255xBringUp, ConfiguresTheChipForAllFrames) {
  Rig rig;
  EXPECT_EQ(rig.model.station, rig.device->mac());
  EXPECT_EQ(rig.model.configuration[0], 22);
  EXPECT_EQ(rig.model.configuration[15] & 1, 1);  // promiscuous
  EXPECT_EQ(rig.model.configuration[18] & 8, 8);  // long frames
  EXPECT_EQ(rig.model.configuration[21] & 8, 8);  // all multicast
  EXPECT_TRUE(rig.model.receiving());
  EXPECT_EQ(rig.violations(), "");
}

TEST(I8255xBringUp, GivesUpOnAChipThatDoesNotListen) {
  for (const bool deaf : {true, false}) {
    I8255xModel model;
    auto device = I8255x::create(model);
    ASSERT_TRUE(device.ok());
    model.deaf = deaf;
    model.ignores_blocks = !deaf;
    EXPECT_EQ((*device)->start().error(), err::nic_reset_timeout);
    EXPECT_LE(model.stalled_us, 20'000u);
    EXPECT_FALSE(model.bus_master());
    EXPECT_EQ(model.dma_blocks(), 0u);
  }
}

TEST(I8255x, StartsTheReceiverAgainWhenItRanOutOfFrames) {
  Rig rig;
  for (unsigned round = 0; round < 10; ++round) {
    unsigned count = 0;
    while (count < 1000 && rig.model.deliver(pattern(100, count))) ++count;
    EXPECT_EQ(count, I8255x::kReceiveFrames);
    EXPECT_FALSE(rig.model.receiving());
    // Not while frames wait: those would be overtaken.
    EXPECT_EQ(rig.poll(10), 10u);
    EXPECT_FALSE(rig.model.receiving());
    EXPECT_EQ(rig.poll(), count - 10);
    EXPECT_TRUE(rig.model.receiving());
  }
  EXPECT_EQ(rig.violations(), "");
}

TEST(I8255x, APollCostsOneRegisterAccessWhateverItReceives) {
  Rig rig;
  const auto before = rig.model.bar_accesses;
  rig.poll();
  EXPECT_EQ(rig.model.bar_accesses, before + 1);
  for (unsigned i = 0; i < 8; ++i) ASSERT_TRUE(rig.model.deliver(pattern(200, i)));
  EXPECT_EQ(rig.poll(), 8u);
  EXPECT_EQ(rig.model.bar_accesses, before + 2);
}

TEST(I8255x, ResumesACommandUnitThatStoppedBeforeItSawTheNextBlock) {
  Rig rig;
  rig.model.loses_resume = true;
  ASSERT_TRUE(rig.transmit(pattern(100)).ok());
  EXPECT_TRUE(rig.model.sent.empty());
  rig.poll();
  ASSERT_EQ(rig.model.sent.size(), 1u);
  EXPECT_EQ(rig.model.sent[0], pattern(100));
  EXPECT_EQ(rig.violations(), "");
}

TEST(I8255x, TheCommandsOfAFilterWaitForRoom) {
  Rig rig;
  rig.model.complete_at_once = false;
  while (rig.transmit(pattern(64)).ok()) {
  }
  rig.device->set_receive_filter(filter_of({kSolicited}));
  rig.poll();
  EXPECT_TRUE(receives(rig, kOtherStation)) << "no block is free";
  rig.model.complete();
  rig.poll();
  rig.poll();
  expect_only(rig, {kSolicited});
  EXPECT_EQ(rig.violations(), "");
}

TEST(I8255x, TellsTheLinkWhereThereIsAPhy) {
  Rig rig;
  EXPECT_EQ(rig.device->link_state(), link::LinkState::up);
  rig.model.phy_status = 0x7809;
  EXPECT_EQ(rig.device->link_state(), link::LinkState::down);
  rig.model.phy_status = 0xffff;
  EXPECT_EQ(rig.device->link_state(), link::LinkState::unknown);
}

TEST(I8255xHostile, SpoiltFramesAreDroppedAndCounted) {
  Rig rig;
  ASSERT_TRUE(rig.model.deliver(pattern(100), 0));                           // not OK
  ASSERT_TRUE(rig.model.deliver(pattern(100), i8255x::kOk, 0xc000));         // empty
  ASSERT_TRUE(rig.model.deliver(pattern(100), i8255x::kOk, 0xc000 | 13));    // no header
  ASSERT_TRUE(rig.model.deliver(pattern(100), i8255x::kOk, 0xc000 | 1519));  // too long
  EXPECT_EQ(rig.poll(), 0u);
  EXPECT_EQ(rig.device->statistics().receive_errors, 4u);
  ASSERT_TRUE(rig.model.deliver(pattern(100)));
  EXPECT_EQ(rig.poll(), 1u);
}

TEST(I8255xHostile, AFrameLongerThanItsBufferStartsTheChipAgainAFewTimes) {
  Rig rig;
  for (unsigned i = 0; i <= CopyingNic::kRecoveriesMax; ++i) {
    ASSERT_TRUE(rig.model.deliver(pattern(100), i8255x::kOk, 0x3fff));
    EXPECT_EQ(rig.poll(), 0u);
  }
  const auto sent = rig.transmit(pattern(60));
  ASSERT_FALSE(sent.ok());
  EXPECT_EQ(sent.error(), err::nic_broken);
  EXPECT_EQ(sent.error().detail(), static_cast<std::uint32_t>(ChipFault::length));
  EXPECT_FALSE(rig.model.bus_master());
}

TEST(I8255xHostile, AChipThatTakesNoMoreCommandsIsGivenUp) {
  Rig rig;
  rig.model.deaf = true;
  (void)rig.transmit(pattern(60));
  rig.poll();
  const auto sent = rig.transmit(pattern(60));
  ASSERT_FALSE(sent.ok());
  EXPECT_EQ(sent.error(), err::nic_broken);
  EXPECT_EQ(sent.error().detail(), static_cast<std::uint32_t>(ChipFault::stalled));
}

}  // namespace
}  // namespace kedge::driver
