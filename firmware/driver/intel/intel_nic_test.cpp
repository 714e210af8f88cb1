// SPDX-License-Identifier: BSD-2-Clause-Patent
// Frames in and out, on each family.
#include <gtest/gtest.h>

#include "driver/common/filter_test.h"
#include "driver/intel/test_support.h"

namespace kedge::driver::intel {
namespace {

using fake::IntelNicModel;

class IntelNicOn : public testing::TestWithParam<Chip> {};

INSTANTIATE_TEST_SUITE_P(Each, IntelNicOn, testing::ValuesIn(kChips),
                         [](const auto& info) { return std::string(info.param.name); });

TEST_P(IntelNicOn, ReceivesFrames) {
  Rig rig(GetParam());
  for (unsigned i = 0; i < 1000; ++i) {
    const auto frame = pattern(60 + i % 1459, i);
    ASSERT_TRUE(rig.model.deliver(frame));
    ASSERT_EQ(rig.poll(), 1u);
    ASSERT_EQ(rig.collector.frames.back(), frame);
  }
  EXPECT_EQ(rig.poll(), 0u);
  EXPECT_EQ(rig.device->statistics().received_frames, 1000u);
  EXPECT_EQ(rig.violations(), "");
}

TEST_P(IntelNicOn, KeepsTheRingDeepAndFull) {
  Rig rig(GetParam());
  EXPECT_EQ(rig.model.posted(), 255u);
  for (int round = 0; round < 5; ++round) {
    for (unsigned i = 0; i < 255; ++i) {
      if (rig.model.posted() == 0) break;
      ASSERT_TRUE(rig.model.deliver(pattern(100, i)));
    }
    rig.poll();
    EXPECT_GE(rig.model.posted(), 255u - 32);
  }
  EXPECT_EQ(rig.violations(), "");
}

TEST_P(IntelNicOn, WritesATailRegisterOncePerBatch) {
  Rig rig(GetParam());
  const auto accesses = rig.model.bar_accesses;
  const unsigned tails = rig.model.receive_tail_writes;
  for (unsigned i = 0; i < 320; ++i) {
    ASSERT_TRUE(rig.model.deliver(pattern(100, i)));
    ASSERT_EQ(rig.poll(), 1u);
  }
  EXPECT_EQ(rig.model.receive_tail_writes, tails + 10);
  EXPECT_EQ(rig.model.bar_accesses, accesses + 10);

  rig.collector.on_frame = [&rig] { EXPECT_TRUE(rig.transmit(pattern(60)).ok()); };
  for (unsigned i = 0; i < 16; ++i) ASSERT_TRUE(rig.model.deliver(pattern(100, i)));
  const unsigned before = rig.model.transmit_tail_writes;
  EXPECT_EQ(rig.poll(), 16u);
  EXPECT_EQ(rig.model.sent.size(), 16u);
  EXPECT_EQ(rig.model.transmit_tail_writes, before + 1);
}

TEST_P(IntelNicOn, DeliversNoMoreThanItsBudget) {
  Rig rig(GetParam());
  for (unsigned i = 0; i < 10; ++i) ASSERT_TRUE(rig.model.deliver(pattern(100, i)));
  EXPECT_EQ(rig.poll(4), 4u);
  EXPECT_EQ(rig.poll(4), 4u);
  EXPECT_EQ(rig.poll(4), 2u);
  EXPECT_EQ(rig.collector.frames[7], pattern(100, 7));
}

TEST_P(IntelNicOn, SaysWhichChecksumsTheChipHasVerified) {
  Rig rig(GetParam());
  struct Case {
    std::uint32_t status;
    bool verified;
  };
  constexpr std::uint32_t kIgnore = 1u << 2, kTransport = 1u << 5, kIp = 1u << 6;
  constexpr std::uint32_t kTransportError = 1u << 29;
  const Case cases[] = {
      {IntelNicModel::kGood, false},
      {IntelNicModel::kGood | kTransport, true},
      {IntelNicModel::kGood | kTransport | kIp, true},
      {IntelNicModel::kGood | kIp, false},
      {IntelNicModel::kGood | kTransport | kIgnore, false},
      {IntelNicModel::kGood | kTransport | kTransportError, false},
  };
  for (const Case& test : cases) {
    ASSERT_TRUE(rig.model.deliver(pattern(100), test.status));
    ASSERT_EQ(rig.poll(), 1u);
    EXPECT_EQ(rig.collector.infos.back().checksum_verified, test.verified) << test.status;
    EXPECT_FALSE(rig.collector.infos.back().checksum_partial);
  }
  EXPECT_EQ(rig.device->statistics().receive_errors, 0u);
}

TEST_P(IntelNicOn, DropsAndCountsBadFrames) {
  Rig rig(GetParam());
  for (const unsigned bit : {24u, 25u, 26u, 28u, 31u}) {
    ASSERT_TRUE(rig.model.deliver(pattern(100), IntelNicModel::kGood | 1u << bit));
  }
  ASSERT_TRUE(rig.model.deliver(pattern(13)));
  ASSERT_TRUE(rig.model.deliver(pattern(14)));
  EXPECT_EQ(rig.poll(), 1u);
  EXPECT_EQ(rig.device->statistics().receive_errors, 6u);
  EXPECT_EQ(rig.collector.frames[0], pattern(14));
}

TEST_P(IntelNicOn, TransmitsFramesOfSeveralPiecesAndPadsShortOnes) {
  Rig rig(GetParam());
  const auto header = pattern(14, 1);
  const auto payload = pattern(1500, 2);
  const ByteView pieces[] = {header, {}, payload};
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(rig.device->transmit(pieces, {}).ok());
  ASSERT_EQ(rig.model.sent.size(), 1000u);
  auto whole = header;
  whole.insert(whole.end(), payload.begin(), payload.end());
  for (const auto& sent : rig.model.sent) {
    ASSERT_EQ(sent.frame, whole);
    ASSERT_FALSE(sent.checksum_start.has_value());
  }
  ASSERT_TRUE(rig.transmit(pattern(20)).ok());
  auto padded = pattern(20);
  padded.resize(60);
  EXPECT_EQ(rig.model.sent.back().frame, padded);
  EXPECT_EQ(rig.device->statistics().transmitted_frames, 1001u);
  EXPECT_EQ(rig.model.contexts, 0u);
  EXPECT_EQ(rig.violations(), "");
}

TEST_P(IntelNicOn, RefusesWhatItCannotSend) {
  Rig rig(GetParam());
  EXPECT_EQ(rig.transmit(pattern(1519)).error(), err::link_frame_too_large);
  EXPECT_EQ(rig.transmit(pattern(13)).error(), err::base_invalid);
  EXPECT_EQ(rig.transmit(pattern(100), {.checksum_start = 83, .checksum_offset = 16}).error(),
            err::base_invalid);
  EXPECT_EQ(rig.transmit(pattern(100), {.checksum_start = 13, .checksum_offset = 6}).error(),
            err::base_invalid);
  EXPECT_EQ(rig.transmit(pattern(1000), {.checksum_start = 250, .checksum_offset = 17}).error(),
            err::base_invalid);
  EXPECT_TRUE(rig.model.sent.empty());
  EXPECT_TRUE(rig.transmit(pattern(1518)).ok());
}

TEST_P(IntelNicOn, TellsTheChipOfAChecksumOnlyWhenItChanges) {
  Rig rig(GetParam());
  constexpr link::TransmitInfo kTcp4{.checksum_start = 34, .checksum_offset = 16};
  constexpr link::TransmitInfo kUdp6{.checksum_start = 54, .checksum_offset = 6};
  for (int i = 0; i < 600; ++i) {
    ASSERT_TRUE(rig.transmit(pattern(200, i), kTcp4).ok());
    ASSERT_TRUE(rig.transmit(pattern(100, i)).ok());
  }
  EXPECT_EQ(rig.model.contexts, 1u);
  ASSERT_TRUE(rig.transmit(pattern(300), kUdp6).ok());
  ASSERT_TRUE(rig.transmit(pattern(300), kTcp4).ok());
  EXPECT_EQ(rig.model.contexts, 3u);
  ASSERT_EQ(rig.model.sent.size(), 1202u);
  for (std::size_t i = 0; i < rig.model.sent.size(); ++i) {
    const auto& sent = rig.model.sent[i];
    ASSERT_EQ(sent.checksum_start.has_value(), i >= 1200 || i % 2 == 0);
    if (!sent.checksum_start) continue;
    const bool udp = i == 1200;
    ASSERT_EQ(*sent.checksum_start, udp ? 54u : 34u);
    ASSERT_EQ(sent.tcp, !udp);
    if (sent.checksum_field) {
      ASSERT_EQ(*sent.checksum_field, udp ? 60u : 50u);
    }
  }
  EXPECT_EQ(rig.violations(), "");
}

TEST_P(IntelNicOn, SaysBusyWhenTheRingIsFullAndGoesOnAfterwards) {
  Rig rig(GetParam());
  rig.model.complete_at_once = false;
  for (unsigned round = 0; round < 3; ++round) {
    rig.model.sent.clear();
    unsigned accepted = 0;
    // Contexts change with each frame, so that they wrap around the ring, too.
    const auto info = [](unsigned i) {
      return link::TransmitInfo{.checksum_start = static_cast<std::uint16_t>(34 + i % 3 * 10),
                                .checksum_offset = 6};
    };
    while (rig.transmit(pattern(200, accepted), info(accepted)).ok()) {
      ASSERT_LT(++accepted, 1000u);
    }
    EXPECT_GE(accepted, 126u);
    EXPECT_EQ(rig.transmit(pattern(200)).error(), err::link_busy);
    rig.model.complete();
    EXPECT_EQ(rig.poll(), 0u);
    ASSERT_EQ(rig.model.sent.size(), accepted);
    for (unsigned i = 0; i < accepted; ++i) {
      ASSERT_EQ(rig.model.sent[i].frame, pattern(200, i));
      ASSERT_EQ(*rig.model.sent[i].checksum_start, 34 + i % 3 * 10);
    }
  }
  EXPECT_EQ(rig.device->statistics().transmit_busy, 6u);
  EXPECT_EQ(rig.violations(), "");
}

TEST_P(IntelNicOn, LeavesFramesReadableAfterItWasStoppedAndDestroyed) {
  Rig rig(GetParam());
  rig.collector.keep = true;
  for (unsigned i = 0; i < 20; ++i) ASSERT_TRUE(rig.model.deliver(pattern(1000, i)));
  ASSERT_EQ(rig.poll(), 20u);
  rig.device->stop();
  EXPECT_FALSE(rig.model.bus_master());
  EXPECT_TRUE(rig.model.quiet());
  EXPECT_EQ(rig.model.dma_blocks(), 1u);  // the pool
  rig.device.reset();
  for (unsigned i = 0; i < 20; ++i) EXPECT_EQ(bytes_of(rig.collector.kept[i]), pattern(1000, i));
  rig.collector.kept.clear();
  EXPECT_EQ(rig.model.dma_blocks(), 0u);
}

TEST_P(IntelNicOn, GoesOnReceivingForAStackThatKeepsFrames) {
  Rig rig(GetParam(), {.spare_bytes = 64 * 1024});
  rig.collector.keep = true;
  for (unsigned i = 0; i < 2000; ++i) {
    ASSERT_TRUE(rig.model.deliver(pattern(1000, i)));
    ASSERT_EQ(rig.poll(), 1u);
  }
  EXPECT_GE(rig.model.posted(), 64u);
  for (unsigned i = 0; i < 2000; ++i) {
    ASSERT_EQ(bytes_of(rig.collector.kept[i]), pattern(1000, i));
  }
  rig.collector.kept.clear();
  EXPECT_EQ(rig.violations(), "");
}

TEST_P(IntelNicOn, StartsAgainAfterAStop) {
  Rig rig(GetParam());
  for (unsigned round = 0; round < 3; ++round) {
    ASSERT_TRUE(rig.model.deliver(pattern(100, round)));
    ASSERT_TRUE(rig.transmit(pattern(200), {.checksum_start = 34, .checksum_offset = 16}).ok());
    ASSERT_EQ(rig.poll(), 1u);
    EXPECT_EQ(rig.collector.frames.back(), pattern(100, round));
    EXPECT_EQ(rig.model.contexts, round + 1) << "a reset forgets the context";
    rig.device->stop();
    EXPECT_FALSE(rig.model.deliver(pattern(100)));
    EXPECT_EQ(rig.poll(), 0u);
    EXPECT_EQ(rig.transmit(pattern(100)).error(), err::link_stopped);
    EXPECT_EQ(rig.model.dma_blocks(), 0u);
    ASSERT_TRUE(rig.device->start().ok());
  }
  EXPECT_EQ(rig.violations(), "");
}

TEST_P(IntelNicOn, TellsLinkAddressAndAbilities) {
  Rig rig(GetParam());
  EXPECT_EQ(rig.device->driver_name(), GetParam().name);
  EXPECT_EQ(rig.device->mac(), wire::MacAddress({0x52, 0x54, 0x00, 0x12, 0x34, 0x56}));
  EXPECT_EQ(rig.device->mtu(), 1500);
  EXPECT_TRUE(rig.device->capabilities().receive_checksum);
  EXPECT_TRUE(rig.device->capabilities().transmit_checksum);
  EXPECT_FALSE(rig.device->capabilities().receive_merge);
  EXPECT_EQ(rig.device->capabilities().receive_buffers, 256u + 2048u);
  EXPECT_EQ(rig.device->link_state(), link::LinkState::up);
  rig.model.link_up = false;
  EXPECT_EQ(rig.device->link_state(), link::LinkState::down);
  rig.model.missed = 7;
  rig.device->link_state();
  rig.device->link_state();
  EXPECT_EQ(rig.device->statistics().receive_dropped, 7u);
}

TEST_P(IntelNicOn, QuiesceEndsAllDmaAndAllocatesNothing) {
  Rig rig(GetParam());
  ASSERT_TRUE(rig.model.deliver(pattern(100)));
  const auto blocks = rig.model.dma_blocks();
  rig.device->quiesce();
  rig.device->quiesce();
  EXPECT_TRUE(rig.model.quiet());
  EXPECT_EQ(rig.model.dma_blocks(), blocks);
  EXPECT_EQ(rig.poll(), 0u);
  EXPECT_EQ(rig.transmit(pattern(60)).error(), err::link_stopped);
  EXPECT_EQ(rig.device->link_state(), link::LinkState::down);
  rig.device->stop();
  EXPECT_FALSE(rig.model.bus_master());
}

TEST_P(IntelNicOn, QuiesceInTheMiddleOfAPollEndsIt) {
  Rig rig(GetParam());
  rig.collector.on_frame = [&rig] { rig.device->quiesce(); };
  for (unsigned i = 0; i < 3; ++i) ASSERT_TRUE(rig.model.deliver(pattern(100, i)));
  rig.poll();
  EXPECT_TRUE(rig.model.quiet());
  EXPECT_EQ(rig.poll(), 0u);
  EXPECT_EQ(rig.violations(), "");
}

TEST_P(IntelNicOn, PassesWhatItsFilterWants) {
  const auto check = [](auto step) {
    Rig rig(GetParam());
    step(rig);
    EXPECT_EQ(rig.violations(), "");
  };
  check([](Rig& rig) { check_lists(rig); });
  check([](Rig& rig) { check_modes(rig); });
  check([](Rig& rig) { check_largest_list(rig); });
}

TEST_P(IntelNicOn, FramesToUsPassWhereTheChipHasNotLoadedOurAddress) {
  IntelNicModel model(GetParam().family);
  model.address_in_filter = false;
  auto created = IntelNic::create(model, GetParam(), {});
  ASSERT_TRUE(created.ok());
  const auto device = *std::move(created);
  device->set_receive_filter(filter_of({}));
  ASSERT_TRUE(device->start().ok());
  EXPECT_TRUE(model.deliver(frame_to(device->mac())));
  EXPECT_FALSE(model.deliver(frame_to(kOtherStation)));
}

TEST_P(IntelNicOn, AFilterOutlivesAStop) {
  Rig rig(GetParam());
  check_survival(rig);
  EXPECT_EQ(rig.violations(), "");
}

TEST_P(IntelNicOn, AChangeOfTheFilterLosesNothing) {
  Rig rig(GetParam());
  check_changes_lose_nothing(rig);
}

TEST_P(IntelNicOn, AFilterMayChangeInTheMiddleOfAPoll) {
  Rig rig(GetParam());
  check_change_in_the_middle_of_a_poll(rig);
}

}  // namespace
}  // namespace kedge::driver::intel
