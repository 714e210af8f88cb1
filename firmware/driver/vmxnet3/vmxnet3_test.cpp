// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "driver/vmxnet3/vmxnet3.h"

#include "driver/common/contract_test.h"
#include "tests/fake/pci_script.h"
#include "tests/fake/vmxnet3.h"

namespace kedge::driver {
namespace {

using fake::PciScript;
using fake::Vmxnet3Model;
using vmxnet3::RxComp;
using Rig = NicRig<Vmxnet3Model, Vmxnet3>;

INSTANTIATE_TYPED_TEST_SUITE_P(Vmxnet3, SimpleNic, Rig);

void expect_agreement(PciScript& pci) {
  pci.read(1, 0x00, 4, 3).read(1, 0x08, 4, 1).write(1, 0x00, 4, 1).write(1, 0x08, 4, 1);
}
void expect_halt(PciScript& pci) {
  pci.write(1, 0x20, 4, 0xcafe0001).write(1, 0x20, 4, 0xcafe0002);
}

TEST(Vmxnet3BringUp, FollowsTheHandshakeOfTheInterface) {
  PciScript pci;
  pci.put_config32(0x10, 0xfebf'1000);
  pci.put_config32(0x14, 0xfebf'2000);
  expect_agreement(pci);
  expect_halt(pci);
  pci.read(1, 0x28, 4, 0x53525150).read(1, 0x30, 4, 0x5554);
  auto device = Vmxnet3::create(pci);
  ASSERT_TRUE(device.ok());
  ASSERT_TRUE(pci.finished());
  EXPECT_EQ((*device)->mac(), wire::MacAddress({0x50, 0x51, 0x52, 0x53, 0x54, 0x55}));
  EXPECT_FALSE(pci.bus_master());

  // start(): shared memory, activation, and only then the registers of operation.
  expect_agreement(pci);
  expect_halt(pci);
  pci.write(1, 0x10, 4, 0).write(1, 0x18, 4, 1);
  pci.write(1, 0x20, 4, 0xcafe0000).read(1, 0x20, 4, 0);
  pci.write(0, 0x000, 4, 1).write(0, 0x800, 4, 255);
  pci.write(1, 0x20, 4, 0xcafe0003);
  pci.write(1, 0x20, 4, 0xf00d0002).read(1, 0x20, 4, 10000u << 16 | 1);
  ASSERT_TRUE((*device)->start().ok());
  EXPECT_TRUE(pci.finished());
  EXPECT_TRUE(pci.bus_master());
  EXPECT_EQ((*device)->link_state(), link::LinkState::up);

  expect_halt(pci);
  (*device)->stop();
  EXPECT_TRUE(pci.finished());
  EXPECT_FALSE(pci.bus_master());
  EXPECT_EQ(pci.dma_blocks(), 0u);
  EXPECT_EQ(pci.violations, std::vector<std::string>());
}

TEST(Vmxnet3BringUp, RefusesADeviceWithoutRevision1) {
  Vmxnet3Model model;
  model.revisions = 2;
  const auto device = Vmxnet3::create(model);
  ASSERT_FALSE(device.ok());
  EXPECT_EQ(device.error(), err::nic_no_registers);
  EXPECT_EQ(device.error().detail(), 2u);
}

TEST(Vmxnet3BringUp, LeavesNothingWhenTheDeviceRefusesItsActivation) {
  Vmxnet3Model model;
  auto device = Vmxnet3::create(model);
  ASSERT_TRUE(device.ok());
  model.refuse_activation = true;
  EXPECT_EQ((*device)->start().error(), err::nic_no_response);
  EXPECT_FALSE(model.bus_master());
  EXPECT_EQ(model.dma_blocks(), 0u);
  model.refuse_activation = false;
  EXPECT_TRUE((*device)->start().ok());
}

TEST(Vmxnet3, FillsTheRingThroughManyLaps) {
  Rig rig;
  for (unsigned round = 0; round < 20; ++round) {
    for (unsigned i = 0; i < 255; ++i) ASSERT_TRUE(rig.model.deliver(pattern(60, i)));
    EXPECT_FALSE(rig.model.deliver(pattern(60)));
    ASSERT_EQ(rig.poll(), 255u);
    ASSERT_EQ(rig.model.posted(), 255u);
  }
  EXPECT_EQ(rig.violations(), "");
}

TEST(Vmxnet3, TellsTheDeviceOfBuffersWhereItWantsToKnow) {
  Rig rig;
  const unsigned before = rig.model.rx_prod_writes;
  ASSERT_TRUE(rig.model.deliver(pattern(60)));
  rig.poll();
  EXPECT_EQ(rig.model.rx_prod_writes, before);
  rig.model.rx_queue().update_rx_prod = 1;
  ASSERT_TRUE(rig.model.deliver(pattern(60)));
  rig.poll();
  EXPECT_EQ(rig.model.rx_prod_writes, before + 1);
}

TEST(Vmxnet3, ReceivingCostsNoRegisterAccessAndManyFramesSentInOnePollOne) {
  Rig rig;
  rig.collector.on_frame = [&rig] { ASSERT_TRUE(rig.transmit(pattern(60)).ok()); };
  for (unsigned i = 0; i < 20; ++i) ASSERT_TRUE(rig.model.deliver(pattern(60)));
  const auto before = rig.model.bar_accesses;
  EXPECT_EQ(rig.poll(), 20u);
  EXPECT_EQ(rig.model.bar_accesses, before + 1);
  EXPECT_EQ(rig.model.sent.size(), 20u);
  rig.poll();
  EXPECT_EQ(rig.model.bar_accesses, before + 1);
}

TEST(Vmxnet3, BelievesTheDevicesChecksums) {
  struct Case {
    fake::Vmxnet3Checksum given;
    bool verified;
  };
  const Case cases[] = {
      {{}, false},
      {{.calculated = true, .right = true, .tcp = true}, true},
      {{.calculated = true, .right = true, .udp = true}, true},
      {{.calculated = true, .right = true}, false},
      {{.calculated = true, .right = false, .tcp = true}, false},
      {{.calculated = false, .right = true, .tcp = true}, false},
      {{.calculated = true, .right = true, .udp = true, .fragment = true}, false},
  };
  Rig rig;
  for (const Case& given : cases) {
    ASSERT_TRUE(rig.model.deliver(pattern(100), given.given));
    ASSERT_EQ(rig.poll(), 1u);
    EXPECT_EQ(rig.collector.infos.back().checksum_verified, given.verified);
  }
}

TEST(Vmxnet3, AsksForTheChecksumOfThatFrameOnly) {
  Rig rig;
  const auto frame = pattern(100);
  const ByteView pieces[] = {frame};
  const link::TransmitInfo info{.checksum_start = 34, .checksum_offset = 16};
  ASSERT_TRUE(rig.device->transmit(pieces, info).ok());
  ASSERT_TRUE(rig.transmit(frame).ok());
  ASSERT_EQ(rig.model.sent.size(), 2u);
  EXPECT_EQ(rig.model.sent_checksums[0].start, 34u);
  EXPECT_EQ(rig.model.sent_checksums[0].at, 50u);
  EXPECT_EQ(rig.model.sent_checksums[1].start, 0u);
}

TEST(Vmxnet3, ReusesDescriptorsThatTheDeviceSkipped) {
  Rig rig;
  for (unsigned i = 0; i < 1000; ++i) {
    rig.model.skip_receive();
    ASSERT_TRUE(rig.model.deliver(pattern(60, i)));
    ASSERT_EQ(rig.poll(), 1u);
    ASSERT_EQ(rig.collector.frames.back(), pattern(60, i));
    ASSERT_EQ(rig.model.posted(), 255u);
  }
}

TEST(Vmxnet3, OneCompletionMayStandForManyFramesSent) {
  Rig rig;
  rig.model.complete_at_once = false;
  for (unsigned round = 0; round < 5; ++round) {
    unsigned sent = 0;
    while (sent < 1000 && rig.transmit(pattern(60, sent)).ok()) ++sent;
    EXPECT_EQ(sent, Vmxnet3::kTxEntries - 1);
    rig.model.complete(true);
  }
  EXPECT_EQ(rig.violations(), "");
}

TEST(Vmxnet3, TellsOfTheLinkWithoutARegisterAccess) {
  Rig rig;
  const auto before = rig.model.bar_accesses;
  EXPECT_EQ(rig.device->link_state(), link::LinkState::up);
  EXPECT_EQ(rig.model.bar_accesses, before);
  rig.model.set_link(false);
  EXPECT_EQ(rig.device->link_state(), link::LinkState::down);
  rig.model.set_link(true);
  EXPECT_EQ(rig.device->link_state(), link::LinkState::up);
}

constexpr std::uint32_t kWhole = RxComp::SOP.mask() | RxComp::EOP.mask();

struct Attack {
  const char* name;
  ChipFault fault;
  void (*act)(Rig&);
};

void send_one(Rig& rig) {
  rig.model.complete_at_once = false;
  ASSERT_TRUE(rig.transmit(pattern(60)).ok());
}

const Attack kAttacks[] = {
    {"index beyond the ring", ChipFault::position,
     [](Rig& rig) { rig.model.push_receive(kWhole | 256, 60, 0); }},
    {"index of a buffer that is not posted", ChipFault::position,
     [](Rig& rig) { rig.model.push_receive(kWhole | 255, 60, 0); }},
    {"length over the buffer", ChipFault::length,
     [](Rig& rig) { rig.model.push_receive(kWhole | 0, 2049, 0); }},
    {"all ones", ChipFault::position,
     [](Rig& rig) { rig.model.push_receive(0xffffffff, 0xffffffff, 0xffffffff); }},
    {"the other ring", ChipFault::position,
     [](Rig& rig) { rig.model.push_receive(kWhole | 1u << 16, 60, 0); }},
    {"a frame that was not sent", ChipFault::position,
     [](Rig& rig) {
       send_one(rig);
       rig.model.push_transmit(1, 0);
     }},
    {"transmit index beyond the ring", ChipFault::position,
     [](Rig& rig) {
       send_one(rig);
       rig.model.push_transmit(64, 0);
     }},
    {"receive queue stopped", ChipFault::bus, [](Rig& rig) { rig.model.rx_queue().stopped = 1; }},
    {"transmit queue stopped", ChipFault::bus, [](Rig& rig) { rig.model.tx_queue().stopped = 1; }},
};

TEST(Vmxnet3Hostile, DevicesAreStartedAgainAndGivenUpInTheEnd) {
  for (const Attack& attack : kAttacks) {
    SCOPED_TRACE(attack.name);
    Rig rig;
    attack.act(rig);
    EXPECT_EQ(rig.poll(), 0u);
    ASSERT_TRUE(rig.model.active());
    rig.model.complete_at_once = true;
    ASSERT_TRUE(rig.model.deliver(pattern(800)));
    ASSERT_EQ(rig.poll(), 1u);
    EXPECT_EQ(rig.collector.frames.back(), pattern(800));

    rig.device->stop();
    ASSERT_TRUE(rig.device->start().ok());
    for (unsigned i = 0; i <= CopyingNic::kRecoveriesMax; ++i) {
      ASSERT_TRUE(rig.model.active());
      attack.act(rig);
      EXPECT_EQ(rig.poll(), 0u);
    }
    EXPECT_FALSE(rig.model.active());
    EXPECT_FALSE(rig.model.bus_master());
    const auto sent = rig.transmit(pattern(60));
    ASSERT_FALSE(sent.ok());
    EXPECT_EQ(sent.error(), err::nic_broken);
    EXPECT_EQ(sent.error().detail(), static_cast<std::uint32_t>(attack.fault));
  }
}

TEST(Vmxnet3Hostile, SpoiltFramesAreDroppedAndCounted) {
  Rig rig;
  rig.model.push_receive(kWhole | 0, RxComp::ERR.mask() | 60, 0);
  rig.model.push_receive(RxComp::SOP.mask() | 1, 60, 0);
  rig.model.push_receive(RxComp::EOP.mask() | 2, 60, 0);
  rig.model.push_receive(kWhole | 3, 13, 0);
  rig.model.push_receive(kWhole | 4, 0, 0);
  rig.model.push_receive(kWhole | 5, kFrameBytesMax + 1, 0);
  EXPECT_EQ(rig.poll(), 0u);
  EXPECT_EQ(rig.device->statistics().receive_errors, 6u);
  EXPECT_TRUE(rig.model.active());
}

TEST(Vmxnet3Hostile, AStreamOfErrorsEndsAPoll) {
  Rig rig;
  for (unsigned i = 0; i < 255; ++i) {
    rig.model.push_receive(kWhole | i, RxComp::ERR.mask() | 60, 0);
  }
  EXPECT_EQ(rig.poll(1), 0u);
  EXPECT_EQ(rig.device->statistics().receive_errors, 255u);
}

}  // namespace
}  // namespace kedge::driver
