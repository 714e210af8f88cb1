// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "app/option_channels.h"

#include <gtest/gtest.h>

#include "tests/fake/fw_cfg.h"
#include "tests/fake/uefi.h"

namespace kedge::app {
namespace {

constexpr wire::MacAddress kMac({0x52, 0x54, 0x00, 0x12, 0x34, 0x56});

struct OptionChannelsTest : testing::Test {
  fake::FakeFirmware fake;
  fake::FakeFwCfg fw_cfg;
  std::vector<std::byte> table;
  std::array<std::byte, 31> entry{};

  void set_variable(const std::u16string& name, std::string_view value) {
    const ByteView bytes = as_byte_view(value);
    fake.variables[name].assign(bytes.begin(), bytes.end());
    fake.variable_vendors[name] = kOptionVendor;
  }
  /// DSP0134 7.12: a structure of type 11 with these strings.
  void set_oem_strings(std::initializer_list<std::string_view> strings) {
    std::string bytes{11, 5, 0, 1, static_cast<char>(strings.size())};
    for (const std::string_view text : strings) {
      bytes += text;
      bytes += '\0';
    }
    bytes += '\0';
    bytes += std::string{127, 4, 1, 1, 0, 0};
    const ByteView view = as_byte_view(bytes);
    table.assign(view.begin(), view.end());
    ByteWriter writer(entry);
    writer.text("_SM3_");
    writer.zeros(7);
    writer.le32(static_cast<std::uint32_t>(table.size()));
    writer.le64(reinterpret_cast<std::uint64_t>(table.data()));
    fake.add_configuration_table(SMBIOS3_TABLE_GUID, entry.data());
  }
  NicOptions read(std::string_view only = {}) {
    return read_boot_options(fake.firmware(), &fw_cfg, kMac, only)
        .resolve(kMac, Personality::driver);
  }
};

TEST_F(OptionChannelsTest, WithoutAnyChannelNothingIsSaid) {
  const NicOptions found =
      read_boot_options(fake.firmware(), nullptr, kMac).resolve(kMac, Personality::takeover);
  EXPECT_EQ(found.personality, Personality::takeover);
  EXPECT_TRUE(found.settings.empty() && found.problems.empty() && found.url.empty());
}

TEST_F(OptionChannelsTest, ReadsVariablesOfOurVendor) {
  set_variable(u"personality", "takeover");
  set_variable(u"52:54:00:12:34:56:url", "http://192.0.2.1/a");
  fake.variables[u"hostname"] = {std::byte{'x'}};  // another vendor's
  const NicOptions found = read();
  EXPECT_EQ(found.personality, Personality::takeover);
  EXPECT_EQ(found.url, "http://192.0.2.1/a");
  EXPECT_TRUE(found.settings.empty());
}

TEST_F(OptionChannelsTest, ReadsOemStrings) {
  set_oem_strings({"vendor text", "kedge:personality=both",
                   "kedge:52:54:00:12:34:56:url=http://192.0.2.1/b?a=b", "kedge:hostname=vm1"});
  const NicOptions found = read();
  EXPECT_EQ(found.personality, Personality::both);
  EXPECT_EQ(found.url, "http://192.0.2.1/b?a=b");
  ASSERT_EQ(found.settings.size(), 1U);
  EXPECT_EQ(found.settings[0].value, "vm1");
}

TEST_F(OptionChannelsTest, ReadsFwCfgFiles) {
  fw_cfg.add("opt/org.kedge/personality", "both\n");
  fw_cfg.add("opt/org.kedge/52:54:00:12:34:56/personality", "takeover");
  fw_cfg.add("opt/org.kedge/script", "#!ipxe\nshell\n");
  fw_cfg.add("opt/org.kedger/url", "http://192.0.2.1/no");
  const NicOptions found = read();
  EXPECT_EQ(found.personality, Personality::takeover);
  EXPECT_EQ(found.script, "#!ipxe\nshell");
  EXPECT_EQ(found.url, "");
}

TEST_F(OptionChannelsTest, FwCfgBeatsSmbiosBeatsVariables) {
  set_variable(u"personality", "takeover");
  set_variable(u"url", "http://192.0.2.1/variable");
  set_variable(u"hostname", "variable");
  set_oem_strings({"kedge:personality=both", "kedge:url=http://192.0.2.1/smbios"});
  fw_cfg.add("opt/org.kedge/personality", "driver");
  const NicOptions found = read();
  EXPECT_EQ(found.personality, Personality::driver);
  EXPECT_EQ(found.url, "http://192.0.2.1/smbios");
  ASSERT_EQ(found.settings.size(), 1U);
  EXPECT_EQ(found.settings[0].value, "variable");
}

TEST_F(OptionChannelsTest, ForThePersonalityNothingElseIsRead) {
  set_variable(u"52:54:00:12:34:56:personality", "takeover");
  set_variable(u"url", "http://192.0.2.1/variable");
  set_oem_strings({"kedge:hostname=vm1"});
  fw_cfg.add("opt/org.kedge/script", "shell");
  const NicOptions found = read(kPersonalityOption);
  EXPECT_EQ(found.personality, Personality::takeover);
  EXPECT_TRUE(found.url.empty() && found.script.empty() && found.settings.empty());
}

TEST_F(OptionChannelsTest, ATooLargeFileIsAProblemNotATruncatedValue) {
  fw_cfg.add("opt/org.kedge/hostname", std::string(1 << 20, 'x'));
  const NicOptions found = read();
  EXPECT_TRUE(found.settings.empty());
  EXPECT_EQ(found.problems.size(), 1U);
}

}  // namespace
}  // namespace kedge::app
