// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "tests/fake/fw_cfg.h"

#include <gtest/gtest.h>

#include "tests/fake/uefi.h"

namespace kedge::uefi {
namespace {

struct FwCfgTest : testing::Test {
  fake::FakeFirmware fake;
  fake::FakeFwCfg device;
};

TEST_F(FwCfgTest, FindsFilesByTheBeginningOfTheirNames) {
  device.add("bootorder", "/pci@i0cf8");
  device.add("opt/org.kedge/url", "http://192.0.2.1/");
  device.add("opt/org.other/url", "no");
  auto fw_cfg = FwCfg::open(fake.firmware(), &device);
  ASSERT_TRUE(fw_cfg.has_value());
  const auto files = fw_cfg->list("opt/org.kedge/");
  ASSERT_EQ(files.size(), 1U);
  EXPECT_EQ(files[0].name, "opt/org.kedge/url");
  EXPECT_EQ(as_text(fw_cfg->read(files[0], 100)), "http://192.0.2.1/");
  EXPECT_EQ(as_text(fw_cfg->read(files[0], 4)), "http");
  EXPECT_EQ(fake.tpl, TPL_APPLICATION);
}

TEST_F(FwCfgTest, IsNotThereWithoutItsSignature) {
  device.signature = "BHYV";
  EXPECT_FALSE(FwCfg::open(fake.firmware(), &device).has_value());
  device.signature = "";
  EXPECT_FALSE(FwCfg::open(fake.firmware(), &device).has_value());
  EXPECT_FALSE(FwCfg::open(fake.firmware(), nullptr).has_value());
}

TEST_F(FwCfgTest, BoundsADirectoryThatClaimsToBeEndless) {
  device.directory = std::string("\xff\xff\xff\xff", 4);
  auto fw_cfg = FwCfg::open(fake.firmware(), &device);
  ASSERT_TRUE(fw_cfg.has_value());
  EXPECT_EQ(fw_cfg->list("").size(), FwCfg::kFilesMax);
  EXPECT_TRUE(fw_cfg->list("opt/").empty());
}

TEST_F(FwCfgTest, TakesANameWithoutZeroAtItsFullLength) {
  const std::string name = "opt/org.kedge/52:54:00:12:34:56/" + std::string(24, 'x');
  ASSERT_EQ(name.size(), 56U);
  device.add(name, "1");
  auto fw_cfg = FwCfg::open(fake.firmware(), &device);
  const auto files = fw_cfg->list("opt/org.kedge/");
  ASSERT_EQ(files.size(), 1U);
  EXPECT_EQ(files[0].name, name);
}

}  // namespace
}  // namespace kedge::uefi
