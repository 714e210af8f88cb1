// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/snp_device.h"

#include <gtest/gtest.h>

#include "link/link_errors.h"
#include "tests/fake/sim_clock.h"
#include "tests/fake/uefi_snp.h"

namespace kedge::uefi {
namespace {

using namespace kedge::literals;

struct Collector final : link::Receiver {
  std::vector<link::Frame> frames;
  void receive(link::Frame frame) noexcept override { frames.push_back(std::move(frame)); }
};

struct SnpDeviceTest : testing::Test {
  fake::FakeFirmware fake;
  fake::SimClock clock;
  FirmwarePages pages{fake.firmware()};
  fake::FakeSnp snp;
  EFI_HANDLE handle = fake.add_protocol(nullptr, &snp.protocol);
  Collector collector;

  std::unique_ptr<SnpDevice> open() {
    auto device = SnpDevice::open(fake.firmware(), clock, pages, Handle(handle));
    EXPECT_TRUE(device.ok());
    return device.ok() ? *std::move(device) : nullptr;
  }
  std::unique_ptr<SnpDevice> started() {
    auto device = open();
    EXPECT_TRUE(device->start().ok());
    return device;
  }
  static Result<void> send(SnpDevice& device, std::size_t bytes) {
    const std::vector<std::byte> frame(bytes, std::byte{0x5a});
    const ByteView pieces[] = {ByteView(frame).first(bytes / 2),
                               ByteView(frame).subspan(bytes / 2)};
    return device.transmit(pieces, {});
  }
};

TEST_F(SnpDeviceTest, OpensAsDriverAndEvictsTheFirmwaresStack) {
  const EFI_HANDLE mnp = fake.add_handle();
  fake.add_open(handle, kGuid<EFI_SIMPLE_NETWORK_PROTOCOL>, mnp, handle,
                EFI_OPEN_PROTOCOL_BY_DRIVER);
  auto device = open();
  ASSERT_EQ(fake.disconnected.size(), 1U);
  EXPECT_EQ(fake.disconnected[0].second, mnp);
  EXPECT_EQ(device->mac(), wire::MacAddress({0x52, 0x54, 0, 0x12, 0x34, 0x56}));
  EXPECT_EQ(device->mtu(), 1500);
  device.reset();
  EXPECT_EQ(fake.open_count(fake.firmware().image().raw()), 0U);
  EXPECT_EQ(fake.pages_in_use(), 0U);
}

TEST_F(SnpDeviceTest, ADriverThatStaysIsReported) {
  const EFI_HANDLE mnp = fake.add_handle();
  fake.add_open(handle, kGuid<EFI_SIMPLE_NETWORK_PROTOCOL>, mnp, handle,
                EFI_OPEN_PROTOCOL_BY_DRIVER);
  fake.fail(fake::Call::disconnect_controller, EFI_DEVICE_ERROR);
  const auto device = SnpDevice::open(fake.firmware(), clock, pages, Handle(handle));
  ASSERT_FALSE(device.ok());
  EXPECT_TRUE(device.error() == err::uefi_open_failed);
}

TEST_F(SnpDeviceTest, WhatIsNotEthernetIsRefused) {
  snp.mode.IfType = 32;  // InfiniBand
  snp.mode.HwAddressSize = 20;
  const auto device = SnpDevice::open(fake.firmware(), clock, pages, Handle(handle));
  ASSERT_FALSE(device.ok());
  EXPECT_TRUE(device.error() == err::uefi_snp_not_ethernet);
  EXPECT_EQ(fake.open_count(fake.firmware().image().raw()), 0U);
}

TEST_F(SnpDeviceTest, StopLeavesTheStateThatStartFound) {
  for (const std::uint32_t state :
       {EfiSimpleNetworkStopped, EfiSimpleNetworkStarted, EfiSimpleNetworkInitialized}) {
    snp.mode.State = state;
    auto device = started();
    EXPECT_EQ(snp.mode.State, std::uint32_t{EfiSimpleNetworkInitialized});
    device->stop();
    device->stop();
    EXPECT_EQ(snp.mode.State, state);
  }
}

TEST_F(SnpDeviceTest, AFailingInitializeIsReported) {
  snp.initialize_status = EFI_DEVICE_ERROR;
  auto device = open();
  const Result<void> result = device->start();
  ASSERT_FALSE(result.ok());
  EXPECT_TRUE(result.error() == err::uefi_snp_start);
}

TEST_F(SnpDeviceTest, ALinkThatIsSeenLateIsAskedForAgain) {
  snp.link_after_initializes = 3;
  auto device = started();
  EXPECT_EQ(snp.initializes, 4U);
  EXPECT_EQ(device->link_state(), link::LinkState::up);
}

TEST_F(SnpDeviceTest, ADriverThatWaitsLongForItsLinkIsNotAskedManyTimes) {
  snp.link_after_initializes = 1000;
  snp.on_initialize = [&] { clock.advance(1_s); };
  auto device = started();
  EXPECT_LE(snp.initializes, 3U);
}

TEST_F(SnpDeviceTest, ADriverThatFailsWithoutLinkIsAskedAgain) {
  snp.initialize_status = EFI_NO_MEDIA;
  snp.on_initialize = [&] {
    if (snp.initializes == 4) snp.initialize_status = EFI_SUCCESS;
  };
  auto device = started();
  EXPECT_EQ(snp.initializes, 4U);
}

TEST_F(SnpDeviceTest, NoLinkIsNoFailure) {
  snp.link_after_initializes = 1000;
  auto device = started();
  EXPECT_EQ(device->link_state(), link::LinkState::down);
  EXPECT_LE(snp.initializes, 10U);
  snp.mode.MediaPresentSupported = FALSE;
  EXPECT_EQ(device->link_state(), link::LinkState::unknown);
}

TEST_F(SnpDeviceTest, FiltersThatTheDriverRefusesAreNotInsistedOn) {
  snp.refused_filters = EFI_SIMPLE_NETWORK_RECEIVE_PROMISCUOUS_MULTICAST;
  snp.needs_filter_disable = true;
  auto device = started();
  EXPECT_TRUE(snp.filter_was_disabled);
  EXPECT_EQ(snp.mode.ReceiveFilterSetting, 0x05U);  // unicast and broadcast
}

TEST_F(SnpDeviceTest, APollTakesAsManyFramesAsThereAreWithinItsBudget) {
  auto device = started();
  for (int i = 0; i < 20; ++i) snp.incoming.push_back(std::vector<std::byte>(60 + i));
  EXPECT_EQ(device->poll(collector, 16), 16U);
  EXPECT_EQ(device->poll(collector, 16), 4U);
  EXPECT_EQ(device->poll(collector, 16), 0U);
  ASSERT_EQ(collector.frames.size(), 20U);
  EXPECT_EQ(collector.frames[19].length(), 79U);
  EXPECT_EQ(collector.frames[19].head()->length, 79U);
  EXPECT_EQ(device->statistics().received_frames, 20U);
}

TEST_F(SnpDeviceTest, FramesThatAreTooLargeOrTooShortAreCounted) {
  auto device = started();
  snp.incoming.push_back(std::vector<std::byte>(4000));
  snp.incoming.push_back(std::vector<std::byte>(5));
  snp.incoming.push_back(std::vector<std::byte>(60));
  for (int i = 0; i < 3; ++i) (void)device->poll(collector, 16);
  EXPECT_EQ(collector.frames.size(), 1U);
  EXPECT_EQ(device->statistics().receive_errors, 2U);
}

TEST_F(SnpDeviceTest, FramesStayReadableAfterTheDeviceIsGone) {
  auto device = started();
  snp.incoming.push_back(std::vector<std::byte>(60, std::byte{7}));
  ASSERT_EQ(device->poll(collector, 1), 1U);
  device.reset();
  EXPECT_NE(fake.pages_in_use(), 0U);
  EXPECT_EQ(collector.frames[0].head()->data[59], std::byte{7});
  collector.frames.clear();
  EXPECT_EQ(fake.pages_in_use(), 0U);
}

TEST_F(SnpDeviceTest, ThePoolGrowsWhileFramesAreHeldAndThenStopsWithoutHarm) {
  auto device = started();
  fake.fail(fake::Call::allocate_pages, EFI_OUT_OF_RESOURCES, 1, 1000);
  for (int i = 0; i < 1000; ++i) snp.incoming.push_back(std::vector<std::byte>(60));
  std::uint32_t delivered = 0;
  for (int i = 0; i < 100; ++i) delivered += device->poll(collector, 16);
  EXPECT_EQ(delivered, 512U);
  collector.frames.clear();
  EXPECT_EQ(device->poll(collector, 16), 16U);
}

TEST_F(SnpDeviceTest, ShortFramesArePadded) {
  auto device = started();
  ASSERT_TRUE(send(*device, 42).ok());
  ASSERT_EQ(snp.sent.size(), 1U);
  EXPECT_EQ(snp.sent[0].size(), 60U);
  EXPECT_EQ(snp.sent[0][41], std::byte{0x5a});
  EXPECT_EQ(snp.sent[0][42], std::byte{0});
}

TEST_F(SnpDeviceTest, SeveralTransmitsAreInFlightAndAFullRingIsReclaimed) {
  auto device = started();
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(send(*device, 100).ok()) << i;
  EXPECT_EQ(snp.sent.size(), 200U);
  // Completions are asked for in bulk, not after each frame.
  EXPECT_LT(snp.status_calls, 2 * 200U);
}

TEST_F(SnpDeviceTest, ARingThatGivesNothingBackIsBusyThenRestarted) {
  auto device = started();
  snp.completes = false;
  for (int i = 0; i < 8; ++i) ASSERT_TRUE(send(*device, 100).ok());
  const Result<void> busy = send(*device, 100);
  ASSERT_FALSE(busy.ok());
  EXPECT_TRUE(busy.error() == err::link_busy);
  snp.completes = true;
  clock.advance(4_s);
  (void)device->poll(collector, 1);
  EXPECT_EQ(snp.shutdowns, 1U);
  EXPECT_TRUE(send(*device, 100).ok());
  EXPECT_NE(snp.mode.ReceiveFilterSetting, 0U);
}

TEST_F(SnpDeviceTest, ForeignCompletionsAreIgnored) {
  auto device = started();
  int other = 0;
  snp.foreign_completion = &other;
  snp.mode.MultipleTxSupported = FALSE;
  ASSERT_TRUE(send(*device, 100).ok());
  clock.advance(1_s);
  (void)device->poll(collector, 1);
  EXPECT_TRUE(send(*device, 100).ok());
}

TEST_F(SnpDeviceTest, ADriverWithOneTransmitAtATimeGetsOne) {
  snp.mode.MultipleTxSupported = FALSE;
  snp.completes = false;
  auto device = started();
  ASSERT_TRUE(send(*device, 100).ok());
  EXPECT_FALSE(send(*device, 100).ok());
  EXPECT_EQ(snp.sent.size(), 1U);
}

TEST_F(SnpDeviceTest, CompletionsAreAskedForEvenWhenNoneIsDue) {
  auto device = started();
  const unsigned before = snp.status_calls;
  for (int i = 0; i < 20; ++i) {
    clock.advance(10_ms);
    (void)device->poll(collector, 1);
  }
  EXPECT_GE(snp.status_calls - before, 3U);
  EXPECT_LE(snp.status_calls - before, 5U);
}

TEST_F(SnpDeviceTest, FramesLargerThanTheMtuAreRefused) {
  auto device = started();
  EXPECT_TRUE(send(*device, 1514).ok());
  const Result<void> result = send(*device, 1515);
  ASSERT_FALSE(result.ok());
  EXPECT_TRUE(result.error() == err::link_frame_too_large);
}

TEST_F(SnpDeviceTest, AStoppedDeviceSendsAndReceivesNothing) {
  auto device = started();
  device->quiesce();
  snp.incoming.push_back(std::vector<std::byte>(60));
  EXPECT_EQ(device->poll(collector, 1), 0U);
  EXPECT_FALSE(send(*device, 100).ok());
}

TEST_F(SnpDeviceTest, WirelessDriversAreNeverStopped) {
  EFI_WIRELESS_MAC_CONNECTION_II_PROTOCOL wireless{};
  fake.add_protocol(handle, &wireless);
  snp.mode.State = EfiSimpleNetworkInitialized;
  auto device = started();
  EXPECT_EQ(snp.shutdowns, 0U);
  device->stop();
  EXPECT_EQ(snp.shutdowns, 0U);
  EXPECT_EQ(snp.mode.State, std::uint32_t{EfiSimpleNetworkInitialized});
}

}  // namespace
}  // namespace kedge::uefi
