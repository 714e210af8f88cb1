// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "app/boot_options.h"

#include <gtest/gtest.h>

#include "app/personality_errors.h"
#include "wire/wire_errors.h"

namespace kedge::app {
namespace {

constexpr wire::MacAddress kMac({0x52, 0x54, 0x00, 0x12, 0x34, 0x56});
constexpr wire::MacAddress kOther({0x52, 0x54, 0x00, 0x12, 0x34, 0x57});

struct BootOptionsTest : testing::Test {
  BootOptions options;

  NicOptions resolve(Personality fallback = Personality::driver) const {
    return options.resolve(kMac, fallback);
  }
  const ErrorSite* only_problem() const {
    const NicOptions found = resolve();
    return found.problems.size() == 1 ? &found.problems[0].error.site() : nullptr;
  }
};

TEST_F(BootOptionsTest, WithoutAnyTheBuildsPersonalityCounts) {
  EXPECT_EQ(resolve(Personality::both).personality, Personality::both);
  EXPECT_EQ(resolve(Personality::takeover).personality, Personality::takeover);
}

TEST_F(BootOptionsTest, AStrongerChannelBeatsAWeakerOne) {
  options.add(Channel::fw_cfg, "personality", "both");
  options.add(Channel::smbios, "personality", "takeover");
  options.add(Channel::variable, "personality", "driver");
  EXPECT_EQ(resolve(Personality::takeover).personality, Personality::both);
}

TEST_F(BootOptionsTest, EachChannelBeatsTheBuild) {
  for (const Channel channel : {Channel::variable, Channel::smbios, Channel::fw_cfg}) {
    BootOptions one;
    one.add(channel, "personality", "both");
    EXPECT_EQ(one.resolve(kMac, Personality::driver).personality, Personality::both);
  }
}

TEST_F(BootOptionsTest, WithinAChannelANicsOwnOptionBeatsTheGeneralOne) {
  options.add(Channel::smbios, "personality", "driver");
  options.add(Channel::smbios, "52:54:00:12:34:56:personality", "takeover");
  EXPECT_EQ(resolve().personality, Personality::takeover);
  EXPECT_EQ(options.resolve(kOther, Personality::both).personality, Personality::driver);
}

TEST_F(BootOptionsTest, AGeneralOptionOfAStrongerChannelBeatsANicsOwnOfAWeakerOne) {
  options.add(Channel::variable, "52:54:00:12:34:56:personality", "takeover");
  options.add(Channel::fw_cfg, "personality", "driver");
  EXPECT_EQ(resolve(Personality::both).personality, Personality::driver);
}

TEST_F(BootOptionsTest, OfTwoWithTheSameKeyTheFirstCounts) {
  options.add(Channel::smbios, "personality", "both");
  options.add(Channel::smbios, "personality", "takeover");
  EXPECT_EQ(resolve().personality, Personality::both);
}

TEST_F(BootOptionsTest, AMalformedPersonalityIsAProblemAndLeavesTheNextChannelItsSay) {
  options.add(Channel::smbios, "personality", "both");
  options.add(Channel::fw_cfg, "personality", "Takeover");
  const NicOptions found = resolve();
  EXPECT_EQ(found.personality, Personality::both);
  ASSERT_EQ(found.problems.size(), 1U);
  EXPECT_EQ(found.problems[0].channel, Channel::fw_cfg);
  EXPECT_EQ(found.problems[0].key, "personality");
  EXPECT_EQ(found.problems[0].error, err::personality_unknown);
}

TEST_F(BootOptionsTest, ProblemsOfOtherNicsAreNotOurs) {
  options.add(Channel::fw_cfg, "52:54:00:12:34:57/personality", "none");
  EXPECT_TRUE(resolve().problems.empty());
  EXPECT_EQ(options.resolve(kOther, Personality::driver).problems.size(), 1U);
}

TEST_F(BootOptionsTest, WhatEditorsAndProgramsAddAtTheEndIsCutOff) {
  options.add(Channel::fw_cfg, "personality", "takeover\r\n");
  options.add(Channel::fw_cfg, "url", std::string_view("http://192.0.2.1/x\0", 19));
  EXPECT_EQ(resolve().personality, Personality::takeover);
  EXPECT_EQ(resolve().url, "http://192.0.2.1/x");
}

TEST_F(BootOptionsTest, AnEmptyValueIsAsGoodAsNone) {
  options.add(Channel::smbios, "url", "http://192.0.2.1/x");
  options.add(Channel::fw_cfg, "url", "\n");
  EXPECT_EQ(resolve().url, "http://192.0.2.1/x");
  EXPECT_TRUE(resolve().problems.empty());
}

TEST_F(BootOptionsTest, KeepsTheLinesOfAScript) {
  options.add(Channel::fw_cfg, "52:54:00:12:34:56/script", "#!ipxe\n\techo one\nshell\n");
  EXPECT_EQ(resolve().script, "#!ipxe\n\techo one\nshell");
}

TEST_F(BootOptionsTest, EverythingElseIsASetting) {
  options.add(Channel::variable, "hostname", "ignored");
  options.add(Channel::fw_cfg, "hostname", "vm1");
  options.add(Channel::fw_cfg, "net0/dns", "192.0.2.53");
  const NicOptions found = resolve();
  ASSERT_EQ(found.settings.size(), 2U);
  EXPECT_EQ(found.settings[0].name, "hostname");
  EXPECT_EQ(found.settings[0].value, "vm1");
  EXPECT_EQ(found.settings[1].name, "net0/dns");
}

struct BadCase {
  const char* name;
  std::string key;
  std::string value;
  const ErrorSite* site;
};
class BadOption : public testing::TestWithParam<BadCase> {};

TEST_P(BadOption, IsAProblemAndDoesNotCount) {
  BootOptions options;
  options.add(Channel::smbios, GetParam().key, GetParam().value);
  const NicOptions found = options.resolve(kMac, Personality::driver);
  EXPECT_TRUE(found.url.empty());
  EXPECT_TRUE(found.script.empty());
  EXPECT_TRUE(found.settings.empty());
  ASSERT_EQ(found.problems.size(), 1U);
  EXPECT_EQ(&found.problems[0].error.site(), GetParam().site);
  for (const char c : found.problems[0].key) EXPECT_TRUE(c >= ' ' && c <= '~');
}

INSTANTIATE_TEST_SUITE_P(
    Each, BadOption,
    testing::Values(
        BadCase{"RelativeUrl", "url", "boot.ipxe", &err::personality_bad_url},
        BadCase{"UrlWithoutHost", "url", "http:boot", &err::personality_bad_url},
        BadCase{"HugeScript", "script", std::string(BootOptions::kScriptBytesMax + 1, 'x'),
                &err::personality_too_large},
        BadCase{"HugeValue", "hostname", std::string(BootOptions::kValueBytesMax + 1, 'x'),
                &err::personality_too_large},
        BadCase{"Binary", "hostname", std::string("a\x01z"), &err::personality_not_text},
        BadCase{"NoName", "52:54:00:12:34:56:", "x", &err::personality_bad_name},
        BadCase{"OddName", "ho\x1bst", "x", &err::personality_bad_name},
        BadCase{"LongName", std::string(BootOptions::kKeyBytesMax + 1, 'n'), "x",
                &err::personality_bad_name}),
    [](const auto& info) { return info.param.name; });

TEST_F(BootOptionsTest, CountsAreBounded) {
  for (std::size_t i = 0; i < BootOptions::kEntriesMax; ++i) {
    options.add(Channel::smbios, format("s{}", i), "1");
  }
  EXPECT_EQ(only_problem(), nullptr);
  options.add(Channel::smbios, "one-more", "1");
  EXPECT_EQ(only_problem(), &err::personality_too_many);
  EXPECT_EQ(resolve().settings.size(), BootOptions::kEntriesMax);
  for (std::size_t i = 0; i < 100; ++i) options.add(Channel::smbios, "url", "bad");
  EXPECT_EQ(resolve().problems.size(), BootOptions::kProblemsMax);
}

TEST_F(BootOptionsTest, VlansAreAnOptionOfTheirOwn) {
  options.add(Channel::variable, "vlan", "100");
  options.add(Channel::smbios, "vlan", "42:5,0\n");
  const NicOptions found = resolve();
  ASSERT_EQ(found.vlans.tags().size(), 2U);
  EXPECT_EQ(found.vlans.tags()[0], (wire::VlanTag{42, 5}));
  EXPECT_TRUE(found.vlans.tags()[1].is_none());
  EXPECT_TRUE(found.settings.empty()) << "no setting of scripts";
}

TEST_F(BootOptionsTest, MalformedVlansAreAProblemAndLeaveTheNextChannelItsSay) {
  options.add(Channel::smbios, "vlan", "42");
  options.add(Channel::fw_cfg, "vlan", "4095");
  const NicOptions found = resolve();
  EXPECT_EQ(only_problem(), &err::wire_bad_vlan);
  ASSERT_EQ(found.vlans.tags().size(), 1U);
  EXPECT_EQ(found.vlans.tags()[0].id, 42);
}

TEST_F(BootOptionsTest, WithoutTheOptionNobodyHasSaidAnythingOfVlans) {
  EXPECT_TRUE(resolve().vlans.empty());
}

}  // namespace
}  // namespace kedge::app
