// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/rng_producer.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/fake/uefi.h"

namespace kedge::uefi {
namespace {

unsigned dispatches = 0;
EFI_STATUS EFIAPI count_dispatch() {
  ++dispatches;
  return EFI_SUCCESS;
}

struct RngProducerTest : testing::Test {
  fake::FakeFirmware fake;
  fake::FakeCpu cpu{fake};
  EFI_DXE_SERVICES services{};
  std::uint64_t word = 0x9e3779b97f4a7c15;
  RngProducer rng{fake.firmware(), cpu};

  RngProducerTest() {
    dispatches = 0;
    services.Dispatch = count_dispatch;
    fake.add_configuration_table(kDxeServicesTable, &services);
    cpu.next_random = [this] {
      return std::optional(word = word * 6364136223846793005U + 1442695U);
    };
  }
  EFI_RNG_PROTOCOL* installed() {
    const auto handles = fake.firmware().locate<EFI_RNG_PROTOCOL>();
    return handles.empty() ? nullptr : peek<EFI_RNG_PROTOCOL>(fake.firmware(), handles.front());
  }
};

TEST_F(RngProducerTest, AFirmwareWithoutGeneratorGetsOursAndItsDriversAreDispatched) {
  rng.heal();
  EXPECT_TRUE(rng.installed());
  EXPECT_EQ(dispatches, 1U);
  auto* raw = installed();
  ASSERT_NE(raw, nullptr);
  UINT8 first[64]{};
  UINT8 second[64]{};
  EXPECT_EQ(raw->GetRNG(raw, nullptr, sizeof(first), first), EFI_SUCCESS);
  EXPECT_EQ(raw->GetRNG(raw, nullptr, sizeof(second), second), EFI_SUCCESS);
  EXPECT_FALSE(std::equal(std::begin(first), std::end(first), second));
  EXPECT_EQ(fake.tpl, TPL_APPLICATION);
}

TEST_F(RngProducerTest, AFirmwareWithAGeneratorKeepsIt) {
  EFI_RNG_PROTOCOL other{};
  fake.add_protocol(nullptr, &other);
  rng.heal();
  EXPECT_FALSE(rng.installed());
  EXPECT_EQ(dispatches, 0U);
}

// Whether it has one is not known then.
TEST_F(RngProducerTest, AFirmwareThatDoesNotTellIsLeftAlone) {
  fake.fail(fake::Call::locate_protocol, EFI_OUT_OF_RESOURCES);
  rng.heal();
  EXPECT_FALSE(rng.installed());
  EXPECT_EQ(dispatches, 0U);
}

TEST_F(RngProducerTest, WithoutAHealthySourceNothingIsPromised) {
  cpu.next_random = [] { return std::optional<std::uint64_t>(7); };
  cpu.hz = 0;
  rng.heal();
  EXPECT_FALSE(rng.installed());
  EXPECT_EQ(dispatches, 0U);
}

TEST_F(RngProducerTest, WhatCannotBeInstalledLeavesNothing) {
  fake.fail(fake::Call::install_protocol, EFI_OUT_OF_RESOURCES);
  rng.heal();
  EXPECT_FALSE(rng.installed());
  EXPECT_EQ(dispatches, 0U);
  EXPECT_EQ(installed(), nullptr);
}

TEST_F(RngProducerTest, ItIsGoneWithItsImage) {
  const std::size_t handles = fake.handle_count();
  {
    RngProducer other(fake.firmware(), cpu);
    other.heal();
    EXPECT_EQ(fake.handle_count(), handles + 1);
  }
  EXPECT_EQ(fake.handle_count(), handles);
}

TEST_F(RngProducerTest, WhatTheFirmwareDoesNotLetGoWorksOn) {
  rng.heal();
  fake.fail(fake::Call::uninstall_protocol, EFI_ACCESS_DENIED);
  EXPECT_FALSE(rng.remove());
  EXPECT_TRUE(rng.installed());
  UINT8 value[16]{};
  auto* raw = installed();
  ASSERT_NE(raw, nullptr);
  EXPECT_EQ(raw->GetRNG(raw, nullptr, sizeof(value), value), EFI_SUCCESS);
  EXPECT_TRUE(rng.remove());
  EXPECT_FALSE(rng.installed());
  EXPECT_EQ(installed(), nullptr);
}

TEST_F(RngProducerTest, EveryFunctionAnswersAsDocumentedAtEveryLevel) {
  rng.heal();
  auto* raw = installed();
  ASSERT_NE(raw, nullptr);
  for (const EFI_TPL level : {TPL_APPLICATION, TPL_CALLBACK, TPL_NOTIFY}) {
    const EFI_TPL before = fake.table().BootServices->RaiseTPL(level);
    UINTN size = 0;
    EFI_RNG_ALGORITHM list{};
    EXPECT_EQ(raw->GetInfo(nullptr, &size, &list), EFI_INVALID_PARAMETER);
    EXPECT_EQ(raw->GetInfo(raw, nullptr, &list), EFI_INVALID_PARAMETER);
    EXPECT_EQ(raw->GetInfo(raw, &size, nullptr), EFI_BUFFER_TOO_SMALL);
    EXPECT_EQ(size, sizeof(list));
    EXPECT_EQ(raw->GetInfo(raw, &size, nullptr), EFI_INVALID_PARAMETER);
    EXPECT_EQ(raw->GetInfo(raw, &size, &list), EFI_SUCCESS);
    UINT8 value[16];
    EXPECT_EQ(raw->GetRNG(raw, &list, sizeof(value), value), EFI_SUCCESS);
    EXPECT_EQ(raw->GetRNG(raw, &list, 0, value), EFI_INVALID_PARAMETER);
    EXPECT_EQ(raw->GetRNG(raw, &list, sizeof(value), nullptr), EFI_INVALID_PARAMETER);
    EXPECT_EQ(raw->GetRNG(raw, nullptr, 1 << 20, value), EFI_INVALID_PARAMETER);
    list.Data1 ^= 1;
    EXPECT_EQ(raw->GetRNG(raw, &list, sizeof(value), value), EFI_UNSUPPORTED);
    EXPECT_EQ(raw->GetRNG(nullptr, nullptr, sizeof(value), value), EFI_INVALID_PARAMETER);
    EXPECT_EQ(fake.tpl, level);
    fake.table().BootServices->RestoreTPL(before);
  }
  EXPECT_TRUE(fake.violations.empty());
}

TEST_F(RngProducerTest, AfterTheEndOfBootServicesNothingIsTouchedAtAnyLevel) {
  rng.heal();
  auto* raw = installed();
  ASSERT_NE(raw, nullptr);
  fake.firmware().end_boot_services();
  for (const EFI_TPL level : {TPL_APPLICATION, TPL_CALLBACK, TPL_NOTIFY}) {
    const fake::FakeFirmware::NoBootServices none(fake);
    fake.tpl = fake.highest_tpl = level;
    UINTN size = sizeof(EFI_RNG_ALGORITHM);
    EFI_RNG_ALGORITHM list{};
    UINT8 value[16]{};
    EXPECT_EQ(raw->GetInfo(raw, &size, &list), EFI_DEVICE_ERROR);
    EXPECT_EQ(raw->GetRNG(raw, nullptr, sizeof(value), value), EFI_DEVICE_ERROR);
    EXPECT_EQ(raw->GetInfo(nullptr, &size, &list), EFI_INVALID_PARAMETER);
    EXPECT_EQ(raw->GetRNG(nullptr, nullptr, sizeof(value), value), EFI_INVALID_PARAMETER);
    EXPECT_TRUE(std::ranges::all_of(value, [](UINT8 byte) { return byte == 0; }));
    EXPECT_EQ(list.Data1, 0U);
    EXPECT_EQ(fake.highest_tpl, level);
  }
  fake.tpl = TPL_APPLICATION;
}

}  // namespace
}  // namespace kedge::uefi
