// SPDX-License-Identifier: BSD-2-Clause-Patent
// The receive filter: commands on every kind of interface and ring, and devices that fail them.
#include "driver/common/filter_test.h"
#include "driver/virtio_net/test_support.h"

namespace kedge::driver {
namespace {

using fake::VirtioNetModel;
using virtio::Fault;
using virtio::Feature;
using Answer = VirtioNetModel::Answer;

constexpr std::uint64_t kFilterFeatures = Feature::kCtrlVq | Feature::kCtrlRx;

bool takes_commands(const Variant& variant) {
  return variant.interface != VirtioNetModel::Interface::legacy ||
         (variant.features & Feature::kAnyLayout) != 0;
}

class VirtioNetFilter : public testing::TestWithParam<Variant> {
 protected:
  void TearDown() override {
    EXPECT_EQ(rig_.violations(), "");
    EXPECT_EQ(rig_.model.queue(virtio::kControlQueue).interrupts, 0u);
    EXPECT_EQ(rig_.model.stalled_us, 0u);
    rig_.device->stop();
    EXPECT_EQ(rig_.model.dma_blocks(), 0u);
  }

  Rig rig_{GetParam().setup()};
};

std::vector<Variant> variants_with_commands() {
  std::vector<Variant> variants;
  std::ranges::copy_if(kVariants, std::back_inserter(variants), takes_commands);
  return variants;
}

INSTANTIATE_TEST_SUITE_P(Each, VirtioNetFilter, testing::ValuesIn(variants_with_commands()),
                         [](const auto& info) { return info.param.name; });

TEST_P(VirtioNetFilter, Lists) {
  check_lists(rig_);
}
TEST_P(VirtioNetFilter, Modes) {
  check_modes(rig_);
}
TEST_P(VirtioNetFilter, LargestList) {
  check_largest_list(rig_);
}
TEST_P(VirtioNetFilter, Survival) {
  check_survival(rig_);
}
TEST_P(VirtioNetFilter, ChangesLoseNothing) {
  check_changes_lose_nothing(rig_);
}
TEST_P(VirtioNetFilter, ChangeInTheMiddleOfAPoll) {
  check_change_in_the_middle_of_a_poll(rig_);
}

TEST_P(VirtioNetFilter, NoStepHoldsBackWhatIsWantedBeforeAndAfter) {
  link::ReceiveFilter promiscuous = filter_of({});
  promiscuous.promiscuous = true;
  link::ReceiveFilter all_groups = filter_of({});
  all_groups.all_groups = true;
  const link::ReceiveFilter filters[] = {link::kReceiveEverything,
                                         filter_of({kSolicited}),
                                         filter_of({kStrange, kSolicited}),
                                         filter_of({kSolicited, kStranger}),
                                         all_groups,
                                         link::kReceiveAllGroups,
                                         promiscuous};
  rig_.model.always_wanted = {rig_.device->mac(), kSolicited};
  for (const link::ReceiveFilter& before : filters) {
    for (const link::ReceiveFilter& after : filters) {
      rig_.device->set_receive_filter(before);
      rig_.device->set_receive_filter(after);
    }
  }
  EXPECT_GE(rig_.model.commands, 7u * 7 * 2 * 3);
}

// 4 commands each: over the wrap of all counters.
TEST_P(VirtioNetFilter, GoesOnForever) {
  for (unsigned i = 0; i < 17'000; ++i) {
    rig_.device->set_receive_filter(i % 2 == 0 ? filter_of({kSolicited}) : filter_of({kStrange}));
  }
  expect_only(rig_, {kStrange});
  EXPECT_GE(rig_.model.commands, 66'000u);
  // 2.7.7: used_event is passed once a lap.
  EXPECT_LE(std::exchange(rig_.model.queue(virtio::kControlQueue).interrupts, 0), 2u);
}

TEST_P(VirtioNetFilter, IsSilentAfterQuiesce) {
  const auto blocks = rig_.model.dma_blocks();
  rig_.device->quiesce();
  const auto accesses = rig_.model.bar_accesses;
  rig_.device->set_receive_filter(filter_of({}));
  EXPECT_EQ(rig_.model.bar_accesses, accesses);
  EXPECT_EQ(rig_.model.dma_blocks(), blocks);
}

TEST(VirtioNetFilters, AreSetByTheNextStartWhereTheDeviceDoesNotRun) {
  VirtioNetModel model(kVariants[0].setup());
  auto device = VirtioNet::create(model, {});
  ASSERT_TRUE(device.ok());
  const auto accesses = model.bar_accesses;
  (*device)->set_receive_filter(filter_of({kSolicited}));
  EXPECT_EQ(model.bar_accesses, accesses);
  ASSERT_TRUE((*device)->start().ok());
  EXPECT_FALSE(model.filter().promiscuous);
  EXPECT_FALSE(model.filter().all_groups);
  EXPECT_TRUE(model.filter().stations.empty());
  EXPECT_EQ(model.filter().groups, std::set{kSolicited});
}

TEST(VirtioNetFilters, AreNoneWhereTheDeviceTakesNoCommandsOrDoesNotKnowTheAddress) {
  constexpr std::uint64_t kMissing[] = {Feature::kCtrlVq, Feature::kCtrlRx, kFilterFeatures,
                                        Feature::kMac};
  for (const Variant& variant : kVariants) {
    for (const std::uint64_t missing : kMissing) {
      SCOPED_TRACE(std::string(variant.name) + format(" {:x}", missing));
      auto setup = variant.setup();
      // Framing is what a legacy device without ANY_LAYOUT lacks.
      if (takes_commands(variant)) setup.features &= ~missing;
      Rig rig(setup, {.fallback_mac = setup.mac});
      const auto accesses = rig.model.bar_accesses;
      rig.device->set_receive_filter(filter_of({}));
      EXPECT_EQ(rig.model.bar_accesses, accesses);
      EXPECT_EQ(rig.device->features() & kFilterFeatures, 0u);
      EXPECT_FALSE(rig.model.queue(virtio::kControlQueue).enabled);
      EXPECT_TRUE(receives(rig, kOtherStation));
      EXPECT_TRUE(receives(rig, kSolicited));
      EXPECT_EQ(rig.violations(), "");
    }
  }
}

TEST(VirtioNetFilters, WaitForADeviceThatTakesItsTime) {
  for (const Variant& variant : variants_with_commands()) {
    SCOPED_TRACE(variant.name);
    Rig rig(variant.setup());
    rig.model.answer = Answer::late;
    set_filter(rig, filter_of({kSolicited}));
    EXPECT_GT(rig.model.stalled_us, 0u);
    expect_only(rig, {kSolicited});
    // One that looks at the queue by itself.
    rig.model.set_wants_notifications(virtio::kControlQueue, false);
    const unsigned before = rig.model.queue(virtio::kControlQueue).notifications;
    set_filter(rig, filter_of({kStrange}));
    EXPECT_EQ(rig.model.queue(virtio::kControlQueue).notifications, before);
    expect_only(rig, {kStrange});
    EXPECT_EQ(rig.violations(), "");
  }
}

TEST(VirtioNetFilters, WorkOnControlQueuesOfEveryLegalSize) {
  for (const int size : {2, 3, 4, 37, 64, 1024, 32768}) {
    for (const bool packed : {false, true}) {
      SCOPED_TRACE(size);
      auto setup = kVariants[packed ? 3 : 0].setup();
      setup.control_size = static_cast<std::uint16_t>(size);
      Rig rig(setup);
      for (unsigned i = 0; i < 100; ++i)
        set_filter(rig, filter_of({i % 2 ? kSolicited : kStrange}));
      expect_only(rig, {kSolicited});
      EXPECT_EQ(rig.model.stalled_us, 0u);
      EXPECT_EQ(rig.violations(), "");
    }
  }
}

constexpr Answer kFailures[] = {Answer::refuse, Answer::use_only, Answer::never,
                                Answer::another_buffer, Answer::index_jump};
/// Long for a command, short for a person.
constexpr std::uint64_t kWaitUsMax = 5'100'000;

/// As a device without a filter, now and after a new start.
void expect_no_filter(Rig& rig) {
  EXPECT_EQ(rig.device->features() & kFilterFeatures, 0u);
  rig.device->set_receive_filter(filter_of({}));
  for (unsigned round = 0; round < 2; ++round) {
    EXPECT_TRUE(rig.model.filter().promiscuous);
    EXPECT_FALSE(rig.model.queue(virtio::kControlQueue).enabled);
    for (const auto& to : {kOtherStation, kSolicited}) EXPECT_TRUE(receives(rig, to));
    EXPECT_TRUE(rig.transmit(pattern(60)).ok());
    rig.device->stop();
    EXPECT_EQ(rig.model.dma_blocks(), 0u);
    ASSERT_TRUE(rig.device->start().ok());
  }
  EXPECT_EQ(rig.violations(), "");
}

/// All that may go wrong at each of the commands of one filter.
void for_each_failure(void (*check)(const Variant&, Answer, unsigned honest)) {
  for (const Variant& variant : variants_with_commands()) {
    const bool packed = (variant.features & Feature::kRingPacked) != 0;
    for (const Answer failure : kFailures) {
      if (failure == Answer::index_jump && packed) continue;
      for (unsigned honest = 0; honest < 4; ++honest) {
        SCOPED_TRACE(std::string(variant.name) +
                     format(" failure {} after {}", static_cast<unsigned>(failure), honest));
        check(variant, failure, honest);
      }
    }
  }
}

TEST(VirtioNetFilters, AreNoneWhereCommandsFailAtTheStart) {
  for_each_failure([](const Variant& variant, Answer failure, unsigned honest) {
    Rig rig(variant.setup());
    rig.device->stop();
    rig.device->set_receive_filter(filter_of({kSolicited}));
    rig.model.answer = failure;
    rig.model.honest_commands = honest;
    ASSERT_TRUE(rig.device->start().ok());
    EXPECT_LE(rig.model.stalled_us, kWaitUsMax);
    expect_no_filter(rig);
  });
}

TEST(VirtioNetFilters, ThatFailLaterStopTheDeviceAndTheStackIsTold) {
  for_each_failure([](const Variant& variant, Answer failure, unsigned honest) {
    Rig rig(variant.setup());
    set_filter(rig, filter_of({}));
    const auto blocks = rig.model.dma_blocks();
    rig.model.answer = failure;
    rig.model.honest_commands = honest;
    rig.device->set_receive_filter(link::kReceiveEverything);
    EXPECT_LE(rig.model.stalled_us, kWaitUsMax);
    EXPECT_EQ(rig.model.status(), 0);
    EXPECT_FALSE(rig.model.bus_master());
    EXPECT_EQ(rig.model.dma_blocks(), blocks);
    const auto sent = rig.transmit(pattern(60));
    ASSERT_FALSE(sent.ok());
    EXPECT_EQ(sent.error(), err::virtio_broken);
    EXPECT_EQ(sent.error().detail(), static_cast<std::uint32_t>(Fault::command_failed));

    const auto accesses = rig.model.bar_accesses;
    rig.device->set_receive_filter(filter_of({}));
    EXPECT_EQ(rig.model.bar_accesses, accesses);
    ASSERT_TRUE(rig.device->start().ok());
    expect_no_filter(rig);
  });
}

TEST(VirtioNetFilters, ThatFailInTheMiddleOfAPollLeaveWhatHasCome) {
  for_each_failure([](const Variant& variant, Answer failure, unsigned honest) {
    Rig rig(variant.setup());
    for (unsigned i = 0; i < 4; ++i) ASSERT_TRUE(rig.model.deliver(pattern(100, i)));
    rig.model.answer = failure;
    rig.model.honest_commands = honest;
    rig.collector.on_frame = [&] { rig.device->set_receive_filter(filter_of({})); };
    EXPECT_EQ(rig.poll(), 4u);
    EXPECT_FALSE(rig.model.bus_master());
    rig.collector.on_frame = nullptr;
    ASSERT_TRUE(rig.device->start().ok());
    expect_no_filter(rig);
  });
}

TEST(VirtioNetFilters, AreNoneWhereTheDeviceUsesABufferBeforeItGotOne) {
  for (const Variant& variant : variants_with_commands()) {
    SCOPED_TRACE(variant.name);
    Rig rig(variant.setup());
    rig.model.answer = Answer::never;
    rig.model.push_used(virtio::kControlQueue, 0, 1);
    rig.device->set_receive_filter(filter_of({}));
    EXPECT_FALSE(rig.model.bus_master());
    ASSERT_TRUE(rig.device->start().ok());
    expect_no_filter(rig);
  }
}

TEST(VirtioNetFilters, AreNoneWhereTheQueueCannotBeMade) {
  for (const Variant& variant : variants_with_commands()) {
    for (const int size : {0, 1}) {
      SCOPED_TRACE(variant.name + format(" size {}", size));
      auto setup = variant.setup();
      setup.control_size = static_cast<std::uint16_t>(size);
      Rig rig(setup);
      expect_no_filter(rig);
    }
    if (variant.interface == VirtioNetModel::Interface::legacy) continue;
    SCOPED_TRACE(variant.name);
    auto setup = variant.setup();
    setup.notify_multiplier = 0x800;  // the third address is outside of the window
    Rig rig(setup);
    EXPECT_EQ(rig.model.stalled_us, 0u);
    expect_no_filter(rig);
  }
}

}  // namespace
}  // namespace kedge::driver
