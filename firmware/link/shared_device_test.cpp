// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "link/shared_device.h"

#include <gtest/gtest.h>

#include "tests/fake/link_device.h"

namespace kedge::link {
namespace {

constexpr std::uint8_t kIcmp = 1;
constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kUdp = 17;

/// Ethernet and IPv4 headers of a protocol, with a transport header that holds `value` at `at`.
std::vector<std::byte> ipv4(std::uint8_t protocol, std::size_t at = 0, std::uint8_t value = 0,
                            std::uint8_t header_words = 5) {
  std::vector<std::byte> frame(100);
  frame[12] = std::byte{0x08};
  frame[14] = std::byte(0x40 | header_words);
  frame[23] = std::byte{protocol};
  frame[14 + header_words * 4 + at] = std::byte{value};
  return frame;
}

std::vector<std::byte> arp() {
  std::vector<std::byte> frame(60);
  frame[12] = std::byte{0x08};
  frame[13] = std::byte{0x06};
  return frame;
}

struct Counter final : Receiver {
  std::vector<std::uint32_t> lengths;
  void receive(Frame frame) noexcept override { lengths.push_back(frame.length()); }
};

struct SharedDeviceTest : testing::Test {
  fake::ScriptedDevice device;
  SharedDevice shared{device};
  Device& host = shared.host();
  Device& guest = shared.guest();
  Counter to_host;
  Counter to_guest;

