// SPDX-License-Identifier: BSD-2-Clause-Patent
// Frames in and out, on every kind of interface and ring.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "driver/virtio_net/test_support.h"

namespace kedge::driver {
namespace {

using fake::VirtioNetModel;
using testing::ElementsAre;
using virtio::Feature;
using virtio::NetHeader;

class VirtioNetOn : public testing::TestWithParam<Variant> {};

INSTANTIATE_TEST_SUITE_P(Each, VirtioNetOn, testing::ValuesIn(kVariants),
                         [](const auto& info) { return info.param.name; });

TEST_P(VirtioNetOn, ReceivesFramesWithoutTheirVirtioHeader) {
  Rig rig(GetParam().setup());
  for (unsigned i = 0; i < 1000; ++i) {
    const auto frame = pattern(60 + i % 1455, i);
    ASSERT_TRUE(rig.model.deliver(frame));
    ASSERT_EQ(rig.poll(), 1u);
    ASSERT_EQ(rig.collector.frames.back(), frame);
  }
  EXPECT_EQ(rig.poll(), 0u);
  EXPECT_EQ(rig.device->statistics().received_frames, 1000u);
  EXPECT_EQ(rig.violations(), "");
}

TEST_P(VirtioNetOn, KeepsTheRingFull) {
  Rig rig(GetParam().setup());
  const unsigned full = rig.model.posted();
  EXPECT_GE(full, 128u);
  for (int round = 0; round < 5; ++round) {
    for (unsigned i = 0; i < full; ++i) ASSERT_TRUE(rig.model.deliver(pattern(100, i)));
    EXPECT_EQ(rig.model.posted(), 0u);
    const unsigned before = rig.model.queue(0).notifications;
    EXPECT_EQ(rig.poll(), full);
    EXPECT_EQ(rig.model.posted(), full);
    // The device ran dry: it must hear of new buffers, yet not of each.
    EXPECT_GE(rig.model.queue(0).notifications, before + 1);
    EXPECT_LE(rig.model.queue(0).notifications, before + 5);
  }
  EXPECT_EQ(rig.violations(), "");
}

TEST_P(VirtioNetOn, DeliversNoMoreThanItsBudget) {
  Rig rig(GetParam().setup());
  for (unsigned i = 0; i < 10; ++i) ASSERT_TRUE(rig.model.deliver(pattern(100, i)));
  EXPECT_EQ(rig.poll(4), 4u);
  EXPECT_EQ(rig.poll(4), 4u);
  EXPECT_EQ(rig.poll(4), 2u);
  EXPECT_EQ(rig.collector.frames[7], pattern(100, 7));
}

TEST_P(VirtioNetOn, TransmitsFramesOfSeveralPiecesAndPadsShortOnes) {
  Rig rig(GetParam().setup());
  const auto header = pattern(14, 1);
  const auto payload = pattern(1500, 2);
  const ByteView pieces[] = {header, {}, payload};
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(rig.device->transmit(pieces, {}).ok());
  ASSERT_EQ(rig.model.sent.size(), 1000u);
  auto whole = header;
  whole.insert(whole.end(), payload.begin(), payload.end());
  for (const auto& sent : rig.model.sent) {
    ASSERT_EQ(sent.frame, whole);
    ASSERT_EQ(sent.header.flags, 0);
    ASSERT_EQ(sent.header.gso_type, 0);
  }

  ASSERT_TRUE(rig.transmit(pattern(20)).ok());
  auto padded = pattern(20);
  padded.resize(60);
  EXPECT_EQ(rig.model.sent.back().frame, padded);
  EXPECT_EQ(rig.device->statistics().transmitted_frames, 1001u);
  EXPECT_EQ(rig.violations(), "");
}

TEST_P(VirtioNetOn, SaysBusyWhenTheRingIsFullAndGoesOnAfterwards) {
  Rig rig(GetParam().setup());
  rig.model.complete_at_once = false;
  unsigned accepted = 0;
  while (rig.transmit(pattern(200, accepted)).ok()) ASSERT_LT(++accepted, 1000u);
  EXPECT_GE(accepted, 128u);
  EXPECT_EQ(rig.transmit(pattern(200)).error(), err::link_busy);
  EXPECT_EQ(rig.device->statistics().transmit_busy, 2u);
  rig.model.complete(/*reverse=*/true);
  EXPECT_EQ(rig.poll(), 0u);
  for (unsigned i = 0; i < accepted; ++i) ASSERT_TRUE(rig.transmit(pattern(200, i)).ok());
  ASSERT_EQ(rig.model.sent.size(), 2 * accepted);
  for (unsigned i = 0; i < accepted; ++i) {
    ASSERT_EQ(rig.model.sent[accepted + i].frame, pattern(200, i));
  }
  EXPECT_EQ(rig.violations(), "");
}

TEST_P(VirtioNetOn, NeverAsksForInterrupts) {
  Rig rig(GetParam().setup());
  for (unsigned i = 0; i < 3000; ++i) {
    ASSERT_TRUE(rig.model.deliver(pattern(100, i)));
    ASSERT_EQ(rig.poll(), 1u);
    ASSERT_TRUE(rig.transmit(pattern(100, i)).ok());
  }
  EXPECT_EQ(rig.model.queue(0).interrupts, 0u);
  EXPECT_EQ(rig.model.queue(1).interrupts, 0u);
}

TEST_P(VirtioNetOn, TouchesNoRegisterWhereTheDeviceWantsNoNotification) {
  Rig rig(GetParam().setup());
  rig.model.set_wants_notifications(0, false);
  rig.model.set_wants_notifications(1, false);
  const auto accesses = rig.model.bar_accesses;
  for (unsigned i = 0; i < 100; ++i) {
    ASSERT_TRUE(rig.model.deliver(pattern(100, i)));
    ASSERT_EQ(rig.poll(), 1u);
    ASSERT_TRUE(rig.transmit(pattern(100, i)).ok());
  }
  EXPECT_EQ(rig.model.bar_accesses, accesses);
}

TEST_P(VirtioNetOn, NotifiesOncePerBatch) {
  Rig rig(GetParam().setup());
  for (unsigned i = 0; i < 10; ++i) ASSERT_TRUE(rig.model.deliver(pattern(100, i)));
  const unsigned before[] = {rig.model.queue(0).notifications, rig.model.queue(1).notifications};
  const auto accesses = rig.model.bar_accesses;
  rig.collector.on_frame = [&rig] { EXPECT_TRUE(rig.transmit(pattern(60)).ok()); };
  EXPECT_EQ(rig.poll(), 10u);
  EXPECT_EQ(rig.model.sent.size(), 10u);
  EXPECT_EQ(rig.model.queue(1).notifications, before[1] + 1);
  // With event indexes a device that has buffers left does not ask for the receive queue's.
  const bool event_index = (rig.device->features() & Feature::kEventIdx) != 0;
  EXPECT_EQ(rig.model.queue(0).notifications, before[0] + (event_index ? 0 : 1));
  EXPECT_LE(rig.model.bar_accesses, accesses + 2);
}

// Another stack takes one frame a call. A device that has filled all buffers waits for the next
// one; given back one by one, each would cost a notification, and bring one frame.
TEST_P(VirtioNetOn, NotifiesOfManyBuffersWhereFramesAreTakenOneByOne) {
  Rig rig(GetParam().setup(), {.receive_offloads = false, .spare_bytes = 0});
  const unsigned slots = rig.model.posted();
  for (unsigned i = 0; i < slots; ++i) ASSERT_TRUE(rig.model.deliver(pattern(60)));
  const unsigned before = rig.model.queue(0).notifications;
  for (unsigned i = 0; i < slots / 2; ++i) ASSERT_EQ(rig.poll(1), 1U);
  EXPECT_GE(rig.model.queue(0).notifications, before + 1);
  EXPECT_LE(rig.model.queue(0).notifications, before + 2);
  EXPECT_GE(rig.model.posted(), slots / 4) << "the device goes on";
  while (rig.poll(1) == 1) {
  }
  EXPECT_EQ(rig.model.posted(), slots) << "an empty ring is filled up";
  EXPECT_EQ(rig.violations(), "");
}

TEST_P(VirtioNetOn, LeavesFramesReadableAfterItWasStoppedAndDestroyed) {
  Rig rig(GetParam().setup());
  rig.collector.keep = true;
  for (unsigned i = 0; i < 20; ++i) ASSERT_TRUE(rig.model.deliver(pattern(1000, i)));
  ASSERT_EQ(rig.poll(), 20u);
  rig.device->stop();
  EXPECT_FALSE(rig.model.bus_master());
  EXPECT_EQ(rig.model.status(), 0);
  EXPECT_EQ(rig.model.dma_blocks(), 1u);  // the pool
  rig.device.reset();
  for (unsigned i = 0; i < 20; ++i) {
    EXPECT_EQ(bytes_of(rig.collector.kept[i]), pattern(1000, i));
  }
  rig.collector.kept.erase(rig.collector.kept.begin() + 1, rig.collector.kept.end());
  EXPECT_EQ(rig.model.dma_blocks(), 1u);
  rig.collector.kept.clear();
  EXPECT_EQ(rig.model.dma_blocks(), 0u);
}

TEST_P(VirtioNetOn, StartsAgainWhileOldFramesAreOut) {
  Rig rig(GetParam().setup());
  rig.collector.keep = true;
  ASSERT_TRUE(rig.model.deliver(pattern(1000, 1)));
  ASSERT_EQ(rig.poll(), 1u);
  rig.device->stop();
  ASSERT_TRUE(rig.device->start().ok());
  ASSERT_TRUE(rig.model.deliver(pattern(1000, 2)));
  ASSERT_EQ(rig.poll(), 1u);
  EXPECT_EQ(bytes_of(rig.collector.kept[0]), pattern(1000, 1));
  EXPECT_EQ(bytes_of(rig.collector.kept[1]), pattern(1000, 2));
  EXPECT_EQ(rig.violations(), "");
}

TEST_P(VirtioNetOn, QuiesceOnlyResets) {
  Rig rig(GetParam().setup());
  const auto blocks = rig.model.dma_blocks();
  rig.device->quiesce();
  EXPECT_EQ(rig.model.status(), 0);
  EXPECT_EQ(rig.model.dma_blocks(), blocks);
  EXPECT_EQ(rig.poll(), 0u);
  EXPECT_EQ(rig.transmit(pattern(60)).error(), err::link_stopped);
  EXPECT_EQ(rig.device->link_state(), link::LinkState::down);
  rig.device->stop();
  EXPECT_EQ(rig.model.dma_blocks(), 0u);
  EXPECT_FALSE(rig.model.bus_master());
}

TEST_P(VirtioNetOn, SurvivesAQuiesceInTheMiddleOfAPoll) {
  Rig rig(GetParam().setup());
  for (unsigned i = 0; i < 4; ++i) ASSERT_TRUE(rig.model.deliver(pattern(100, i)));
  rig.collector.on_frame = [&rig] { rig.device->quiesce(); };
  rig.poll();
  const auto accesses = rig.model.bar_accesses;
  EXPECT_EQ(rig.poll(), 0u);
  EXPECT_EQ(rig.model.bar_accesses, accesses);
  EXPECT_EQ(rig.violations(), "");
}

TEST_P(VirtioNetOn, KeepsReceivingWhileTheStackHoldsEverythingItGot) {
  Rig rig(GetParam().setup(), {.spare_bytes = 256 * 1024});
  rig.collector.keep = true;
  constexpr unsigned kFrames = 3000;  // many times the pool
  for (unsigned i = 0; i < kFrames; ++i) {
    ASSERT_TRUE(rig.model.deliver(pattern(1514, i))) << i;
    ASSERT_EQ(rig.poll(), 1u);
  }
  for (unsigned i = 0; i < kFrames; ++i) {
    ASSERT_EQ(bytes_of(rig.collector.kept[i]), pattern(1514, i));
  }
  EXPECT_GE(rig.model.posted(), 64u);
  rig.collector.kept.clear();
  rig.device.reset();
  EXPECT_EQ(rig.model.dma_blocks(), 0u);
}

TEST_P(VirtioNetOn, DropsFramesOnlyWhenTheHeapLimitIsReachedToo) {
  Rig rig(GetParam().setup(), {.spare_bytes = 0});
  rig.collector.keep = true;
  unsigned delivered = 0;
  while (rig.device->statistics().receive_dropped == 0) {
    ASSERT_TRUE(rig.model.deliver(pattern(1514)));
    delivered += rig.poll();
    ASSERT_LT(delivered, 20'000u);
  }
  EXPECT_GT(delivered, ReceivePool::kCopiedBytesMax / 1514);
  rig.collector.kept.clear();
  ASSERT_TRUE(rig.model.deliver(pattern(1514)));
  EXPECT_EQ(rig.poll(), 1u);
}

TEST(VirtioNet, ReceivesMergedSegmentsOf64KiB) {
  for (const Variant& variant : kVariants) {
    if (!variant.mergeable) continue;
    SCOPED_TRACE(variant.name);
    Rig rig(variant.setup());
    NetHeader header;
    header.flags = NetHeader::kNeedsCsum;
    header.gso_type = NetHeader::kGsoTcp4;
    header.gso_size = 1448;
    for (unsigned i = 0; i < 200; ++i) {
      const auto frame = pattern(65550 - 777 * (i % 13), i);
      ASSERT_TRUE(rig.model.deliver(frame, header));
      ASSERT_EQ(rig.poll(), 1u);
      ASSERT_EQ(rig.collector.frames.back(), frame);
      ASSERT_EQ(rig.collector.infos.back().segment_bytes, 1448);
      ASSERT_TRUE(rig.collector.infos.back().checksum_partial);
      ASSERT_FALSE(rig.collector.infos.back().checksum_verified);
    }
    EXPECT_EQ(rig.violations(), "");
  }
}

TEST(VirtioNet, MakesOnePieceOfBuffersThatFollowEachOther) {
  Rig rig(kVariants[0].setup());
  for (unsigned i = 0; i < 500; ++i) {
    ASSERT_TRUE(rig.model.deliver(pattern(65000, i)));
    ASSERT_EQ(rig.poll(), 1u);
  }
  const std::size_t pieces =
      std::accumulate(rig.collector.pieces.begin(), rig.collector.pieces.end(), std::size_t{0});
  EXPECT_LE(pieces, 2u * 500);  // of 16 buffers each
}

TEST(VirtioNet, TellsVerifiedChecksums) {
  Rig rig(kVariants[0].setup());
  NetHeader header;
  header.flags = NetHeader::kDataValid;
  ASSERT_TRUE(rig.model.deliver(pattern(100), header));
  ASSERT_TRUE(rig.model.deliver(pattern(100)));
  ASSERT_EQ(rig.poll(), 2u);
  EXPECT_TRUE(rig.collector.infos[0].checksum_verified);
  EXPECT_FALSE(rig.collector.infos[0].checksum_partial);
  EXPECT_FALSE(rig.collector.infos[1].checksum_verified);
}

TEST(VirtioNet, DoesNotBelieveWhatWasNotNegotiated) {
  Rig rig(kVariants[0].setup(), {.receive_offloads = false});
  NetHeader header;
  header.flags = NetHeader::kDataValid | NetHeader::kNeedsCsum;
  header.gso_type = NetHeader::kGsoTcp6;
  header.gso_size = 1000;
  ASSERT_TRUE(rig.model.deliver(pattern(100), header));
  ASSERT_EQ(rig.poll(), 1u);
  EXPECT_FALSE(rig.collector.infos[0].checksum_verified);
  EXPECT_FALSE(rig.collector.infos[0].checksum_partial);
  EXPECT_EQ(rig.collector.infos[0].segment_bytes, 0);
  EXPECT_FALSE(rig.device->capabilities().receive_checksum);
}

TEST(VirtioNet, ReceivesFramesOfAJumboMtuWithoutMergeableBuffers) {
  auto setup = kVariants[2].setup();
  setup.mtu = 9000;
  Rig rig(setup);
  EXPECT_EQ(rig.device->mtu(), 9000);
  ASSERT_TRUE(rig.model.deliver(pattern(9018)));
  ASSERT_EQ(rig.poll(), 1u);
  EXPECT_EQ(rig.collector.frames[0], pattern(9018));
  ASSERT_TRUE(rig.transmit(pattern(9014)).ok());
  EXPECT_EQ(rig.transmit(pattern(9019)).error(), err::link_frame_too_large);
}

TEST(VirtioNet, AsksTheDeviceToCompleteChecksums) {
  Rig rig(kVariants[0].setup());
  ASSERT_TRUE(rig.device->capabilities().transmit_checksum);
  ASSERT_TRUE(rig.transmit(pattern(100), {.checksum_start = 34, .checksum_offset = 16}).ok());
  const NetHeader& header = rig.model.sent.back().header;
  EXPECT_EQ(header.flags, NetHeader::kNeedsCsum);
  EXPECT_EQ(header.csum_start, 34);
  EXPECT_EQ(header.csum_offset, 16);
  EXPECT_EQ(rig.transmit(pattern(100), {.checksum_start = 90, .checksum_offset = 9}).error(),
            err::base_invalid);
  EXPECT_TRUE(rig.transmit(pattern(100), {.checksum_start = 90, .checksum_offset = 8}).ok());
}

TEST(VirtioNet, RefusesAChecksumThatTheDeviceCannotComplete) {
  auto setup = kVariants[0].setup();
  setup.features &= ~Feature::kCsum;
  Rig rig(setup);
  EXPECT_FALSE(rig.device->capabilities().transmit_checksum);
  EXPECT_EQ(rig.transmit(pattern(100), {.checksum_start = 34, .checksum_offset = 16}).error(),
            err::base_invalid);
}

TEST(VirtioNet, RefusesFramesOfImpossibleLength) {
  Rig rig(kVariants[0].setup());
  EXPECT_EQ(rig.transmit(pattern(1519)).error(), err::link_frame_too_large);
  EXPECT_EQ(rig.transmit(pattern(13)).error(), err::base_invalid);
  EXPECT_EQ(rig.model.sent.size(), 0u);
}

TEST(VirtioNet, FlushesALongRunOfAnswersBeforeThePollEnds) {
  Rig rig(kVariants[0].setup());
  for (unsigned i = 0; i < 40; ++i) ASSERT_TRUE(rig.model.deliver(pattern(100, i)));
  std::size_t sent_before_end = 0;
  rig.collector.on_frame = [&] {
    EXPECT_TRUE(rig.transmit(pattern(60)).ok());
    sent_before_end = rig.model.sent.size();
  };
  rig.poll();
  EXPECT_GE(sent_before_end, 16u);
  EXPECT_EQ(rig.model.sent.size(), 40u);
}

TEST(VirtioNet, FollowsTheLink) {
  Rig rig(kVariants[0].setup());
  EXPECT_EQ(rig.device->link_state(), link::LinkState::up);
  rig.model.set_link(false);
  EXPECT_EQ(rig.device->link_state(), link::LinkState::down);
}

TEST(VirtioNet, TakesTheLinkForUpWhenTheDeviceDoesNotTell) {
  auto setup = kVariants[0].setup();
  setup.features &= ~Feature::kStatus;
  Rig rig(setup);
  rig.model.set_link(false);
  EXPECT_EQ(rig.device->link_state(), link::LinkState::up);
}

TEST(VirtioNet, StartsWithFewerBuffersWhenMemoryIsShort) {
  fake::VirtioNetModel model(kVariants[0].setup());
  model.allocation_bytes_max = 512 * 1024;
  auto device = VirtioNet::create(model, {});
  ASSERT_TRUE(device.ok());
  ASSERT_TRUE((*device)->start().ok());
  EXPECT_GE(model.posted(), 64u);
  Collector collector;
  for (unsigned i = 0; i < 1000; ++i) {
    ASSERT_TRUE(model.deliver(pattern(1514, i)));
    ASSERT_EQ((*device)->poll(collector, 10), 1u);
    ASSERT_EQ(collector.frames.back(), pattern(1514, i));
  }
}

TEST(VirtioNet, StartAndStopAreIdempotent) {
  Rig rig(kVariants[0].setup());
  const auto accesses = rig.model.bar_accesses;
  EXPECT_TRUE(rig.device->start().ok());
  EXPECT_EQ(rig.model.bar_accesses, accesses);
  rig.device->stop();
  const auto stopped = rig.model.bar_accesses;
  rig.device->stop();
  EXPECT_EQ(rig.model.bar_accesses, stopped);
  EXPECT_EQ(rig.transmit(pattern(60)).error(), err::link_stopped);
}

TEST(VirtioNet, WorksOnRingsOfEveryLegalSize) {
  for (const int size : {1, 2, 4, 64, 1024, 4096, 32768}) {
    for (const bool packed : {false, true}) {
      SCOPED_TRACE(size);
      auto setup = kVariants[packed ? 3 : 0].setup();
      setup.receive_size = setup.transmit_size = static_cast<std::uint16_t>(size);
      Rig rig(setup, {.spare_bytes = 65536});
      const std::size_t length = size < 4 ? 1514 : 9000;
      for (unsigned i = 0; i < 100; ++i) {
        ASSERT_TRUE(rig.model.deliver(pattern(length, i)));
        ASSERT_EQ(rig.poll(), 1u);
        ASSERT_EQ(rig.collector.frames.back(), pattern(length, i));
        ASSERT_TRUE(rig.transmit(pattern(100, i)).ok());
      }
      EXPECT_EQ(rig.violations(), "");
    }
  }
}

TEST(VirtioNet, WorksOnPackedRingsWhoseSizeIsNoPowerOfTwo) {
  auto setup = kVariants[3].setup();
  setup.receive_size = 100;
  setup.transmit_size = 37;
  Rig rig(setup);
  for (unsigned i = 0; i < 1000; ++i) {
    ASSERT_TRUE(rig.model.deliver(pattern(9000, i)));
    ASSERT_EQ(rig.poll(), 1u);
    ASSERT_TRUE(rig.transmit(pattern(100, i)).ok());
    ASSERT_EQ(rig.model.sent.size(), i + 1);
  }
  EXPECT_EQ(rig.violations(), "");
}

TEST(VirtioNet, RunsOverTheWrapOfTheSplitRingsCounters) {
  Rig rig(kVariants[0].setup());
  const auto frame = pattern(60);
  for (unsigned i = 0; i < 70'000; ++i) {
    ASSERT_TRUE(rig.model.deliver(frame));
    ASSERT_EQ(rig.poll(), 1u);
    ASSERT_TRUE(rig.transmit(frame).ok());
    rig.collector = Collector();
  }
  EXPECT_EQ(rig.model.sent.size(), 70'000u);
  EXPECT_LE(rig.model.queue(0).interrupts, 2u);  // 2.7.7: used_event is passed once a lap
  EXPECT_EQ(rig.violations(), "");
}

}  // namespace
}  // namespace kedge::driver
