// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "driver/ne2k_pci/ne2k_pci.h"

#include "driver/common/contract_test.h"
#include "tests/fake/ne2k_pci.h"
#include "tests/fake/pci_script.h"

namespace kedge::driver {
namespace {

using fake::PciScript;
using ne2k::Header;
using Rig = NicRig<fake::Ne2kPciModel, Ne2kPci>;

INSTANTIATE_TYPED_TEST_SUITE_P(Ne2kPci, SimpleNic, Rig);

void expect_reset(PciScript& pci) {
  pci.read(0, 0x1f, 1, 0x5a).write(0, 0x1f, 1, 0x5a);
  pci.write(0, 0x00, 1, 0x21);
  pci.read(0, 0x07, 1, 0x00).read(0, 0x07, 1, 0x80);
  pci.read(0, 0x0a, 1, 0x50).read(0, 0x0b, 1, 0x43);
  pci.write(0, 0x0e, 1, 0x49);
}
void expect_remote(PciScript& pci, std::uint32_t address, std::uint32_t bytes, unsigned command) {
  pci.write(0, 0x0a, 1, bytes & 0xff).write(0, 0x0b, 1, bytes >> 8);
  pci.write(0, 0x08, 1, address & 0xff).write(0, 0x09, 1, address >> 8);
  pci.write(0, 0x00, 1, command);
}

TEST(Ne2kPciBringUp, FollowsTheDatasheet) {
  PciScript pci;
  pci.put_config32(0x10, 0xc001);
  expect_reset(pci);
  pci.write(0, 0x0c, 1, 0x20).write(0, 0x0d, 1, 0x02);  // monitor, loopback
  expect_remote(pci, 0, 12, 0x0a);
  pci.read(0, 0x10, 4, 0x5454'5252).read(0, 0x10, 4, 0x1212'0000).read(0, 0x10, 4, 0x5656'3434);
  pci.write(0, 0x00, 1, 0x21);
  auto device = Ne2kPci::create(pci);
  ASSERT_TRUE(device.ok());
  EXPECT_EQ((*device)->mac(), wire::MacAddress({0x52, 0x54, 0x00, 0x12, 0x34, 0x56}));

  expect_reset(pci);
  pci.write(0, 0x0a, 1, 0).write(0, 0x0b, 1, 0);
  pci.write(0, 0x0c, 1, 0x20).write(0, 0x0d, 1, 0x02);
  pci.write(0, 0x01, 1, 0x4c).write(0, 0x02, 1, 0x80).write(0, 0x03, 1, 0x4c);
  pci.write(0, 0x07, 1, 0xff).write(0, 0x0f, 1, 0);
  pci.write(0, 0x00, 1, 0x61);  // page 1
  const unsigned mac[] = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56};
  for (unsigned i = 0; i < 6; ++i) pci.write(0, 0x01 + i, 1, mac[i]);
  for (unsigned i = 0; i < 8; ++i) pci.write(0, 0x08 + i, 1, 0xff);
  pci.write(0, 0x07, 1, 0x4d);
  pci.write(0, 0x00, 1, 0x22);  // page 0, started
  pci.write(0, 0x0d, 1, 0).write(0, 0x0c, 1, 0x1c);
  ASSERT_TRUE((*device)->start().ok());
  EXPECT_TRUE(pci.finished());

  pci.write(0, 0x07, 1, 0x40);  // RDC
  expect_remote(pci, 0x4000, 60, 0x12);
  for (unsigned word = 0; word < 15; ++word) pci.write(0, 0x10, 4, 0x0101'0101);
  pci.read(0, 0x07, 1, 0x00).read(0, 0x07, 1, 0x40);
  pci.write(0, 0x04, 1, 0x40).write(0, 0x05, 1, 60).write(0, 0x06, 1, 0);
  pci.write(0, 0x00, 1, 0x26);
  const std::vector<std::byte> frame(60, std::byte{1});
  const ByteView pieces[] = {frame};
  ASSERT_TRUE((*device)->transmit(pieces, {}).ok());

  pci.write(0, 0x00, 1, 0x21);
  (*device)->stop();
  EXPECT_TRUE(pci.finished());
  EXPECT_EQ(pci.violations, std::vector<std::string>());
}

TEST(Ne2kPciBringUp, SaysThatAChipDoesNotResetOrIsAnotherOne) {
  fake::Ne2kPciModel model;
  model.never_resets = true;
  EXPECT_EQ(Ne2kPci::create(model).error(), err::nic_reset_timeout);
  EXPECT_LE(model.stalled_us, 20'000u);
  model.never_resets = false;
  model.set_id(0x70);
  EXPECT_EQ(Ne2kPci::create(model).error(), err::nic_no_response);
}

TEST(Ne2kPci, AnIdlePollCostsOneRegisterAccess) {
  Rig rig;
  const auto before = rig.model.bar_accesses;
  for (unsigned i = 0; i < 10; ++i) rig.poll();
  EXPECT_EQ(rig.model.bar_accesses - before, 10u);
}

TEST(Ne2kPci, TheLinkIsUnknownAndTheTalliesAreTaken) {
  Rig rig;
  rig.model.tallies = {1, 2, 4};
  EXPECT_EQ(rig.device->link_state(), link::LinkState::unknown);
  EXPECT_EQ(rig.device->link_state(), link::LinkState::unknown);
  EXPECT_EQ(rig.device->statistics().receive_errors, 3u);
  EXPECT_EQ(rig.device->statistics().receive_dropped, 4u);
}

TEST(Ne2kPci, AnUnpluggedChipIsNoticedByLinkState) {
  Rig rig;
  rig.model.gone = true;
  EXPECT_EQ(rig.device->link_state(), link::LinkState::down);
  EXPECT_EQ(rig.transmit(pattern(60)).error(), err::nic_broken);
}

TEST(Ne2kPci, AnOverflowIsEndedByTheProcedureAndNothingIsLostThatWasInTheRing) {
  Rig rig;
  for (unsigned round = 0; round < 20; ++round) {
    unsigned stored = 0;
    while (rig.model.deliver(pattern(700, stored))) ++stored;
    EXPECT_EQ(rig.model.overflows, round + 1);
    rig.collector.frames.clear();
    // Who gets a frame may send: the loopback is over.
    rig.collector.on_frame = [&rig] { EXPECT_TRUE(rig.transmit(pattern(60)).ok()); };
    // A poll that takes one frame is enough to go on.
    EXPECT_EQ(rig.poll(1), 1u);
    rig.collector.on_frame = nullptr;
    EXPECT_TRUE(rig.model.deliver(pattern(100)));
    EXPECT_EQ(rig.poll(), stored);
    for (unsigned i = 0; i < stored; ++i) {
      EXPECT_EQ(rig.collector.frames[i], pattern(700, i));
    }
  }
  EXPECT_EQ(rig.violations(), "");
}

TEST(Ne2kPci, WhoTakesOneFrameWithEachPollLosesNothingOfAWindow) {
  Rig rig;
  unsigned polled = 0;
  for (unsigned i = 0; i < ReadAhead::kFrames; ++i) {
    EXPECT_TRUE(rig.model.deliver(pattern(1514, i))) << i;
    if (i % 4 == 3) polled += rig.poll(1);
  }
  EXPECT_EQ(polled, ReadAhead::kFrames / 4);
  EXPECT_EQ(rig.model.overflows, 0u);
  EXPECT_EQ(rig.poll(), ReadAhead::kFrames - polled);
  ASSERT_EQ(rig.collector.frames.size(), ReadAhead::kFrames);
  for (unsigned i = 0; i < ReadAhead::kFrames; ++i) {
    EXPECT_EQ(rig.collector.frames[i], pattern(1514, i));
  }
}

TEST(Ne2kPci, FramesThatFindTheQueueFullStayInTheChipAndStopForgetsThem) {
  Rig rig;
  for (unsigned i = 0; i < ReadAhead::kFrames; ++i) {
    EXPECT_TRUE(rig.model.deliver(pattern(60, i)));
    EXPECT_EQ(rig.poll(0), 0u);
  }
  EXPECT_TRUE(rig.model.deliver(pattern(60, 1000)));
  EXPECT_EQ(rig.poll(0), 0u);
  EXPECT_EQ(rig.poll(), ReadAhead::kFrames);
  EXPECT_EQ(rig.poll(), 1u);
  EXPECT_EQ(rig.collector.frames.back(), pattern(60, 1000));
  EXPECT_TRUE(rig.model.deliver(pattern(60)));
  EXPECT_EQ(rig.poll(0), 0u);
  rig.device->stop();
  EXPECT_TRUE(rig.device->start().ok());
  EXPECT_EQ(rig.poll(), 0u);
}

TEST(Ne2kPci, AFrameThatTheOverflowInterruptedIsSentAgain) {
  Rig rig;
  rig.model.complete_at_once = false;
  ASSERT_TRUE(rig.transmit(pattern(100, 1)).ok());
  ASSERT_TRUE(rig.transmit(pattern(100, 2)).ok());
  while (rig.model.deliver(pattern(700))) {
  }
  rig.poll();
  EXPECT_TRUE(rig.model.sent.empty());
  for (unsigned i = 0; i < 4; ++i) {
    rig.model.complete();
    rig.poll();
  }
  ASSERT_EQ(rig.model.sent.size(), 2u);
  EXPECT_EQ(rig.model.sent[0], pattern(100, 1));
  EXPECT_EQ(rig.model.sent[1], pattern(100, 2));
  EXPECT_EQ(rig.violations(), "");
}

TEST(Ne2kPci, AFrameThatEndedBeforeTheOverflowIsNotSentTwice) {
  Rig rig;
  rig.model.complete_at_once = false;
  ASSERT_TRUE(rig.transmit(pattern(100, 1)).ok());
  ASSERT_TRUE(rig.transmit(pattern(100, 2)).ok());
  while (rig.model.deliver(pattern(700))) {
  }
  rig.model.complete();
  rig.poll();
  rig.model.complete();
  rig.poll();
  EXPECT_EQ(rig.model.sent.size(), 2u);
  EXPECT_EQ(rig.violations(), "");
}

TEST(Ne2kPci, CountsFramesThatCouldNotBeSent) {
  Rig rig;
  rig.model.transmit_errors = true;
  for (unsigned i = 0; i < 3; ++i) {
    ASSERT_TRUE(rig.transmit(pattern(100)).ok());
    rig.poll();
  }
  EXPECT_EQ(rig.device->statistics().transmit_errors, 3u);
}

TEST(Ne2kPci, FramesOfNoUseAreSkippedAndCounted) {
  Rig rig;
  ASSERT_TRUE(rig.model.deliver(pattern(kFrameBytesMax + 1)));
  const std::uint32_t next = rig.model.page() + 1u;
  rig.model.forced_header = Header::length.with(Header::next.with(0, next), 104);  // not PRX
  ASSERT_TRUE(rig.model.deliver(pattern(100)));
  ASSERT_TRUE(rig.model.deliver(pattern(101)));
  EXPECT_EQ(rig.poll(), 1u);
  EXPECT_EQ(rig.collector.frames[0], pattern(101));
  EXPECT_EQ(rig.device->statistics().receive_errors, 2u);
  EXPECT_EQ(rig.model.resets, 2u);  // create() and start()
}

struct Attack {
  const char* name;
  ChipFault fault;
  void (*act)(Rig&);
};

void send_header(Rig& rig, std::uint32_t next, std::uint32_t length) {
  rig.model.forced_header = Header::length.with(Header::next.with(Header::kPrx, next), length);
  (void)rig.model.deliver(pattern(100));
}

const Attack kAttacks[] = {
    {"position_before_the_ring", ChipFault::position,
     [](Rig& rig) {
       rig.model.forced_page = ne2k::kRingStart - 1;
       (void)rig.model.deliver(pattern(100));
     }},
    {"position_behind_the_ring", ChipFault::position,
     [](Rig& rig) {
       rig.model.forced_page = ne2k::kRingStop;
       (void)rig.model.deliver(pattern(100));
     }},
    {"next_frame_before_the_ring", ChipFault::position, [](Rig& rig) { send_header(rig, 0, 104); }},
    {"next_frame_behind_the_ring", ChipFault::position,
     [](Rig& rig) { send_header(rig, 0xff, 104); }},
    {"next_frame_is_this_one", ChipFault::length,
     [](Rig& rig) { send_header(rig, rig.model.page(), 104); }},
    {"next_frame_not_there_yet", ChipFault::length,
     [](Rig& rig) { send_header(rig, rig.model.page() + 2u, 104); }},
    {"length_of_other_pages", ChipFault::length,
     [](Rig& rig) { send_header(rig, rig.model.page() + 1u, 1000); }},
    {"length_of_all_ones", ChipFault::length,
     [](Rig& rig) { send_header(rig, rig.model.page() + 1u, 0xffff); }},
    {"stops_by_itself", ChipFault::bus, [](Rig& rig) { rig.model.stop_by_itself(); }},
};

TEST(Ne2kPciHostile, ChipsAreStartedAgainAndGivenUpWhenThatDoesNotHelp) {
  for (const Attack& attack : kAttacks) {
    SCOPED_TRACE(attack.name);
    Rig rig;
    unsigned started = rig.model.resets;
    for (unsigned round = 0; round < CopyingNic::kRecoveriesMax; ++round) {
      attack.act(rig);
      rig.poll();
      rig.model.forced_page.reset();
      EXPECT_EQ(rig.model.resets, started + 1);
      started = rig.model.resets;
      EXPECT_TRUE(rig.collector.frames.empty());
      ASSERT_TRUE(rig.transmit(pattern(60)).ok());
      rig.poll();
    }
    attack.act(rig);
    rig.poll();
    const auto sent = rig.transmit(pattern(60));
    ASSERT_FALSE(sent.ok());
    EXPECT_EQ(sent.error(), err::nic_broken);
    EXPECT_EQ(sent.error().detail(), static_cast<std::uint32_t>(attack.fault));
    EXPECT_EQ(rig.device->link_state(), link::LinkState::down);

    rig.model.forced_page.reset();
    ASSERT_TRUE(rig.device->start().ok());
    ASSERT_TRUE(rig.model.deliver(pattern(800)));
    EXPECT_EQ(rig.poll(), 1u);
    EXPECT_EQ(rig.collector.frames.back(), pattern(800));
    EXPECT_EQ(rig.violations(), "");
  }
}

TEST(Ne2kPciHostile, AChipThatNeverStoresWhatItGetsIsGivenUp) {
  Rig rig;
  rig.model.never_stores = true;
  for (unsigned i = 0; i <= CopyingNic::kRecoveriesMax; ++i) (void)rig.transmit(pattern(60));
  const auto sent = rig.transmit(pattern(60));
  ASSERT_FALSE(sent.ok());
  EXPECT_EQ(sent.error(), err::nic_broken);
  EXPECT_EQ(sent.error().detail(), static_cast<std::uint32_t>(ChipFault::stalled));
}

}  // namespace
}  // namespace kedge::driver
