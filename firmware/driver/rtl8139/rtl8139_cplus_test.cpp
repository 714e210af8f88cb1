// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "driver/rtl8139/rtl8139_cplus.h"

#include "driver/common/contract_test.h"
#include "driver/rtl8139/rtl8139.h"
#include "tests/fake/pci_script.h"
#include "tests/fake/rtl8139.h"
#include "tests/fake/rtl8139_cplus.h"

namespace kedge::driver {
namespace {

using fake::PciScript;
using rtl8139::CplusOwn;
using rtl8139::CplusReceive;
using rtl8139::CplusTransmit;
using Rig = NicRig<fake::Rtl8139CplusModel, Rtl8139Cplus>;

INSTANTIATE_TYPED_TEST_SUITE_P(Rtl8139Cplus, SimpleNic, Rig);

TEST(Rtl8139CplusBringUp, FollowsTheDatasheet) {
  PciScript pci;
  pci.put_config32(0x10, 0xc001);
  pci.put_config32(0x14, 0xfebf'1000);
  pci.write(1, 0x37, 1, 0x10).read(1, 0x37, 1, 0x01);
  pci.read(1, 0x00, 4, 0x1200'5452).read(1, 0x04, 4, 0x5634);
  auto device = Rtl8139Cplus::create(pci);
  ASSERT_TRUE(device.ok());
  EXPECT_FALSE(pci.bus_master());

  pci.write(1, 0x37, 1, 0x10).read(1, 0x37, 1, 0x01);
  constexpr std::uint32_t kRing = fake::FakePciDevice::kFirstAddress32;
  pci.write(1, 0x3c, 2, 0);       // no interrupts
  pci.write(1, 0xe0, 2, 0x0023);  // C+ mode of both, checksums
  pci.write(1, 0xe4, 4, kRing).write(1, 0xe8, 4, 0);
  pci.write(1, 0x20, 4, kRing + 0x400).write(1, 0x24, 4, 0);
  pci.write(1, 0xec, 1, 48);
  pci.write(1, 0x37, 1, 0x0c);         // RE, TE
  pci.write(1, 0x40, 4, 0x0300'0700);  // IFG 3, MXDMA 7
  pci.write(1, 0x08, 4, 0xffff'ffff).write(1, 0x0c, 4, 0xffff'ffff);
  pci.write(1, 0x44, 4, 0x0000'e70f);  // RXFTH 7, MXDMA 7, AB AM APM AAP
  ASSERT_TRUE((*device)->start().ok());
  EXPECT_TRUE(pci.finished());

  pci.write(1, 0xd9, 1, 0x40);
  const auto frame = pattern(60);
  const ByteView pieces[] = {frame};
  ASSERT_TRUE((*device)->transmit(pieces, {}).ok());
  pci.write(1, 0x37, 1, 0x10).read(1, 0x37, 1, 0x01);
  (*device)->stop();
  EXPECT_TRUE(pci.finished());
  EXPECT_EQ(pci.dma_blocks(), 0u);
  EXPECT_EQ(pci.violations, std::vector<std::string>());
}

TEST(Rtl8139CplusBringUp, IsWhatTheRevisionSays) {
  fake::Rtl8139CplusModel cplus;
  fake::Rtl8139Model classic;
  auto first = create_rtl8139(cplus, Consumer{});
  auto second = create_rtl8139(classic, Consumer{});
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_TRUE((*first)->capabilities().transmit_checksum);
  EXPECT_FALSE((*second)->capabilities().transmit_checksum);
  EXPECT_TRUE((*first)->start().ok());
  EXPECT_TRUE((*second)->start().ok());
  EXPECT_EQ(cplus.violations, std::vector<std::string>());
  EXPECT_EQ(classic.violations, std::vector<std::string>());
}

TEST(Rtl8139Cplus, AnIdlePollCostsOneRegisterAccess) {
  Rig rig;
  const auto before = rig.model.bar_accesses;
  for (unsigned i = 0; i < 10; ++i) rig.poll();
  EXPECT_EQ(rig.model.bar_accesses - before, 10u);
}

TEST(Rtl8139Cplus, ABurstCostsTwoAccessesAndNoneForEachFrame) {
  Rig rig;
  for (unsigned i = 0; i < 8; ++i) ASSERT_TRUE(rig.model.deliver(pattern(200, i)));
  const auto before = rig.model.bar_accesses;
  EXPECT_EQ(rig.poll(), 8u);
  EXPECT_EQ(rig.model.bar_accesses - before, 2u);
}

/// A frame with a TCP or UDP packet whose checksum field holds the pseudo header's sum, as stacks
/// leave it.
std::vector<std::byte> packet(std::uint8_t protocol, std::size_t options = 0) {
  std::vector<std::byte> frame = pattern(14 + 20 + options + 301);
  ByteWriter writer(ByteSpan(frame).subspan(12));
  writer.be16(0x0800);
  writer.u8(static_cast<std::uint8_t>(0x45 + options / 4));
  writer.u8(0);
  writer.be16(static_cast<std::uint16_t>(frame.size() - 14));
  writer.be32(0);
  writer.u8(64);
  writer.u8(protocol);
  return frame;
}

std::uint16_t folded(ByteView bytes, std::uint32_t sum) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    sum += std::to_integer<std::uint32_t>(bytes[i]) << (i % 2 == 0 ? 8 : 0);
  }
  while (sum > 0xffff) sum = (sum >> 16) + (sum & 0xffff);
  return static_cast<std::uint16_t>(sum);
}

TEST(Rtl8139Cplus, LetsTheChipSumTcpAndUdp) {
  for (const bool tcp : {true, false}) {
    for (const std::size_t options : {0u, 8u}) {
      Rig rig;
      const auto frame = packet(tcp ? 6 : 17, options);
      const auto start = static_cast<std::uint16_t>(34 + options);
      const ByteView pieces[] = {ByteView(frame).first(20), ByteView(frame).subspan(20)};
      const std::uint16_t offset = tcp ? 16 : 6;
      const link::TransmitInfo info{.checksum_start = start, .checksum_offset = offset};
      ASSERT_TRUE(rig.device->transmit(pieces, info).ok());
      ASSERT_TRUE(rig.transmit(frame).ok()) << "and none for the next";
      ASSERT_EQ(rig.model.sent.size(), 2u);
      const ByteView sent(rig.model.sent[0]);
      const auto segment = sent.subspan(start);
      const std::uint32_t pseudo = folded(
          sent.subspan(26, 8), (tcp ? 6u : 17u) + static_cast<std::uint32_t>(segment.size()));
      EXPECT_EQ(folded(segment, pseudo), 0xffff);
      EXPECT_EQ(folded(sent.subspan(14, 20 + options), 0), 0xffff);
      EXPECT_EQ(rig.model.sent[1], frame);
      EXPECT_EQ(rig.violations(), "");
    }
  }
}

TEST(Rtl8139Cplus, SumsItselfWhatTheChipDoesNotKnow) {
  auto tagged = packet(6);
  tagged.insert(tagged.begin() + 12, 4, std::byte{0});
  tagged[12] = std::byte{0x81};
  auto six = packet(6);
  six[12] = std::byte{0x86};
  six[13] = std::byte{0xdd};
  const struct {
    std::vector<std::byte> frame;
    link::TransmitInfo info;
  } cases[] = {{tagged, {.checksum_start = 38, .checksum_offset = 16}},
               {six, {.checksum_start = 54, .checksum_offset = 16}},
               {packet(6), {.checksum_start = 34, .checksum_offset = 9}}};
  for (const auto& [frame, info] : cases) {
    Rig rig;
    const ByteView pieces[] = {frame};
    ASSERT_TRUE(rig.device->transmit(pieces, info).ok());
    auto expected = frame;
    const std::uint16_t sum = folded(ByteView(frame).subspan(info.checksum_start), 0);
    ByteWriter(ByteSpan(expected).subspan(info.checksum_start + info.checksum_offset, 2))
        .be16(static_cast<std::uint16_t>(~sum));
    ASSERT_EQ(rig.model.sent.size(), 1u);
    EXPECT_EQ(rig.model.sent[0], expected) << info.checksum_start;
  }
}

TEST(Rtl8139Cplus, TellsWhichSumsTheChipHasVerified) {
  const auto protocol = [](std::uint32_t number) { return CplusReceive::protocol.with(0, number); };
  const std::pair<std::uint32_t, bool> cases[] = {{0, false},  // no IP, or nobody looked
                                                  {protocol(1), true},
                                                  {protocol(1) | CplusReceive::kTcpFailed, false},
                                                  {protocol(1) | CplusReceive::kIpFailed, false},
                                                  {protocol(2), true},
                                                  {protocol(2) | CplusReceive::kUdpFailed, false},
                                                  {protocol(3), false}};
  for (const auto& [status, verified] : cases) {
    Rig rig;
    rig.collector.keep = true;
    rig.model.checksum_status = status;
    ASSERT_TRUE(rig.model.deliver(pattern(100)));
    ASSERT_EQ(rig.poll(), 1u);
    EXPECT_EQ(rig.collector.kept[0].info().checksum_verified, verified) << status;
  }
}

TEST(Rtl8139Cplus, FramesThatCannotBeAreSkippedAndCounted) {
  constexpr std::uint32_t kWhole = CplusOwn::kFirst | CplusOwn::kLast;
  const std::uint32_t statuses[] = {0u,
                                    CplusOwn::kFirst | 104,
                                    CplusOwn::kLast | 104,
                                    kWhole | CplusReceive::kErrorSummary | 104,
                                    kWhole,
                                    kWhole | 17,
                                    kWhole | (kFrameBytesMax + kFrameCheckBytes + 1),
                                    kWhole | 0x1fff};
  Rig rig;
  for (const std::uint32_t status : statuses) {
    rig.model.forced_status = status;
    ASSERT_TRUE(rig.model.deliver(pattern(100)));
  }
  ASSERT_TRUE(rig.model.deliver(pattern(101)));
  EXPECT_EQ(rig.poll(), 1u);
  EXPECT_EQ(rig.collector.frames[0], pattern(101));
  EXPECT_EQ(rig.device->statistics().receive_errors, std::size(statuses));
}

TEST(Rtl8139Cplus, TransmissionsThatFailAreCounted) {
  Rig rig;
  rig.model.transmit_status = CplusTransmit::kErrorSummary;
  ASSERT_TRUE(rig.transmit(pattern(100)).ok());
  rig.poll();
  EXPECT_EQ(rig.device->statistics().transmit_errors, 1u);
}

TEST(Rtl8139Cplus, ABusErrorStartsTheChipAgainUntilThatDoesNotHelp) {
  Rig rig;
  for (unsigned round = 0; round < CopyingNic::kRecoveriesMax; ++round) {
    rig.model.events |= rtl8139::Isr::kSerr;
    rig.poll();
    ASSERT_TRUE(rig.transmit(pattern(60)).ok()) << round;
  }
  rig.model.events |= rtl8139::Isr::kSerr;
  rig.poll();
  const auto sent = rig.transmit(pattern(60));
  EXPECT_EQ(sent.error(), err::nic_broken);
  EXPECT_EQ(sent.error().detail(), static_cast<std::uint32_t>(ChipFault::bus));
  EXPECT_FALSE(rig.model.bus_master());
}

TEST(Rtl8139Cplus, TellsTheLink) {
  Rig rig;
  EXPECT_EQ(rig.device->link_state(), link::LinkState::up);
  rig.model.link_up = false;
  EXPECT_EQ(rig.device->link_state(), link::LinkState::down);
}

TEST(Rtl8139Cplus, AChipThatDoesNotResetLosesTheBus) {
  Rig rig;
  rig.model.never_resets = true;
  rig.device->stop();
  EXPECT_FALSE(rig.model.bus_master());
  EXPECT_LE(rig.model.stalled_us, 20'000u);
}

}  // namespace
}  // namespace kedge::driver
