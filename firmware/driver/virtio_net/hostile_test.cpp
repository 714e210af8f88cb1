// SPDX-License-Identifier: BSD-2-Clause-Patent
// Devices that break the rules are stopped, with a reason; nothing else happens.
#include <gtest/gtest.h>

#include "driver/virtio_net/test_support.h"

namespace kedge::driver {
namespace {

using virtio::Fault;
using virtio::NetHeader;

struct Attack {
  const char* name;
  Fault fault;
  bool split_only;
  void (*act)(Rig&);
};

/// Takes a receive buffer, writes a header with that number of buffers, and uses it.
std::uint16_t send_with_count(Rig& rig, std::uint16_t buffers, std::uint32_t length) {
  auto chain = rig.model.pop(0);
  KEDGE_ASSERT(chain.has_value());
  std::vector<std::byte> bytes(100);
  NetHeader header;
  header.num_buffers = buffers;
  header.write(ByteSpan(bytes).first(NetHeader::kSize));
  rig.model.fill(*chain, bytes);
  rig.model.push_used(0, chain->id, length);
  return chain->id;
}

const Attack kAttacks[] = {
    {"used_index_jumps", Fault::used_index_jump, true,
     [](Rig& rig) { rig.model.jump_used_index(0, 257); }},
    {"used_index_goes_back", Fault::used_index_jump, true,
     [](Rig& rig) { rig.model.jump_used_index(0, 0xffff); }},
    {"id_beyond_the_ring", Fault::id_out_of_range, false,
     [](Rig& rig) { rig.model.push_used(0, 256, 100); }},
    {"id_of_all_ones", Fault::id_out_of_range, false,
     [](Rig& rig) { rig.model.push_used(0, 0xffffffff, 100); }},
    {"same_buffer_twice", Fault::id_not_in_flight, false,
     [](Rig& rig) {
       const std::uint16_t id = send_with_count(rig, 2, 4096);
       rig.model.push_used(0, id, 100);
     }},
    {"length_over_the_buffer", Fault::length_too_large, false,
     [](Rig& rig) { rig.model.push_used(0, 3, 4097); }},
    {"length_of_all_ones", Fault::length_too_large, false,
     [](Rig& rig) { rig.model.push_used(0, 3, 0xffffffff); }},
    {"length_zero", Fault::length_too_small, false, [](Rig& rig) { rig.model.push_used(0, 3, 0); }},
    {"length_under_the_header", Fault::length_too_small, false,
     [](Rig& rig) { rig.model.push_used(0, 3, 11); }},
    {"frame_of_no_buffers", Fault::buffer_count, false,
     [](Rig& rig) { send_with_count(rig, 0, 100); }},
    {"frame_of_too_many_buffers", Fault::buffer_count, false,
     [](Rig& rig) { send_with_count(rig, 257, 100); }},
    {"empty_second_buffer", Fault::length_too_small, false,
     [](Rig& rig) {
       send_with_count(rig, 2, 4096);
       auto chain = rig.model.pop(0);
       rig.model.push_used(0, chain->id, 0);
     }},
    {"transmit_never_asked_for", Fault::used_index_jump, false,
     [](Rig& rig) {
       rig.model.complete_at_once = false;
       ASSERT_TRUE(rig.transmit(pattern(60)).ok());
       rig.model.push_used(1, 0, 0);
       rig.model.push_used(1, 0, 0);
     }},
    {"transmit_id_out_of_range", Fault::id_out_of_range, false,
     [](Rig& rig) {
       rig.model.complete_at_once = false;
       ASSERT_TRUE(rig.transmit(pattern(60)).ok());
       rig.model.push_used(1, 9999, 0);
     }},
};

TEST(VirtioNetHostile, DevicesAreStoppedAndTheStackIsTold) {
  for (const Variant& variant : {kVariants[0], kVariants[3]}) {
    const bool packed = std::string_view(variant.name) == "modern_packed";
    for (const Attack& attack : kAttacks) {
      if (attack.split_only && packed) continue;
      SCOPED_TRACE(std::string(variant.name) + " " + attack.name);
      Rig rig(variant.setup());
      rig.collector.keep = true;
      ASSERT_TRUE(rig.model.deliver(pattern(700)));
      ASSERT_EQ(rig.poll(), 1u);
      attack.act(rig);
      rig.poll();
      EXPECT_EQ(rig.model.status(), 0);
      EXPECT_FALSE(rig.model.bus_master());
      EXPECT_EQ(rig.device->link_state(), link::LinkState::down);
      const auto sent = rig.transmit(pattern(60));
      ASSERT_FALSE(sent.ok());
      EXPECT_EQ(sent.error(), err::virtio_broken);
      EXPECT_EQ(sent.error().detail(), static_cast<std::uint32_t>(attack.fault));
      EXPECT_EQ(rig.poll(), 0u);
      EXPECT_EQ(bytes_of(rig.collector.kept[0]), pattern(700));

      // And a new start begins afresh.
      ASSERT_TRUE(rig.device->start().ok());
      ASSERT_TRUE(rig.model.deliver(pattern(800)));
      EXPECT_EQ(rig.poll(), 1u);
      EXPECT_EQ(rig.collector.frames.back(), pattern(800));
      EXPECT_TRUE(rig.transmit(pattern(60)).ok());
      EXPECT_EQ(rig.device->link_state(), link::LinkState::up);
    }
  }
}

TEST(VirtioNetHostile, FramesLongerThanAnyAreDroppedAndCounted) {
  Rig rig(kVariants[0].setup());
  ASSERT_TRUE(rig.model.deliver(pattern(virtio::kMergedFrameMax + 1)));
  ASSERT_TRUE(rig.model.deliver(pattern(13)));
  ASSERT_TRUE(rig.model.deliver(pattern(virtio::kMergedFrameMax)));
  EXPECT_EQ(rig.poll(), 1u);
  EXPECT_EQ(rig.device->statistics().receive_errors, 2u);
  EXPECT_EQ(rig.collector.frames[0].size(), virtio::kMergedFrameMax);
}

TEST(VirtioNetHostile, AFrameMayComeInSeveralPolls) {
  Rig rig(kVariants[0].setup());
  send_with_count(rig, 2, 4096);
  EXPECT_EQ(rig.poll(), 0u);
  auto chain = rig.model.pop(0);
  ASSERT_TRUE(chain.has_value());
  rig.model.push_used(0, chain->id, 10);
  EXPECT_EQ(rig.poll(), 1u);
  EXPECT_EQ(rig.collector.frames[0].size(), 4096u - NetHeader::kSize + 10);
}

TEST(VirtioNetHostile, AHalfFrameIsGivenBackByStop) {
  Rig rig(kVariants[0].setup());
  send_with_count(rig, 3, 4096);
  EXPECT_EQ(rig.poll(), 0u);
  rig.device->stop();
  EXPECT_EQ(rig.model.dma_blocks(), 0u);
}

TEST(VirtioNetHostile, ADeviceThatDoesNotResetIsTakenOffTheBus) {
  Rig rig(kVariants[0].setup());
  rig.model.never_resets = true;
  rig.device->stop();
  EXPECT_FALSE(rig.model.bus_master());
  EXPECT_LE(rig.model.stalled_us, virtio::kQuiesceWaitMs * 1000 + 10'000);
}

}  // namespace
}  // namespace kedge::driver