  ~SharedDeviceTest() override {
    guest.stop();
    host.stop();
    EXPECT_EQ(device.frames.outstanding(), 0U);
  }
  void start_both() {
    ASSERT_TRUE(host.start().ok());
    ASSERT_TRUE(guest.start().ok());
  }
  std::size_t sent_by(Device& side, const std::vector<std::byte>& frame) {
    const std::size_t before = device.sent.size();
    // In pieces, as a stack has them.
    const ByteView pieces[] = {ByteView(frame).first(20), ByteView(frame).subspan(20)};
    EXPECT_TRUE(side.transmit(pieces, {}).ok());
    return device.sent.size() - before;
  }
};

TEST_F(SharedDeviceTest, RunsWhileOneOfTheSidesIsStarted) {
  EXPECT_TRUE(host.start().ok());
  EXPECT_TRUE(guest.start().ok());
  EXPECT_TRUE(guest.start().ok()) << "idempotent";
  EXPECT_EQ(device.starts, 1U);
  host.stop();
  EXPECT_TRUE(device.running);
  guest.stop();
  guest.stop();
  EXPECT_FALSE(device.running);
  EXPECT_EQ(device.stops, 1U);
}

TEST_F(SharedDeviceTest, TellsWhenTheDeviceDoesNotStart) {
  device.start_error = Error(err::link_stopped);
  EXPECT_FALSE(guest.start().ok());
  EXPECT_EQ(guest.poll(to_guest, 8), 0U);
  EXPECT_FALSE(guest.transmit({}, {}).ok());
}

TEST_F(SharedDeviceTest, LeavesTheHostAloneWithoutAGuest) {
  ASSERT_TRUE(host.start().ok());
  device.incoming.push_back(ipv4(kTcp));
  EXPECT_EQ(host.poll(to_host, 8), 1U);
  EXPECT_EQ(sent_by(host, ipv4(kTcp, 13, 0x04)), 1U) << "a reset is the host's business";
  ASSERT_TRUE(guest.start().ok());
  EXPECT_EQ(guest.poll(to_guest, 8), 0U) << "what came before is not for the guest";
}

TEST_F(SharedDeviceTest, GivesTheGuestACopyOfWhatTheHostPolls) {
  start_both();
  device.incoming = {ipv4(kTcp), arp()};
  EXPECT_EQ(host.poll(to_host, 8), 2U);
  EXPECT_EQ(guest.poll(to_guest, 8), 2U);
  EXPECT_EQ(to_host.lengths, to_guest.lengths);
  EXPECT_EQ(guest.poll(to_guest, 8), 0U);
}

TEST_F(SharedDeviceTest, GivesTheHostOnlyArpAndUdpOfWhatTheGuestPolls) {
  start_both();
  device.incoming = {ipv4(kTcp), arp(), ipv4(kUdp), ipv4(kIcmp)};
  EXPECT_EQ(guest.poll(to_guest, 8), 4U);
  EXPECT_EQ(host.poll(to_host, 8), 2U);
  EXPECT_EQ(to_host.lengths, (std::vector<std::uint32_t>{60, 100}));
}

TEST_F(SharedDeviceTest, BoundsWhatWaits) {
  start_both();
  device.incoming.assign(SharedDevice::kGuestQueueMax + 5, arp());
  EXPECT_EQ(host.poll(to_host, 1000), SharedDevice::kGuestQueueMax + 5);
  EXPECT_EQ(guest.poll(to_guest, 10), 10U) << "the budget counts for copies, too";
  EXPECT_EQ(guest.poll(to_guest, 1000), SharedDevice::kGuestQueueMax - 10);
  device.incoming.assign(SharedDevice::kHostQueueMax + 5, arp());
  EXPECT_EQ(guest.poll(to_guest, 1000), SharedDevice::kHostQueueMax + 5);
  EXPECT_EQ(host.poll(to_host, 1000), SharedDevice::kHostQueueMax);
}

TEST_F(SharedDeviceTest, ForgetsWhatWaitsForASideThatStops) {
  start_both();
  device.incoming = {arp()};
  EXPECT_EQ(host.poll(to_host, 8), 1U);
  guest.stop();
  ASSERT_TRUE(guest.start().ok());
  EXPECT_EQ(guest.poll(to_guest, 8), 0U);
}

TEST_F(SharedDeviceTest, KeepsTheHostsRefusalsBackWhileThereIsAGuest) {
  start_both();
  EXPECT_EQ(sent_by(host, ipv4(kTcp, 13, 0x14)), 0U) << "RST, ACK";
  EXPECT_EQ(sent_by(host, ipv4(kTcp, 13, 0x04, 15)), 0U) << "behind IP options";
  EXPECT_EQ(sent_by(host, ipv4(kIcmp, 0, 3)), 0U) << "unreachable";
  EXPECT_EQ(sent_by(host, ipv4(kTcp, 13, 0x10)), 1U);
  EXPECT_EQ(sent_by(host, ipv4(kIcmp, 0, 0)), 1U) << "echo reply";
  EXPECT_EQ(sent_by(host, ipv4(kUdp, 13, 0x04)), 1U);
  EXPECT_EQ(sent_by(host, ipv4(kTcp, 13, 0x04, 2)), 1U) << "malformed: not ours to judge";
  EXPECT_EQ(sent_by(guest, ipv4(kTcp, 13, 0x04)), 1U);
}

TEST_F(SharedDeviceTest, KeepsAGuestOutThatInterruptsTheHost) {
  start_both();
  device.incoming = {arp()};
  {
    const SharedDevice::HostWorks works(shared);
    const SharedDevice::HostWorks again(shared);
    EXPECT_EQ(guest.poll(to_guest, 8), 0U);
    const auto frame = arp();
    const ByteView pieces[] = {frame};
    const Result<void> sent = guest.transmit(pieces, {});
    ASSERT_FALSE(sent.ok());
    EXPECT_EQ(sent.error(), err::link_busy);
  }
  EXPECT_EQ(guest.poll(to_guest, 8), 1U);
}

TEST_F(SharedDeviceTest, AGuestThatStopsInTheMiddleOfTheHostsWorkTouchesNothingOfIt) {
  start_both();
  device.incoming = {arp()};
  EXPECT_EQ(host.poll(to_host, 8), 1U);
  {
    const SharedDevice::HostWorks works(shared);
    guest.stop();
    EXPECT_TRUE(device.running);
    EXPECT_TRUE(guest.start().ok());
  }
  EXPECT_EQ(guest.poll(to_guest, 8), 1U) << "the copy, whose memory the host may have been using";
  guest.stop();
}

TEST_F(SharedDeviceTest, OnlyTheHostSilencesTheDevice) {
  start_both();
  guest.quiesce();
  EXPECT_EQ(device.quiesces, 0U);
  host.quiesce();
  EXPECT_EQ(device.quiesces, 1U);
}

TEST_F(SharedDeviceTest, PassesWhatEitherSideWants) {
  constexpr ReceiveFilter kGroups{.promiscuous = false};
  ReceiveFilter narrow{.promiscuous = false, .all_groups = false};
  ReceiveFilter wide{.promiscuous = true};
  host.set_receive_filter(kGroups);
  ASSERT_TRUE(host.start().ok());
  EXPECT_EQ(device.filter, kGroups);
  // A guest that was not asked yet wants everything.
  ASSERT_TRUE(guest.start().ok());
  EXPECT_TRUE(device.filter.promiscuous);
  guest.set_receive_filter(narrow);
  EXPECT_EQ(device.filter, kGroups) << "the host still wants all groups";
  guest.set_receive_filter(wide);
  EXPECT_TRUE(device.filter.promiscuous);
  guest.stop();
  EXPECT_EQ(device.filter, kGroups);
  host.set_receive_filter(wide);
  EXPECT_TRUE(device.filter.promiscuous);
}

TEST_F(SharedDeviceTest, AFilterOfAGuestThatInterruptsTheHostWaitsForTheNextPoll) {
  ReceiveFilter narrow{.promiscuous = false};
  host.set_receive_filter(narrow);
  guest.set_receive_filter(narrow);
  start_both();
  {
    const SharedDevice::HostWorks works(shared);
    guest.set_receive_filter({.promiscuous = true});
    EXPECT_FALSE(device.filter.promiscuous);
    host.poll(to_host, 1);
    EXPECT_TRUE(device.filter.promiscuous);
    guest.set_receive_filter(narrow);
    EXPECT_TRUE(device.filter.promiscuous);
  }
  guest.poll(to_guest, 1);
  EXPECT_FALSE(device.filter.promiscuous);
}

}  // namespace
}  // namespace kedge::link
