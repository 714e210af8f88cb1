// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "driver/pcnet/pcnet.h"

#include "driver/common/contract_test.h"
#include "tests/fake/pci_script.h"
#include "tests/fake/pcnet.h"

namespace kedge::driver {
namespace {

using fake::PciScript;
using pcnet::Descriptor;
using Rig = NicRig<fake::PcnetModel, Pcnet>;

INSTANTIATE_TYPED_TEST_SUITE_P(Pcnet, SimpleNic, Rig);

constexpr std::uint32_t kWhole = Descriptor::kStp | Descriptor::kEnp;

void expect_halt(PciScript& pci) {
  pci.read(0, 0x18, 4, 0).read(0, 0x14, 2, 0);
}
void expect_reset(PciScript& pci) {
  expect_halt(pci);
  pci.write(0, 0x10, 4, 0);
  pci.write(0, 0x14, 4, 0).read(0, 0x10, 4, 0x0004);
}
void expect_csr(PciScript& pci, std::uint32_t number, std::uint32_t value) {
  pci.write(0, 0x14, 4, number).write(0, 0x10, 4, value);
}

TEST(PcnetBringUp, FollowsTheDatasheet) {
  PciScript pci;
  pci.put_config32(0x10, 0xc001);
  expect_reset(pci);
  pci.read(0, 0x00, 4, 0x1200'5452).read(0, 0x04, 4, 0x5634);
  auto device = Pcnet::create(pci);
  ASSERT_TRUE(device.ok());
  EXPECT_EQ((*device)->mac(), wire::MacAddress({0x52, 0x54, 0x00, 0x12, 0x34, 0x56}));
  EXPECT_FALSE(pci.bus_master());

  expect_reset(pci);
  pci.write(0, 0x14, 4, 20).write(0, 0x1c, 4, 2);     // software style 2
  pci.write(0, 0x14, 4, 2).read(0, 0x1c, 4, 0x1000);  // ASEL, and what was there
  pci.write(0, 0x14, 4, 2).write(0, 0x1c, 4, 0x1002);
  expect_csr(pci, 3, 0x0040);  // DXSUFLO
  constexpr std::uint32_t kMemory = fake::FakePciDevice::kFirstAddress32;
  expect_csr(pci, 1, (kMemory + 0x1400) & 0xffff);  // the init block, behind the rings
  expect_csr(pci, 2, kMemory >> 16);
  expect_csr(pci, 0, 0x0001);                             // INIT
  pci.read(0, 0x10, 4, 0x0001).read(0, 0x10, 4, 0x0101);  // IDON
  expect_csr(pci, 0, 0x0102);                             // STRT
  ASSERT_TRUE((*device)->start().ok());
  EXPECT_TRUE(pci.finished());
  EXPECT_TRUE(pci.bus_master());

  // The init block and the first descriptors, byte by byte.
  const ByteSpan memory = pci.dma(kMemory, 0x2000);
  ByteReader block(memory.subspan(0x1400));
  EXPECT_EQ(block.le32(), 0x6080'8000u);  // TLEN 6, RLEN 8, PROM
  EXPECT_EQ(block.le32(), 0x1200'5452u);
  EXPECT_EQ(block.le32(), 0x0000'5634u);
  EXPECT_EQ(block.le64(), ~std::uint64_t{0});
  EXPECT_EQ(block.le32(), kMemory);
  EXPECT_EQ(block.le32(), kMemory + 0x1000);
  ByteReader receive(memory);
  EXPECT_EQ(receive.le32(), kMemory + 0x2000);
  EXPECT_EQ(receive.le32(), 0x8000'fa00u);  // OWN, ones, minus 1536
  EXPECT_EQ(receive.le64(), 0u);
  EXPECT_EQ(receive.le32(), kMemory + 0x2600);

  pci.write(0, 0x10, 4, 0x0008);  // TDMD
  const auto frame = pattern(60);
  const ByteView pieces[] = {frame};
  ASSERT_TRUE((*device)->transmit(pieces, {}).ok());
  ByteReader transmit(memory.subspan(0x1000));
  EXPECT_EQ(transmit.le32(), kMemory + 0x2000 + 256 * 0x600);
  EXPECT_EQ(transmit.le32(), 0x8300'ffc4u);  // OWN, STP, ENP, ones, minus 60

  expect_halt(pci);
  (*device)->stop();
  EXPECT_TRUE(pci.finished());
  EXPECT_EQ(pci.dma_blocks(), 0u);
  EXPECT_EQ(pci.violations, std::vector<std::string>());
}

TEST(PcnetBringUp, SaysThatAChipDoesNotResetOrInitialize) {
  fake::PcnetModel model;
  model.never_resets = true;
  EXPECT_EQ(Pcnet::create(model).error(), err::nic_reset_timeout);
  model.never_resets = false;
  auto device = Pcnet::create(model);
  ASSERT_TRUE(device.ok());
  model.never_initializes = true;
  EXPECT_EQ((*device)->start().error(), err::nic_reset_timeout);
  EXPECT_FALSE(model.bus_master());
  EXPECT_EQ(model.dma_blocks(), 0u);
  EXPECT_LE(model.stalled_us, 20'000u);
}

TEST(PcnetBringUp, UsesMemoryWhereIoSpaceHasNoAddress) {
  fake::PcnetModel model;
  model.put_config32(0x10, 1);
  auto device = Pcnet::create(model);
  ASSERT_TRUE(device.ok());
  EXPECT_TRUE((*device)->start().ok());
  EXPECT_EQ(model.violations, std::vector<std::string>());
}

TEST(PcnetBringUp, TakesAChipInWhicheverModeItWasLeft) {
  fake::PcnetModel model;
  for (unsigned round = 0; round < 2; ++round) {
    auto device = Pcnet::create(model);  // the second time it is in double word mode
    ASSERT_TRUE(device.ok());
    ASSERT_TRUE((*device)->start().ok());
  }
  EXPECT_EQ(model.violations, std::vector<std::string>());
}

TEST(Pcnet, PollsCostNoRegisterAccessButOneInAWhile) {
  Rig rig;
  const auto before = rig.model.bar_accesses;
  for (unsigned i = 0; i < Pcnet::kIdlePollsMax - 1; ++i) rig.poll();
  for (unsigned i = 0; i < 8; ++i) ASSERT_TRUE(rig.model.deliver(pattern(200, i)));
  EXPECT_EQ(rig.poll(), 8u);
  EXPECT_EQ(rig.model.bar_accesses, before);
  for (unsigned i = 0; i < Pcnet::kIdlePollsMax; ++i) rig.poll();
  EXPECT_EQ(rig.model.bar_accesses, before + 1);
}

TEST(Pcnet, AnswersLeaveTogether) {
  Rig rig;
  rig.collector.on_frame = [&rig] { ASSERT_TRUE(rig.transmit(pattern(70)).ok()); };
  for (unsigned i = 0; i < 8; ++i) ASSERT_TRUE(rig.model.deliver(pattern(200, i)));
  EXPECT_EQ(rig.poll(), 8u);
  EXPECT_EQ(rig.model.demands, 1u);
  EXPECT_EQ(rig.model.sent.size(), 8u);
}

TEST(Pcnet, TellsTheLinkUnlessTheLedShowsSomethingElse) {
  Rig rig;
  EXPECT_EQ(rig.device->link_state(), link::LinkState::up);
  rig.model.link_up = false;
  EXPECT_EQ(rig.device->link_state(), link::LinkState::down);
  rig.model.set_led(0x0084);
  EXPECT_EQ(rig.device->link_state(), link::LinkState::unknown);
  rig.model.set_led(0x00c4);
  EXPECT_EQ(rig.device->link_state(), link::LinkState::unknown);
  // CSR0 is selected again.
  ASSERT_TRUE(rig.transmit(pattern(80)).ok());
  EXPECT_EQ(rig.model.sent.size(), 1u);
  EXPECT_EQ(rig.violations(), "");
}

TEST(Pcnet, CountsMissedFramesOnce) {
  Rig rig;
  for (unsigned i = 0; i < Pcnet::kReceiveDescriptors; ++i) {
    ASSERT_TRUE(rig.model.deliver(pattern(100)));
  }
  EXPECT_FALSE(rig.model.deliver(pattern(100)));
  EXPECT_FALSE(rig.model.deliver(pattern(100)));
  (void)rig.device->link_state();
  (void)rig.device->link_state();
  EXPECT_EQ(rig.device->statistics().receive_dropped, 2u);
  EXPECT_EQ(rig.poll(), Pcnet::kReceiveDescriptors);
  EXPECT_TRUE(rig.model.deliver(pattern(100)));
}

TEST(Pcnet, CountsFramesThatCouldNotBeSent) {
  Rig rig;
  rig.model.transmit_errors = true;
  for (unsigned i = 0; i < 3; ++i) ASSERT_TRUE(rig.transmit(pattern(100)).ok());
  EXPECT_EQ(rig.device->statistics().transmit_errors, 2u);  // the third is not looked at yet
}

TEST(Pcnet, AChipThatDoesNotSuspendGetsItsFilterWhenItIsStartedAgain) {
  Rig rig;
  rig.model.never_suspends = true;
  const unsigned resets = rig.model.resets;
  rig.model.complete_at_once = false;
  ASSERT_TRUE(rig.transmit(pattern(64)).ok());
  ASSERT_TRUE(rig.model.deliver(frame_to(kOtherStation)));
  rig.device->set_receive_filter(filter_of({kSolicited}));
  EXPECT_EQ(rig.poll(), 1u);
  EXPECT_EQ(rig.poll(), 0u);
  EXPECT_EQ(rig.model.resets, resets) << "a frame is being sent";
  rig.model.complete();
  rig.poll();
  EXPECT_GT(rig.model.resets, resets);
  expect_only(rig, {kSolicited});
  EXPECT_EQ(rig.model.sent.size(), 1u);
  EXPECT_EQ(rig.violations(), "");
}

TEST(Pcnet, AFilterIsAppliedWithoutAReset) {
  Rig rig;
  const unsigned resets = rig.model.resets;
  set_filter(rig, filter_of({kSolicited}));
  expect_only(rig, {kSolicited});
  EXPECT_EQ(rig.model.resets, resets);
  // And does not change what a write to RDP means.
  ASSERT_TRUE(rig.transmit(pattern(64)).ok());
  EXPECT_EQ(rig.model.sent.size(), 1u);
}

TEST(PcnetHostile, DescriptorsWithoutAFrameAreCountedAndGivenBack) {
  struct {
    std::uint32_t flags;
    std::uint32_t status;
  } const cases[] = {
      {kWhole, 0},
      {kWhole, 17},
      {kWhole, kFrameBytesMax + 5},
      {kWhole, 0xfff},
      {kWhole | Descriptor::kErr, 104},
      {Descriptor::kStp, 1536},
      {Descriptor::kEnp, 104},
      {0, 0},
      {~Descriptor::kOwn, ~0u},
  };
  Rig rig;
  for (const auto& bad : cases) {
    rig.model.forced_flags = bad.flags;
    rig.model.forced_status = bad.status;
    ASSERT_TRUE(rig.model.deliver(pattern(100)));
    EXPECT_EQ(rig.poll(), 0u);
  }
  EXPECT_EQ(rig.device->statistics().receive_errors, std::size(cases));
  // A status whose reserved bits are set is well.
  rig.model.forced_status = 0xffff'f000 | 104;
  ASSERT_TRUE(rig.model.deliver(pattern(100)));
  EXPECT_EQ(rig.poll(), 1u);
  EXPECT_EQ(rig.collector.frames[0], pattern(100));
}

TEST(PcnetHostile, AFrameOverSeveralBuffersIsNotDelivered) {
  Rig rig;
  ASSERT_TRUE(rig.model.deliver(pattern(1600)));
  EXPECT_EQ(rig.poll(), 0u);
  EXPECT_EQ(rig.device->statistics().receive_errors, 1u);
}

TEST(PcnetHostile, AWholeRingOfBadFramesIsGivenBackInOnePoll) {
  Rig rig;
  for (unsigned i = 0; i < Pcnet::kReceiveDescriptors; ++i) {
    rig.model.forced_flags = 0;
    ASSERT_TRUE(rig.model.deliver(pattern(100)));
  }
  EXPECT_EQ(rig.poll(), 0u);
  EXPECT_EQ(rig.device->statistics().receive_errors, Pcnet::kReceiveDescriptors);
  ASSERT_TRUE(rig.model.deliver(pattern(100)));
  EXPECT_EQ(rig.poll(), 1u);
}

TEST(PcnetHostile, AChipThatStopsIsStartedAgainAndGivenUpWhenThatDoesNotHelp) {
  for (void (*act)(Rig&) : {+[](Rig& rig) { rig.model.stop_by_itself(); },
                            +[](Rig& rig) { rig.model.fail_on_the_bus(); }}) {
    Rig rig;
    for (unsigned round = 0; round < CopyingNic::kRecoveriesMax; ++round) {
      act(rig);
      for (unsigned i = 0; i < Pcnet::kIdlePollsMax; ++i) rig.poll();
      ASSERT_TRUE(rig.transmit(pattern(60, round)).ok());
      EXPECT_EQ(rig.model.sent.size(), round + 1);
    }
    act(rig);
    for (unsigned i = 0; i < Pcnet::kIdlePollsMax; ++i) rig.poll();
    const auto sent = rig.transmit(pattern(60));
    ASSERT_FALSE(sent.ok());
    EXPECT_EQ(sent.error(), err::nic_broken);
    EXPECT_EQ(sent.error().detail(), static_cast<std::uint32_t>(ChipFault::bus));
    EXPECT_FALSE(rig.model.bus_master());
    ASSERT_TRUE(rig.device->start().ok());
    ASSERT_TRUE(rig.model.deliver(pattern(800)));
    EXPECT_EQ(rig.poll(), 1u);
  }
}

TEST(PcnetHostile, AStoppedChipIsNoticedByWhoOnlySends) {
  Rig rig;
  rig.model.stop_by_itself();
  for (unsigned i = 0; i < Pcnet::kTransmitDescriptors; ++i) {
    ASSERT_TRUE(rig.transmit(pattern(60)).ok());
  }
  EXPECT_EQ(rig.transmit(pattern(60)).error(), err::link_busy);
  EXPECT_TRUE(rig.transmit(pattern(61)).ok());
  EXPECT_EQ(rig.model.sent.size(), 1u);
}

}  // namespace
}  // namespace kedge::driver
