// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/adapter_information.h"

#include <gtest/gtest.h>

#include "base/base_errors.h"
#include "tests/fake/link_device.h"
#include "tests/fake/uefi.h"

namespace kedge::uefi {
namespace {

constexpr EFI_GUID kMediaState = EFI_ADAPTER_INFO_MEDIA_STATE_GUID;
constexpr EFI_GUID kIpv6Support = EFI_ADAPTER_INFO_UNDI_IPV6_SUPPORT_GUID;
constexpr EFI_GUID kUnknown = EFI_ADAPTER_INFO_SAN_MAC_ADDRESS_GUID;
constexpr std::int64_t kNegotiationNs = SnpProducer::kNegotiation.count_ns();

struct AdapterInformationTest : testing::Test {
  fake::FakeFirmware fake;
  fake::ScriptedDevice device;
  std::unique_ptr<SnpProducer> producer = *SnpProducer::create(fake.firmware(), device);
  AdapterInformation information{*producer};
  EFI_SIMPLE_NETWORK_PROTOCOL* snp = producer->raw();
  EFI_ADAPTER_INFORMATION_PROTOCOL* raw = information.raw();
  EFI_GUID media = kMediaState;
  EFI_GUID ipv6 = kIpv6Support;
  EFI_GUID unknown = kUnknown;

