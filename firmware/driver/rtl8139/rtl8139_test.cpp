// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "driver/rtl8139/rtl8139.h"

#include "driver/common/contract_test.h"
#include "tests/fake/pci_script.h"
#include "tests/fake/rtl8139.h"

namespace kedge::driver {
namespace {

using fake::PciScript;
using rtl8139::Header;
using Rig = NicRig<fake::Rtl8139Model, Rtl8139>;

INSTANTIATE_TYPED_TEST_SUITE_P(Rtl8139, SimpleNic, Rig);

void expect_reset(PciScript& pci, unsigned bar) {
  pci.write(bar, 0x37, 1, 0x10).read(bar, 0x37, 1, 0x10).read(bar, 0x37, 1, 0x01);
}

TEST(Rtl8139BringUp, FollowsTheDatasheet) {
  PciScript pci;
  pci.put_config32(0x10, 0xc001);
  pci.put_config32(0x14, 0xfebf'1000);
  expect_reset(pci, 1);
  pci.read(1, 0x00, 4, 0x1200'5452).read(1, 0x04, 4, 0x5634);
  auto device = Rtl8139::create(pci);
  ASSERT_TRUE(device.ok());
  EXPECT_EQ((*device)->mac(), wire::MacAddress({0x52, 0x54, 0x00, 0x12, 0x34, 0x56}));
  EXPECT_FALSE(pci.bus_master());

  expect_reset(pci, 1);
  pci.write(1, 0x3c, 2, 0);  // no interrupts
  constexpr std::uint32_t kRing = fake::FakePciDevice::kFirstAddress32;
  pci.write(1, 0x30, 4, kRing);
  for (unsigned slot = 0; slot < 4; ++slot) {
    pci.write(1, 0x20 + 4 * slot, 4, kRing + 0x8000 + slot * 0x600);
  }
  pci.write(1, 0x37, 1, 0x0c);         // RE, TE
  pci.write(1, 0x40, 4, 0x0300'0700);  // IFG 3, MXDMA 7
  pci.write(1, 0x08, 4, 0xffff'ffff).write(1, 0x0c, 4, 0xffff'ffff);
  pci.write(1, 0x44, 4, 0x0000'f70f);  // RXFTH 7, RBLEN 2, MXDMA 7, AB AM APM AAP
  ASSERT_TRUE((*device)->start().ok());
  EXPECT_TRUE(pci.finished());
  EXPECT_TRUE(pci.bus_master());

  // 60 bytes: size, threshold 48 * 32, OWN clear.
  pci.write(1, 0x10, 4, 0x0030'003c);
  const auto frame = pattern(60);
  const ByteView pieces[] = {frame};
  ASSERT_TRUE((*device)->transmit(pieces, {}).ok());

  expect_reset(pci, 1);
  (*device)->stop();
  EXPECT_TRUE(pci.finished());
  EXPECT_EQ(pci.dma_blocks(), 0u);
  EXPECT_EQ(pci.violations, std::vector<std::string>());
}

TEST(Rtl8139BringUp, UsesIoSpaceWhereMemoryHasNoAddress) {
  PciScript pci;
  pci.put_config32(0x10, 0xc001);
  expect_reset(pci, 0);
  pci.read(0, 0x00, 4, 0x1200'5452).read(0, 0x04, 4, 0x5634);
  ASSERT_TRUE(Rtl8139::create(pci).ok());
  EXPECT_TRUE(pci.finished());
  EXPECT_EQ(pci.violations, std::vector<std::string>());
}

TEST(Rtl8139BringUp, SaysThatAChipDoesNotReset) {
  fake::Rtl8139Model model;
  model.never_resets = true;
  EXPECT_EQ(Rtl8139::create(model).error(), err::nic_reset_timeout);
  EXPECT_LE(model.stalled_us, 20'000u);
}

TEST(Rtl8139, AnIdlePollCostsOneRegisterAccess) {
  Rig rig;
  const auto before = rig.model.bar_accesses;
  for (unsigned i = 0; i < 10; ++i) rig.poll();
  EXPECT_EQ(rig.model.bar_accesses - before, 10u);
}

TEST(Rtl8139, ABurstCostsThreeAccessesAndNoneForEachFrame) {
  Rig rig;
  for (unsigned i = 0; i < 8; ++i) ASSERT_TRUE(rig.model.deliver(pattern(200, i)));
  const auto before = rig.model.bar_accesses;
  EXPECT_EQ(rig.poll(), 8u);
  EXPECT_EQ(rig.model.bar_accesses - before, 3u);
}

TEST(Rtl8139, LooksAtTheTransmitterOnceInFourFrames) {
  Rig rig;
  const auto before = rig.model.bar_accesses;
  for (unsigned i = 0; i < 8; ++i) ASSERT_TRUE(rig.transmit(pattern(100, i)).ok());
  EXPECT_EQ(rig.model.bar_accesses - before, 8u + 1u);
}

TEST(Rtl8139, TellsTheLink) {
  Rig rig;
  EXPECT_EQ(rig.device->link_state(), link::LinkState::up);
  rig.model.link_up = false;
  EXPECT_EQ(rig.device->link_state(), link::LinkState::down);
}

TEST(Rtl8139, AnOverflowIsAcknowledgedWhenThereIsRoomAgain) {
  Rig rig;
  while (rig.model.deliver(pattern(1500))) {
  }
  EXPECT_NE(rig.model.events & rtl8139::Isr::kRxovw, 0);
  rig.poll();
  EXPECT_EQ(rig.model.events, 0);
  EXPECT_TRUE(rig.model.deliver(pattern(1500)));
}

TEST(Rtl8139, TheChipHearsOfRoomInTheMiddleOfALongPoll) {
  Rig rig;
  while (rig.model.deliver(pattern(1000))) {
  }
  bool again = false;
  rig.collector.on_frame = [&] {
    if (rig.collector.frames.size() == 12) again = rig.model.deliver(pattern(1000, 9));
  };
  rig.poll();
  EXPECT_TRUE(again);
}

TEST(Rtl8139, FramesThatAreTooLongAreSkippedAndCounted) {
  Rig rig;
  ASSERT_TRUE(rig.model.deliver(pattern(4000)));
  ASSERT_TRUE(rig.model.deliver(pattern(kFrameBytesMax + 1)));
  ASSERT_TRUE(rig.model.deliver(pattern(100)));
  EXPECT_EQ(rig.poll(), 1u);
  EXPECT_EQ(rig.collector.frames[0], pattern(100));
  EXPECT_EQ(rig.device->statistics().receive_errors, 2u);
  EXPECT_EQ(rig.model.resets, 2u);  // create() and start()
}

TEST(Rtl8139, AFrameOnItsWayIsWaitedFor) {
  Rig rig;
  rig.model.forced_header = Header::length.with(Header::kRok, Header::kLengthUnfinished);
  ASSERT_TRUE(rig.model.deliver(pattern(300)));
  for (unsigned i = 0; i < 100; ++i) EXPECT_EQ(rig.poll(), 0u);
  const std::uint32_t header = Header::length.with(Header::kRok, 304);
  std::memcpy(rig.model.dma_map().begin()->second.data(), &header, sizeof(header));
  EXPECT_EQ(rig.poll(), 1u);
  EXPECT_EQ(rig.collector.frames[0], pattern(300));
  EXPECT_EQ(rig.model.resets, 2u);
}

TEST(Rtl8139, OnlyAChangeOfPromiscuousModeTakesAnotherStart) {
  Rig rig;
  const unsigned resets = rig.model.resets;
  link::ReceiveFilter filter = filter_of({});
  filter.promiscuous = true;
  rig.device->set_receive_filter(filter);
  rig.poll();
  EXPECT_EQ(rig.model.resets, resets);
  rig.model.complete_at_once = false;
  ASSERT_TRUE(rig.transmit(pattern(64)).ok());
  rig.device->set_receive_filter(filter_of({kSolicited}));
  ASSERT_TRUE(rig.model.deliver(frame_to(kOtherStation)));
  EXPECT_EQ(rig.poll(0), 0u);
  EXPECT_EQ(rig.poll(), 1u);
  rig.poll();
  EXPECT_EQ(rig.model.resets, resets) << "a frame is being sent";
  rig.model.complete();
  rig.poll();
  EXPECT_EQ(rig.model.resets, resets + 2);  // halt() is one, too
  rig.device->set_receive_filter(filter_of({kStrange}));
  rig.poll();
  EXPECT_EQ(rig.model.resets, resets + 2);
  expect_only(rig, {kStrange});
  EXPECT_EQ(rig.model.sent.size(), 1u);
}

TEST(Rtl8139Hostile, AChipThatDoesNotStartAgainForItsFilterIsGivenUp) {
  Rig rig;
  rig.device->set_receive_filter(filter_of({kSolicited}));
  rig.model.never_resets = true;
  rig.poll();
  EXPECT_EQ(rig.transmit(pattern(64)).error(), err::nic_broken);
  EXPECT_FALSE(rig.model.bus_master());
}

TEST(Rtl8139, FramesWithCollisionsAreSentAgainByTheChip) {
  Rig rig;
  rig.model.collisions = 1;
  for (unsigned i = 0; i < 4; ++i) ASSERT_TRUE(rig.transmit(pattern(100, i)).ok());
  EXPECT_EQ(rig.transmit(pattern(100, 4)).error(), err::link_busy);
  EXPECT_TRUE(rig.transmit(pattern(100, 4)).ok());
  EXPECT_EQ(rig.device->statistics().transmit_errors, 1u);
  EXPECT_EQ(rig.model.sent.size(), 5u);
  EXPECT_EQ(rig.violations(), "");
}

struct Attack {
  const char* name;
  ChipFault fault;
  void (*act)(Rig&);
};

void send_header(Rig& rig, std::uint32_t header) {
  rig.model.forced_header = header;
  (void)rig.model.deliver(pattern(100));
}

const Attack kAttacks[] = {
    {"position_beyond_the_ring", ChipFault::position,
     [](Rig& rig) { rig.model.forced_position = Rtl8139::kRingBytes; }},
    {"position_that_is_not_aligned", ChipFault::position,
     [](Rig& rig) { rig.model.forced_position = rig.model.position() + 2; }},
    {"length_zero", ChipFault::length, [](Rig& rig) { send_header(rig, Header::kRok); }},
    {"length_of_the_check_sequence_alone", ChipFault::length,
     [](Rig& rig) { send_header(rig, Header::length.with(Header::kRok, 4)); }},
    {"length_over_the_ring", ChipFault::length,
     [](Rig& rig) { send_header(rig, Header::length.with(Header::kRok, 0xffff)); }},
    {"frame_that_was_not_received_well", ChipFault::length,
     [](Rig& rig) { send_header(rig, Header::length.with(0, 104)); }},
    {"frame_that_never_ends", ChipFault::stalled,
     [](Rig& rig) {
       send_header(rig, Header::length.with(Header::kRok, 0x7000));
       for (unsigned i = 0; i < 100'000; ++i) rig.poll();
     }},
    {"frame_that_never_arrives", ChipFault::stalled,
     [](Rig& rig) {
       send_header(rig, Header::length.with(Header::kRok, Header::kLengthUnfinished));
       for (unsigned i = 0; i < 100'000; ++i) rig.poll();
     }},
};

TEST(Rtl8139Hostile, ChipsAreStartedAgainAndGivenUpWhenThatDoesNotHelp) {
  for (const Attack& attack : kAttacks) {
    SCOPED_TRACE(attack.name);
    Rig rig;
    unsigned started = rig.model.resets;
    for (unsigned round = 0; round < CopyingNic::kRecoveriesMax; ++round) {
      attack.act(rig);
      rig.poll();
      rig.model.forced_position.reset();
      EXPECT_GT(rig.model.resets, started);
      started = rig.model.resets;
      EXPECT_TRUE(rig.collector.frames.empty());
      ASSERT_TRUE(rig.transmit(pattern(60)).ok());
    }
    // A frame in between, and it has its chances again.
    ASSERT_TRUE(rig.model.deliver(pattern(200)));
    ASSERT_EQ(rig.poll(), 1u);
    for (unsigned round = 0; round <= CopyingNic::kRecoveriesMax; ++round) {
      attack.act(rig);
      rig.poll();
    }
    const auto sent = rig.transmit(pattern(60));
    ASSERT_FALSE(sent.ok());
    EXPECT_EQ(sent.error(), err::nic_broken);
    EXPECT_EQ(sent.error().detail(), static_cast<std::uint32_t>(attack.fault));
    EXPECT_FALSE(rig.model.bus_master());
    EXPECT_EQ(rig.device->link_state(), link::LinkState::down);

    rig.model.forced_position.reset();
    ASSERT_TRUE(rig.device->start().ok());
    ASSERT_TRUE(rig.model.deliver(pattern(800)));
    EXPECT_EQ(rig.poll(), 1u);
    EXPECT_EQ(rig.collector.frames.back(), pattern(800));
  }
}

TEST(Rtl8139Hostile, AChipThatDoesNotResetLosesTheBus) {
  Rig rig;
  rig.model.never_resets = true;
  rig.device->stop();
  EXPECT_FALSE(rig.model.bus_master());
  EXPECT_LE(rig.model.stalled_us, 20'000u);
}

}  // namespace
}  // namespace kedge::driver
