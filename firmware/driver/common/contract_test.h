// SPDX-License-Identifier: BSD-2-Clause-Patent
// What every driver of a simple chip does, whatever the chip: instantiated by each driver's test
// with its NicRig. The models have `deliver`, `sent`, `complete_at_once`, `complete` and `gone`.
#pragma once

#include <gtest/gtest.h>

#include "driver/common/copying_nic.h"
#include "driver/common/filter_test.h"
#include "driver/common/test_support.h"
#include "link/link_errors.h"

namespace kedge::driver {

/// A model of a chip with its driver on it, running.
template <class ModelType, class DeviceType>
struct NicRig {
  using Model = ModelType;
  using Device = DeviceType;

  Model model;
  std::unique_ptr<Device> device;
  Collector collector;

  NicRig() {
    auto created = Device::create(model);
    KEDGE_ASSERT(created.ok());
    device = *std::move(created);
    KEDGE_ASSERT(device->start().ok());
  }
  std::uint32_t poll(std::uint32_t budget = 1'000'000) { return device->poll(collector, budget); }
  Result<void> transmit(ByteView frame) {
    const ByteView pieces[] = {frame};
    return device->transmit(pieces, {});
  }
  std::string violations() const {
    std::string text;
    for (const std::string& line : model.violations) text += line + "\n";
    return text;
  }
};

template <class Rig>
class SimpleNic : public testing::Test {};
TYPED_TEST_SUITE_P(SimpleNic);

TYPED_TEST_P(SimpleNic, ReceivesFramesOfEveryLength) {
  TypeParam rig;
  for (std::size_t length = kFrameMin; length <= kFrameBytesMax; ++length) {
    ASSERT_TRUE(rig.model.deliver(pattern(length))) << length;
    ASSERT_EQ(rig.poll(), 1u) << length;
    ASSERT_EQ(rig.collector.frames.back(), pattern(length));
  }
  EXPECT_EQ(rig.device->statistics().received_frames, rig.collector.frames.size());
  EXPECT_EQ(rig.device->statistics().receive_errors, 0u);
  EXPECT_EQ(rig.violations(), "");
}

TYPED_TEST_P(SimpleNic, ReceivesBurstsUntilTheChipIsFullAndGoesOn) {
  TypeParam rig;
  std::size_t delivered = 0;
  for (unsigned round = 0; round < 300; ++round) {
    std::vector<std::vector<std::byte>> burst;
    const std::size_t wanted = 1 + round * 7 % 90;
    while (burst.size() < wanted) {
      auto frame = pattern(60 + (delivered * 97 + burst.size() * 131) % 1455, round);
      if (!rig.model.deliver(frame)) break;
      burst.push_back(std::move(frame));
    }
    ASSERT_FALSE(burst.empty());
    rig.collector.frames.clear();
    ASSERT_EQ(rig.poll(), burst.size()) << round;
    ASSERT_EQ(rig.collector.frames, burst) << round;
    delivered += burst.size();
  }
  EXPECT_EQ(rig.device->statistics().received_frames, delivered);
  EXPECT_EQ(rig.device->statistics().receive_errors, 0u);
  EXPECT_EQ(rig.violations(), "");
}

TYPED_TEST_P(SimpleNic, KeepsToTheBudget) {
  TypeParam rig;
  for (unsigned i = 0; i < 5; ++i) ASSERT_TRUE(rig.model.deliver(pattern(100, i)));
  EXPECT_EQ(rig.poll(0), 0u);
  EXPECT_EQ(rig.poll(2), 2u);
  EXPECT_EQ(rig.poll(1), 1u);
  EXPECT_EQ(rig.poll(), 2u);
  EXPECT_EQ(rig.collector.frames[4], pattern(100, 4));
}

TYPED_TEST_P(SimpleNic, SendsFramesOfEveryLengthAndPadsShortOnes) {
  TypeParam rig;
  std::uint64_t bytes = 0;
  for (std::size_t length = kEthernetHeader; length <= kFrameBytesMax; ++length) {
    auto frame = pattern(length);
    ASSERT_TRUE(rig.transmit(frame).ok()) << length;
    if (frame.size() < kFrameMin) frame.resize(kFrameMin);
    bytes += frame.size();
    ASSERT_FALSE(rig.model.sent.empty());
    ASSERT_EQ(rig.model.sent.back(), frame) << length;
    rig.poll();
  }
  EXPECT_EQ(rig.device->statistics().transmitted_frames, rig.model.sent.size());
  EXPECT_EQ(rig.device->statistics().transmitted_bytes, bytes);
  EXPECT_EQ(rig.violations(), "");
}

TYPED_TEST_P(SimpleNic, JoinsThePiecesOfAFrame) {
  TypeParam rig;
  const auto frame = pattern(900);
  const ByteView whole(frame);
  const ByteView pieces[] = {whole.first(14), {}, whole.subspan(14, 3), whole.subspan(17)};
  ASSERT_TRUE(rig.device->transmit(pieces, {}).ok());
  ASSERT_EQ(rig.model.sent.size(), 1u);
  EXPECT_EQ(rig.model.sent[0], frame);
}

TYPED_TEST_P(SimpleNic, RefusesWhatCannotBeSent) {
  TypeParam rig;
  EXPECT_EQ(rig.transmit(pattern(kFrameBytesMax + 1)).error(), err::link_frame_too_large);
  EXPECT_EQ(rig.transmit(pattern(kEthernetHeader - 1)).error(), err::base_invalid);
  const auto frame = pattern(100);
  const ByteView pieces[] = {frame};
  EXPECT_EQ(rig.device->transmit(pieces, {.checksum_start = 94, .checksum_offset = 6}).error(),
            err::base_invalid);
  if (!rig.device->capabilities().transmit_checksum) {
    EXPECT_EQ(rig.device->transmit(pieces, {.checksum_start = 34, .checksum_offset = 6}).error(),
              err::base_invalid);
  }
  EXPECT_TRUE(rig.model.sent.empty());
  EXPECT_EQ(rig.device->statistics().transmitted_frames, 0u);
}

TYPED_TEST_P(SimpleNic, IsBusyWhileTheChipHasNoRoomAndSendsInOrderAfterwards) {
  TypeParam rig;
  rig.model.complete_at_once = false;
  unsigned accepted = 0;
  Result<void> sent;
  for (; accepted < 1000 && sent.ok(); ++accepted) sent = rig.transmit(pattern(100, accepted));
  --accepted;
  ASSERT_FALSE(sent.ok());
  EXPECT_EQ(sent.error(), err::link_busy);
  EXPECT_GE(accepted, 2u);
  EXPECT_EQ(rig.device->statistics().transmit_busy, 1u);
  // A poll that has nothing to receive takes finished slots back, too.
  for (unsigned round = 0; round < 10; ++round) {
    rig.model.complete();
    rig.poll(0);
  }
  EXPECT_TRUE(rig.transmit(pattern(100, accepted)).ok());
  for (unsigned round = 0; round < 10; ++round) {
    rig.model.complete();
    rig.poll();
  }
  ASSERT_EQ(rig.model.sent.size(), accepted + 1);
  for (unsigned i = 0; i <= accepted; ++i) EXPECT_EQ(rig.model.sent[i], pattern(100, i));
  EXPECT_EQ(rig.violations(), "");
}

TYPED_TEST_P(SimpleNic, SendsWhatTheReceiverAnswers) {
  TypeParam rig;
  rig.collector.on_frame = [&rig] { ASSERT_TRUE(rig.transmit(pattern(70)).ok()); };
  ASSERT_TRUE(rig.model.deliver(pattern(80)));
  ASSERT_TRUE(rig.model.deliver(pattern(81)));
  EXPECT_EQ(rig.poll(), 2u);
  rig.poll();
  EXPECT_EQ(rig.model.sent.size(), 2u);
  EXPECT_EQ(rig.violations(), "");
}

TYPED_TEST_P(SimpleNic, FramesOutliveTheirDevice) {
  TypeParam rig;
  rig.collector.keep = true;
  ASSERT_TRUE(rig.model.deliver(pattern(1000, 1)));
  ASSERT_TRUE(rig.model.deliver(pattern(1001, 2)));
  ASSERT_EQ(rig.poll(), 2u);
  rig.device->stop();
  rig.device.reset();
  EXPECT_EQ(bytes_of(rig.collector.kept[0]), pattern(1000, 1));
  rig.collector.kept.erase(rig.collector.kept.begin());
  EXPECT_EQ(bytes_of(rig.collector.kept[0]), pattern(1001, 2));
}

TYPED_TEST_P(SimpleNic, StopsAndStartsAgain) {
  TypeParam rig;
  for (unsigned round = 0; round < 3; ++round) {
    ASSERT_TRUE(rig.device->start().ok());  // running already
    ASSERT_TRUE(rig.model.deliver(pattern(500, round)));
    ASSERT_TRUE(rig.transmit(pattern(600, round)).ok());
    ASSERT_EQ(rig.poll(), 1u);
    EXPECT_EQ(rig.collector.frames.back(), pattern(500, round));
    EXPECT_EQ(rig.model.sent.back(), pattern(600, round));
    rig.device->stop();
    rig.device->stop();
    EXPECT_FALSE(rig.model.bus_master());
    EXPECT_EQ(rig.model.dma_blocks(), 0u);
    EXPECT_FALSE(rig.model.deliver(pattern(64)));
    EXPECT_EQ(rig.transmit(pattern(64)).error(), err::link_stopped);
    EXPECT_EQ(rig.poll(), 0u);
    EXPECT_EQ(rig.device->link_state(), link::LinkState::down);
    ASSERT_TRUE(rig.device->start().ok());
  }
  EXPECT_EQ(rig.violations(), "");
}

TYPED_TEST_P(SimpleNic, QuiesceOnlySilencesTheChip) {
  TypeParam rig;
  ASSERT_TRUE(rig.model.deliver(pattern(100)));
  const std::size_t blocks = rig.model.dma_blocks();
  rig.device->quiesce();
  rig.device->quiesce();
  EXPECT_FALSE(rig.model.deliver(pattern(100)));
  EXPECT_EQ(rig.model.dma_blocks(), blocks);
  EXPECT_EQ(rig.poll(), 0u);
  EXPECT_EQ(rig.transmit(pattern(64)).error(), err::link_stopped);
  rig.device->stop();
  EXPECT_EQ(rig.model.dma_blocks(), 0u);
  EXPECT_TRUE(rig.device->start().ok());
}

TYPED_TEST_P(SimpleNic, AChipThatIsSilencedInTheMiddleOfAPollStaysSilent) {
  TypeParam rig;
  rig.collector.on_frame = [&rig] { rig.device->quiesce(); };
  for (unsigned i = 0; i < 3; ++i) ASSERT_TRUE(rig.model.deliver(pattern(100)));
  EXPECT_EQ(rig.poll(), 1u);
  EXPECT_FALSE(rig.model.deliver(pattern(100)));
  EXPECT_EQ(rig.poll(), 0u);
}

TYPED_TEST_P(SimpleNic, AnUnpluggedChipIsNoticedAndStopped) {
  TypeParam rig;
  rig.model.gone = true;
  for (unsigned i = 0; i < 2000; ++i) {
    rig.poll();
    (void)rig.transmit(pattern(64));
  }
  (void)rig.device->link_state();
  const auto sent = rig.transmit(pattern(64));
  ASSERT_FALSE(sent.ok());
  EXPECT_EQ(sent.error(), err::nic_broken);
  EXPECT_EQ(sent.error().detail(), static_cast<std::uint32_t>(ChipFault::gone));
  EXPECT_EQ(rig.device->link_state(), link::LinkState::down);
  EXPECT_FALSE(rig.model.bus_master());
  EXPECT_TRUE(rig.collector.frames.empty());
  // It does not come back by itself, but a start after it was plugged in begins afresh.
  EXPECT_EQ(rig.device->start().error(), err::nic_no_response);
  EXPECT_EQ(rig.model.dma_blocks(), 0u);
  rig.model.gone = false;
  ASSERT_TRUE(rig.device->start().ok());
  ASSERT_TRUE(rig.model.deliver(pattern(80)));
  EXPECT_EQ(rig.poll(), 1u);
}

TYPED_TEST_P(SimpleNic, AFailedStartLeavesNothingBehind) {
  for (int allowed = 0; allowed < 8; ++allowed) {
    TypeParam rig;
    rig.device->stop();
    rig.model.allocations_left = allowed;
    if (rig.device->start().ok()) break;
    EXPECT_EQ(rig.model.dma_blocks(), 0u);
    EXPECT_FALSE(rig.model.bus_master());
    rig.model.allocations_left = -1;
    EXPECT_TRUE(rig.device->start().ok());
  }
}

TYPED_TEST_P(SimpleNic, IsNotCreatedWhereNothingAnswers) {
  typename TypeParam::Model model;
  model.gone = true;
  EXPECT_EQ(TypeParam::Device::create(model).error(), err::nic_no_response);
}

TYPED_TEST_P(SimpleNic, IsNotCreatedWithoutRegisters) {
  typename TypeParam::Model model;
  model.put_config32(0x10, 0x1);
  model.put_config32(0x14, 0);
  EXPECT_EQ(TypeParam::Device::create(model).error(), err::nic_no_registers);
}

TYPED_TEST_P(SimpleNic, IsNotCreatedWithoutAnAddress) {
  for (const auto& octets : {std::array<std::uint8_t, 6>{}, std::array<std::uint8_t, 6>{1, 2, 3}}) {
    typename TypeParam::Model model{wire::MacAddress(octets)};
    EXPECT_EQ(TypeParam::Device::create(model).error(), err::nic_no_mac);
  }
}

TYPED_TEST_P(SimpleNic, PassesTheGroupsOfItsFilterAndNoOthers) {
  TypeParam rig;
  check_lists(rig);
  EXPECT_EQ(rig.violations(), "");
}

TYPED_TEST_P(SimpleNic, PassesAllGroupsOrEverythingWhenAFilterSaysSo) {
  TypeParam rig;
  check_modes(rig);
  EXPECT_EQ(rig.violations(), "");
}

TYPED_TEST_P(SimpleNic, PassesTheLargestFilter) {
  TypeParam rig;
  check_largest_list(rig);
  EXPECT_EQ(rig.violations(), "");
}

TYPED_TEST_P(SimpleNic, AFilterOutlivesAStop) {
  TypeParam rig;
  check_survival(rig);
  EXPECT_EQ(rig.violations(), "");
}

TYPED_TEST_P(SimpleNic, AChangeOfTheFilterLosesNothing) {
  TypeParam rig;
  check_changes_lose_nothing(rig);
  EXPECT_EQ(rig.violations(), "");
}

TYPED_TEST_P(SimpleNic, AFilterMayChangeInTheMiddleOfAPoll) {
  TypeParam rig;
  check_change_in_the_middle_of_a_poll(rig);
  EXPECT_EQ(rig.violations(), "");
}

TYPED_TEST_P(SimpleNic, AFilterThatChangesWhileTheChipHasNoRoomIsAppliedLater) {
  TypeParam rig;
  set_filter(rig, filter_of({}));
  rig.model.complete_at_once = false;
  unsigned sent = 0;
  while (rig.transmit(pattern(64)).ok()) ASSERT_LT(++sent, 1000u);
  link::ReceiveFilter all = filter_of({});
  all.promiscuous = true;
  rig.device->set_receive_filter(all);
  rig.device->set_receive_filter(filter_of({kSolicited}));
  for (unsigned i = 0; i < 4; ++i) {
    rig.model.complete();
    rig.poll();
  }
  expect_only(rig, {kSolicited});
  EXPECT_EQ(rig.model.sent.size(), sent);
  EXPECT_EQ(rig.device->statistics().transmit_errors, 0u);
  EXPECT_EQ(rig.violations(), "");
}

TYPED_TEST_P(SimpleNic, AChipThatIsStartedAgainKeepsItsFilter) {
  TypeParam rig;
  set_filter(rig, filter_of({kSolicited}));
  rig.model.gone = true;
  for (unsigned i = 0; i < 2000; ++i) {
    rig.poll();
    (void)rig.transmit(pattern(64));
  }
  (void)rig.device->link_state();
  rig.device->set_receive_filter(filter_of({kStrange}));
  rig.model.gone = false;
  ASSERT_TRUE(rig.device->start().ok());
  rig.poll();
  expect_only(rig, {kStrange});
}

REGISTER_TYPED_TEST_SUITE_P(
    SimpleNic, ReceivesFramesOfEveryLength, ReceivesBurstsUntilTheChipIsFullAndGoesOn,
    KeepsToTheBudget, SendsFramesOfEveryLengthAndPadsShortOnes, JoinsThePiecesOfAFrame,
    RefusesWhatCannotBeSent, IsBusyWhileTheChipHasNoRoomAndSendsInOrderAfterwards,
    SendsWhatTheReceiverAnswers, FramesOutliveTheirDevice, StopsAndStartsAgain,
    QuiesceOnlySilencesTheChip, AChipThatIsSilencedInTheMiddleOfAPollStaysSilent,
    AnUnpluggedChipIsNoticedAndStopped, AFailedStartLeavesNothingBehind,
    IsNotCreatedWhereNothingAnswers, IsNotCreatedWithoutRegisters, IsNotCreatedWithoutAnAddress,
    PassesTheGroupsOfItsFilterAndNoOthers, PassesAllGroupsOrEverythingWhenAFilterSaysSo,
    PassesTheLargestFilter, AFilterOutlivesAStop, AChangeOfTheFilterLosesNothing,
    AFilterMayChangeInTheMiddleOfAPoll, AFilterThatChangesWhileTheChipHasNoRoomIsAppliedLater,
    AChipThatIsStartedAgainKeepsItsFilter);

}  // namespace kedge::driver