  ~AdapterInformationTest() override {
    producer.reset();
    EXPECT_FALSE(device.running);
    EXPECT_EQ(fake.event_count(), 0U);
    EXPECT_EQ(fake.pools_in_use(), 0U);
    EXPECT_EQ(fake.tpl, TPL_APPLICATION);
    EXPECT_TRUE(fake.violations.empty());
  }
  void initialize() {
    ASSERT_EQ(snp->Start(snp), EFI_SUCCESS);
    ASSERT_EQ(snp->Initialize(snp, 0, 0), EFI_SUCCESS);
  }
  EFI_STATUS state() {
    void* block = nullptr;
    UINTN size = 0;
    EXPECT_EQ(raw->GetInformation(raw, &media, &block, &size), EFI_SUCCESS);
    EXPECT_EQ(size, sizeof(EFI_ADAPTER_INFO_MEDIA_STATE));
    const EFI_STATUS result = static_cast<EFI_ADAPTER_INFO_MEDIA_STATE*>(block)->MediaState;
    fake.firmware().boot().FreePool(block);
    return result;
  }
  void wait(std::int64_t ns) { fake.advance_ns(ns); }
};

TEST_F(AdapterInformationTest, ALinkIsThereWhateverUsesTheNic) {
  EXPECT_EQ(state(), EFI_SUCCESS);
  // A NIC that nobody uses does not run on.
  EXPECT_FALSE(device.running);
  initialize();
  EXPECT_EQ(state(), EFI_SUCCESS);
  EXPECT_TRUE(device.running);
  device.state = link::LinkState::unknown;  // it cannot tell, so there may be one
  EXPECT_EQ(state(), EFI_SUCCESS);
  EXPECT_EQ(snp->Mode->MediaPresent, TRUE);
}

TEST_F(AdapterInformationTest, ALinkThatMayBeNegotiatedIsNotReadyForSomeSeconds) {
  device.state = link::LinkState::down;
  initialize();
  EXPECT_EQ(state(), EFI_NOT_READY);
  EXPECT_EQ(snp->Mode->MediaPresent, FALSE);
  wait(kNegotiationNs - 1'000'000);
  EXPECT_EQ(state(), EFI_NOT_READY);
  device.state = link::LinkState::up;
  EXPECT_EQ(state(), EFI_SUCCESS);
  EXPECT_EQ(snp->Mode->MediaPresent, TRUE);
  wait(1'000'000);
  device.state = link::LinkState::down;
  EXPECT_EQ(state(), EFI_NO_MEDIA);
  EXPECT_EQ(snp->Mode->MediaPresent, FALSE);
  EXPECT_TRUE(device.running);
  // Reset starts the chip, and its negotiation, anew.
  EXPECT_EQ(snp->Reset(snp, FALSE), EFI_SUCCESS);
  EXPECT_EQ(state(), EFI_NOT_READY);
}

TEST_F(AdapterInformationTest, LooksAtANicThatNobodyUsesDoNotBeginItsNegotiationAnew) {
  device.state = link::LinkState::down;
  for (int look = 0; look < 10; ++look) {
    EXPECT_EQ(state(), EFI_NOT_READY);
    wait(100'000'000);
  }
  EXPECT_EQ(device.starts, 1U);
  device.state = link::LinkState::up;
  EXPECT_EQ(state(), EFI_SUCCESS);
  EXPECT_FALSE(device.running);
}

TEST_F(AdapterInformationTest, ANicThatNobodyUsesRunsOnlyWhileItMayNegotiate) {
  device.state = link::LinkState::down;
  EXPECT_EQ(state(), EFI_NOT_READY);
  EXPECT_TRUE(device.running);
  wait(kNegotiationNs);
  EXPECT_FALSE(device.running);
  EXPECT_EQ(state(), EFI_NO_MEDIA);
  EXPECT_EQ(device.starts, 1U);
  // Somebody may have plugged a cable in since.
  EXPECT_EQ(state(), EFI_NOT_READY);
  EXPECT_EQ(device.starts, 2U);
  producer->abandon();
  EXPECT_FALSE(device.running);
  EXPECT_EQ(state(), EFI_NOT_READY);  // the destructor stops it
}

TEST_F(AdapterInformationTest, InitializeTakesARunningNicOver) {
  device.state = link::LinkState::down;
  EXPECT_EQ(state(), EFI_NOT_READY);
  device.incoming.assign(100, std::vector<std::byte>(60, std::byte{0xff}));
  initialize();
  EXPECT_EQ(device.starts, 1U) << "the negotiation goes on";
  EXPECT_TRUE(device.incoming.empty()) << "what came before Initialize is nobody's";
  EXPECT_EQ(snp->ReceiveFilters(snp, EFI_SIMPLE_NETWORK_RECEIVE_BROADCAST, 0, FALSE, 0, nullptr),
            EFI_SUCCESS);
  std::byte buffer[128];
  UINTN size = sizeof(buffer);
  EXPECT_EQ(snp->Receive(snp, nullptr, &size, buffer, nullptr, nullptr, nullptr), EFI_NOT_READY);
  wait(kNegotiationNs);
  EXPECT_TRUE(device.running) << "somebody uses it";
  EXPECT_EQ(state(), EFI_NO_MEDIA);
  EXPECT_EQ(snp->Shutdown(snp), EFI_SUCCESS);
  EXPECT_FALSE(device.running);
  EXPECT_EQ(state(), EFI_NOT_READY);
  EXPECT_EQ(device.starts, 2U);
}

TEST_F(AdapterInformationTest, ShutdownEndsANegotiation) {
  device.state = link::LinkState::down;
  initialize();
  EXPECT_EQ(snp->Shutdown(snp), EFI_SUCCESS);
  const unsigned stops = device.stops;
  wait(kNegotiationNs);
  EXPECT_EQ(device.stops, stops) << "the timer touches nothing";
}

TEST_F(AdapterInformationTest, WithoutATimerNobodyWaits) {
  device.state = link::LinkState::down;
  fake.fail(fake::Call::set_timer, EFI_OUT_OF_RESOURCES, 0, 2);
  EXPECT_EQ(state(), EFI_NO_MEDIA);
  EXPECT_FALSE(device.running);
  initialize();
  EXPECT_EQ(state(), EFI_NO_MEDIA);
}

TEST_F(AdapterInformationTest, AfterTheEndOfBootServicesTheTimerTouchesNothing) {
  device.state = link::LinkState::down;
  EXPECT_EQ(state(), EFI_NOT_READY);
  producer->retire();
  EXPECT_EQ(device.quiesces, 1U);
  wait(kNegotiationNs);
  EXPECT_EQ(device.stops, 0U);
  void* block = nullptr;
  UINTN size = 0;
  EXPECT_EQ(raw->GetInformation(raw, &media, &block, &size), EFI_DEVICE_ERROR);
  EFI_GUID* types = nullptr;
  EXPECT_EQ(raw->GetSupportedTypes(raw, &types, &size), EFI_DEVICE_ERROR);
  EXPECT_EQ(raw->SetInformation(raw, &media, &size, 8), EFI_DEVICE_ERROR);
}

TEST_F(AdapterInformationTest, EveryFunctionAnswersAsDocumentedInEveryStateAtEveryLevel) {
  EFI_BOOT_SERVICES& boot = fake.firmware().boot();
  const auto all = [&] {
    for (const EFI_TPL level : {TPL_APPLICATION, TPL_CALLBACK, TPL_NOTIFY}) {
      const EFI_TPL before = boot.RaiseTPL(level);
      void* block = nullptr;
      UINTN size = 0;
      EXPECT_EQ(raw->GetInformation(nullptr, &media, &block, &size), EFI_INVALID_PARAMETER);
      EXPECT_EQ(raw->GetInformation(raw, nullptr, &block, &size), EFI_INVALID_PARAMETER);
      EXPECT_EQ(raw->GetInformation(raw, &media, nullptr, &size), EFI_INVALID_PARAMETER);
      EXPECT_EQ(raw->GetInformation(raw, &media, &block, nullptr), EFI_INVALID_PARAMETER);
      EXPECT_EQ(raw->GetInformation(raw, &unknown, &block, &size), EFI_UNSUPPORTED);
      EXPECT_EQ(raw->SetInformation(nullptr, &media, &size, 8), EFI_INVALID_PARAMETER);
      EXPECT_EQ(raw->SetInformation(raw, nullptr, &size, 8), EFI_INVALID_PARAMETER);
      EXPECT_EQ(raw->SetInformation(raw, &media, nullptr, 8), EFI_INVALID_PARAMETER);
      EXPECT_EQ(raw->SetInformation(raw, &media, &size, 8), EFI_WRITE_PROTECTED);
      EXPECT_EQ(raw->SetInformation(raw, &ipv6, &size, 8), EFI_WRITE_PROTECTED);
      EXPECT_EQ(raw->SetInformation(raw, &unknown, &size, 8), EFI_UNSUPPORTED);
      EFI_GUID* types = nullptr;
      UINTN count = 0;
      EXPECT_EQ(raw->GetSupportedTypes(nullptr, &types, &count), EFI_INVALID_PARAMETER);
      EXPECT_EQ(raw->GetSupportedTypes(raw, nullptr, &count), EFI_INVALID_PARAMETER);
      EXPECT_EQ(raw->GetSupportedTypes(raw, &types, nullptr), EFI_INVALID_PARAMETER);
      ASSERT_EQ(raw->GetSupportedTypes(raw, &types, &count), EFI_SUCCESS);
      ASSERT_EQ(count, 2U);
      EXPECT_TRUE(same_guid(types[0], kMediaState));
      EXPECT_TRUE(same_guid(types[1], kIpv6Support));
      for (UINTN i = 0; i < count; ++i) {
        ASSERT_EQ(raw->GetInformation(raw, &types[i], &block, &size), EFI_SUCCESS);
        boot.FreePool(block);
      }
      boot.FreePool(types);
      for (EFI_GUID* type : {&media, &ipv6}) {
        fake.fail(fake::Call::allocate_pool, EFI_OUT_OF_RESOURCES);
        EXPECT_EQ(raw->GetInformation(raw, type, &block, &size), EFI_OUT_OF_RESOURCES);
        EXPECT_EQ(block, nullptr);
      }
      fake.fail(fake::Call::allocate_pool, EFI_OUT_OF_RESOURCES);
      EXPECT_EQ(raw->GetSupportedTypes(raw, &types, &count), EFI_OUT_OF_RESOURCES);
      EXPECT_EQ(fake.tpl, level);
      boot.RestoreTPL(before);
    }
  };
  all();
  ASSERT_EQ(snp->Start(snp), EFI_SUCCESS);
  all();
  ASSERT_EQ(snp->Initialize(snp, 0, 0), EFI_SUCCESS);
  all();
}

TEST_F(AdapterInformationTest, ANicThatDoesNotStartHasNoMediaState) {
  device.start_error = Error(err::base_no_memory);
  void* block = nullptr;
  UINTN size = 0;
  EXPECT_EQ(raw->GetInformation(raw, &media, &block, &size), EFI_DEVICE_ERROR);
  device.start_error.reset();
  EXPECT_EQ(state(), EFI_SUCCESS);
}

}  // namespace
}  // namespace kedge::uefi
