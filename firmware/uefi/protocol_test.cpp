// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/protocol.h"

#include <gtest/gtest.h>

#include "tests/fake/uefi.h"
#include "uefi/power.h"

namespace kedge::uefi {
namespace {

using Snp = EFI_SIMPLE_NETWORK_PROTOCOL;

struct ProtocolTest : testing::Test {
  fake::FakeFirmware fake;
  const Firmware& firmware = fake.firmware();
  Snp snp{};
  Handle handle{fake.add_protocol(nullptr, &snp)};
  std::size_t ours() { return fake.open_count(firmware.image().raw()); }
};

TEST_F(ProtocolTest, APeekLeavesNoRecord) {
  EXPECT_EQ(peek<Snp>(firmware, handle), &snp);
  EXPECT_EQ(peek<EFI_PCI_IO_PROTOCOL>(firmware, handle), nullptr);
  EXPECT_EQ(peek<Snp>(firmware, Handle()), nullptr);
  EXPECT_EQ(ours(), 0U);
}

TEST_F(ProtocolTest, EachWayOfOpeningClosesExactlyItself) {
  const Handle child(fake.add_handle());
  auto driven = Driven<Snp>::open(firmware, handle, Evict::no);
  auto pinned = Pinned<Snp>::open(firmware, handle);
  auto by_child = Child<Snp>::open(firmware, handle, child);
  ASSERT_TRUE(driven.ok() && pinned.ok() && by_child.ok());
  EXPECT_EQ(driven->get(), &snp);
  EXPECT_EQ(ours(), 3U);
  (void)peek<Snp>(firmware, handle);
  EXPECT_EQ(ours(), 3U);
  pinned->close();
  EXPECT_EQ(ours(), 2U);
  EXPECT_FALSE(*pinned);
  by_child->close();
  ASSERT_EQ(ours(), 1U);
  EXPECT_EQ(fake.opens(handle.raw(), kGuid<Snp>)[0].attributes,
            UINT32{EFI_OPEN_PROTOCOL_BY_DRIVER});
  Driven<Snp> moved = *std::move(driven);
  EXPECT_EQ(ours(), 1U);
  moved = Driven<Snp>();
  EXPECT_EQ(ours(), 0U);
  EXPECT_TRUE(fake.violations.empty());
}

TEST_F(ProtocolTest, ADeviceThatAnotherDriverHoldsIsRefusedUnlessItIsEvicted) {
  const EFI_HANDLE other = fake.add_handle();
  fake.add_open(handle.raw(), kGuid<Snp>, other, handle.raw(), EFI_OPEN_PROTOCOL_BY_DRIVER);
  auto refused = Driven<Snp>::open(firmware, handle, Evict::no);
  ASSERT_FALSE(refused.ok());
  EXPECT_TRUE(refused.error() == err::uefi_open_failed);
  EXPECT_TRUE(Driven<Snp>::open(firmware, handle, Evict::yes).ok());
  EXPECT_EQ(ours(), 0U);
}

TEST_F(ProtocolTest, AHandleThatWentAwayIsClosedWithoutHarm) {
  auto driven = Driven<Snp>::open(firmware, handle, Evict::no);
  fake.remove_protocol(handle.raw(), kGuid<Snp>);
  driven->close();
  EXPECT_TRUE(fake.violations.empty());
}

TEST_F(ProtocolTest, InstallationsAreTakenBackInReverse) {
  const std::size_t handles = fake.handle_count();
  {
    Installation installation(firmware);
    EFI_LOAD_FILE2_PROTOCOL load{};
    ASSERT_TRUE(installation.install(&snp).ok());
    ASSERT_TRUE(installation.install(&load).ok());
    EXPECT_EQ(fake.handle_count(), handles + 1);
    EXPECT_EQ(fake.interface(installation.handle().raw(), kGuid<Snp>), &snp);
  }
  EXPECT_EQ(fake.handle_count(), handles);
}

TEST_F(ProtocolTest, ARefusedUninstallIsToldAndCanBeTriedAgain) {
  const std::size_t handles = fake.handle_count();
  Installation installation(firmware);
  EFI_LOAD_FILE2_PROTOCOL load{};
  ASSERT_TRUE(installation.install(&snp).ok());
  ASSERT_TRUE(installation.install(&load).ok());
  const EFI_HANDLE installed = installation.handle().raw();
  fake.fail(fake::Call::uninstall_protocol, EFI_ACCESS_DENIED);
  EXPECT_FALSE(installation.remove());
  EXPECT_EQ(installation.handle().raw(), installed);
  EXPECT_EQ(fake.interface(installed, kGuid<Snp>), nullptr);
  EXPECT_EQ(fake.interface(installed, kGuid<EFI_LOAD_FILE2_PROTOCOL>), &load);
  EXPECT_TRUE(installation.remove());
  EXPECT_FALSE(installation.handle());
  EXPECT_EQ(fake.handle_count(), handles);
}

TEST_F(ProtocolTest, WhatSomebodyElseHasUninstalledIsGone) {
  Installation installation(firmware);
  ASSERT_TRUE(installation.install(&snp).ok());
  EFI_LOAD_FILE2_PROTOCOL load{};
  ASSERT_TRUE(installation.install(&load).ok());
  fake.remove_protocol(installation.handle().raw(), kGuid<Snp>);
  EXPECT_TRUE(installation.remove());
}

TEST_F(ProtocolTest, AFailedInstallationLeavesNothing) {
  const std::size_t handles = fake.handle_count();
  {
    Installation installation(firmware);
    fake.fail(fake::Call::install_protocol, EFI_OUT_OF_RESOURCES, 1);
    EFI_LOAD_FILE2_PROTOCOL load{};
    ASSERT_TRUE(installation.install(&snp).ok());
    EXPECT_FALSE(installation.install(&load).ok());
  }
  EXPECT_EQ(fake.handle_count(), handles);
}

TEST_F(ProtocolTest, TplGuardsRaiseAndRestoreInOneCallEach) {
  EXPECT_EQ(firmware.current_tpl(), EFI_TPL{TPL_APPLICATION});
  {
    const TplGuard outer(firmware, TPL_CALLBACK);
    EXPECT_EQ(firmware.current_tpl(), EFI_TPL{TPL_CALLBACK});
    {
      const TplGuard inner(firmware, TPL_NOTIFY);
      EXPECT_EQ(firmware.current_tpl(), EFI_TPL{TPL_NOTIFY});
    }
    EXPECT_EQ(firmware.current_tpl(), EFI_TPL{TPL_CALLBACK});
    const TplGuard same(firmware, TPL_CALLBACK);
    EXPECT_EQ(firmware.current_tpl(), EFI_TPL{TPL_CALLBACK});
  }
  EXPECT_EQ(firmware.current_tpl(), EFI_TPL{TPL_APPLICATION});
  EXPECT_TRUE(fake.violations.empty());
}

TEST_F(ProtocolTest, PowerResetsAndAsksForSetupWhereThatIsPossible) {
  FirmwarePower power(firmware);
  EXPECT_FALSE(power.reboot(port::Power::Reset::firmware_setup).ok());
  EXPECT_TRUE(fake.resets.empty());
  fake.variables[u"OsIndicationsSupported"] = std::vector<std::byte>(8, std::byte{0xff});
  EXPECT_FALSE(power.reboot(port::Power::Reset::firmware_setup).ok());  // the fake returns
  ASSERT_EQ(fake.variables[u"OsIndications"].size(), 8U);
  EXPECT_EQ(fake.variables[u"OsIndications"][0], std::byte{1});
  (void)power.reboot(port::Power::Reset::warm);
  (void)power.power_off();
  EXPECT_EQ(fake.resets,
            (std::vector<EFI_RESET_TYPE>{EfiResetCold, EfiResetWarm, EfiResetShutdown}));
}

TEST_F(ProtocolTest, TheWatchdogIsHeldOff) {
  firmware.set_watchdog(Duration::seconds(0));
  EXPECT_EQ(fake.watchdog_s, 0);
}

}  // namespace
}  // namespace kedge::uefi
