// SPDX-License-Identifier: BSD-2-Clause-Patent
// Devices that break the rules are stopped, with a reason; nothing else happens.
#include <gtest/gtest.h>

#include "driver/intel/test_support.h"

namespace kedge::driver::intel {
namespace {

using fake::IntelNicModel;

class HostileIntelNic : public testing::TestWithParam<Chip> {};

INSTANTIATE_TEST_SUITE_P(Each, HostileIntelNic, testing::ValuesIn(kChips),
                         [](const auto& info) { return std::string(info.param.name); });

struct Attack {
  const char* name;
  Fault fault;
  void (*act)(Rig&);
};

const Attack kAttacks[] = {
    {"length_over_the_buffer", Fault::length_too_large,
     [](Rig& rig) { rig.model.deliver_as(pattern(100), 2049, IntelNicModel::kGood); }},
    {"length_of_all_ones", Fault::length_too_large,
     [](Rig& rig) { rig.model.deliver_as(pattern(100), 0xffff, IntelNicModel::kGood); }},
    {"frame_without_end", Fault::frame_without_end,
     [](Rig& rig) { rig.model.deliver_as(pattern(100), 2048, 1); }},
    {"unplugged", Fault::unplugged,
     [](Rig& rig) {
       rig.model.unplugged = true;
       EXPECT_EQ(rig.device->link_state(), link::LinkState::down);
       rig.model.unplugged = false;
     }},
};

TEST_P(HostileIntelNic, IsStoppedAndTheStackIsTold) {
  for (const Attack& attack : kAttacks) {
    SCOPED_TRACE(attack.name);
    Rig rig(GetParam());
    rig.collector.keep = true;
    ASSERT_TRUE(rig.model.deliver(pattern(700)));
    ASSERT_EQ(rig.poll(), 1u);
    attack.act(rig);
    rig.poll();
    EXPECT_FALSE(rig.model.bus_master());
    EXPECT_EQ(rig.device->link_state(), link::LinkState::down);
    const auto sent = rig.transmit(pattern(60));
    ASSERT_FALSE(sent.ok());
    EXPECT_EQ(sent.error(), err::nic_broken);
    EXPECT_EQ(sent.error().detail(), static_cast<std::uint32_t>(attack.fault));
    EXPECT_EQ(rig.poll(), 0u);
    EXPECT_EQ(bytes_of(rig.collector.kept[0]), pattern(700));

    // And a new start begins afresh.
    ASSERT_TRUE(rig.device->start().ok());
    ASSERT_TRUE(rig.model.deliver(pattern(800)));
    EXPECT_EQ(rig.poll(), 1u);
    EXPECT_EQ(rig.collector.frames.back(), pattern(800));
  }
}

/// Sets all bits of every descriptor of both rings, those that the device was never given included.
TEST_P(HostileIntelNic, MayMarkAllDescriptorsAsDone) {
  Rig rig(GetParam());
  for (const auto& [address, block] : rig.model.dma_map()) {
    if (block.size() == 4096) std::ranges::fill(block, std::byte{0xff});
  }
  EXPECT_EQ(rig.poll(), 0u);
  EXPECT_EQ(rig.transmit(pattern(60)).error(), err::nic_broken);
}

TEST_P(HostileIntelNic, MayReportEveryDescriptorAsAnEmptyFrame) {
  Rig rig(GetParam(), {.spare_bytes = 0});
  const RingRegs ring = GetParam().receive_ring();
  const std::uint64_t base = rig.model.reg(ring.address_low().offset) |
                             std::uint64_t{rig.model.reg(ring.address_high().offset)} << 32;
  for (int round = 0; round < 100; ++round) {
    const ByteSpan cells = rig.model.dma(base, 4096);
    for (std::size_t i = 0; i < cells.size(); i += 16) {
      cells[i + (GetParam().legacy_receive() ? 12 : 8)] = std::byte{3};
    }
    EXPECT_EQ(rig.poll(64), 0u);
  }
  EXPECT_GE(rig.device->statistics().receive_errors, 255u);
  EXPECT_TRUE(rig.transmit(pattern(60)).ok());
}

TEST_P(HostileIntelNic, MayReportFramesAsSentThatItNeverGot) {
  Rig rig(GetParam());
  rig.model.complete_at_once = false;
  for (unsigned i = 0; i < 100; ++i) ASSERT_TRUE(rig.transmit(pattern(60)).ok());
  for (const auto& [address, block] : rig.model.dma_map()) {
    if (block.size() == 4096) {
      for (std::size_t i = 12; i < block.size(); i += 16) block[i] |= std::byte{1};
    }
  }
  rig.device->stop();
  ASSERT_TRUE(rig.device->start().ok());
  for (unsigned i = 0; i < 100; ++i) ASSERT_TRUE(rig.transmit(pattern(60)).ok());
  EXPECT_EQ(rig.violations(), "");
}

}  // namespace
}  // namespace kedge::driver::intel
