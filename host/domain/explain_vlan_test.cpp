// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Which VLANs Kedge's boots are in, by ROM, personality and channel; and who hears that his are in
// vain.
#include <gmock/gmock.h>

#include "domain/domain_test_host.h"
#include "domain/explain_json.h"
#include "domain/kedge_options.h"

using namespace kedge;
using namespace kedge::host;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

namespace {

constexpr const char* kSmbios = "<smbios mode='sysinfo'/>";
constexpr const char* kSecondMac = "52:54:00:00:00:02";

FirmwareReport with_variable(const char* name, const char* value) {
  FirmwareReport firmware = uefi_firmware();
  firmware.variables = VariableStore{
      .variables = {{.name = name, .vendor = parse_guid(kKedgeVariableVendor), .data = value}}};
  return firmware;
}

class ExplainVlan : public testing::Test {
 protected:
  // NICs with a ROM of Kedge's that has this personality unless the domain says otherwise.
  std::string nics(const std::string& personality) const {
    const std::string rom = "<rom file='" + host_.kedge_rom("k.rom", personality) + "'/>";
    return nic("virtio", rom) + nic("virtio", rom, kSecondMac);
  }
  Explanation ask(const TestDomain& domain, FirmwareReport firmware = uefi_firmware()) const {
    Explanation all = explain_with(domain.read(), host_.facts, std::move(firmware));
    EXPECT_FALSE(all.interfaces.empty());
    return all;
  }
  // Of each interface.
  std::vector<std::string> texts(const TestDomain& domain,
                                 FirmwareReport firmware = uefi_firmware()) const {
    std::vector<std::string> texts;
    for (const InterfaceReport& report : ask(domain, std::move(firmware)).interfaces) {
      texts.push_back(report.vlans_fact.text);
    }
    return texts;
  }

  TestHost host_;
};

TEST_F(ExplainVlan, AreShownWithTheirSourceWhereKedgeBoots) {
  const Explanation all =
      ask({.os = kSmbios, .more = oem_string("vlan=42:5,43"), .devices = nics("takeover")});
  EXPECT_THAT(all.interfaces[0].vlans, ElementsAre(wire::VlanTag{42, 5}, wire::VlanTag{43, 0}));
  EXPECT_EQ(all.interfaces[0].vlans_fact.text, "42 (priority 5), then 43");
  EXPECT_THAT(all.interfaces[0].vlans_fact.source, HasSubstr("SMBIOS OEM string (XML line"));
  EXPECT_THAT(format_explanation(all), HasSubstr("  VLANs     42 (priority 5), then 43\n"
                                                 "            [SMBIOS OEM string"));
  EXPECT_THAT(all.notes, IsEmpty());
  EXPECT_THAT(all.warnings, IsEmpty());
}

TEST_F(ExplainVlan, InBothTheyAreOfKedgesBootOnly) {
  EXPECT_THAT(texts({.more = fw_cfg("vlan", "42"), .devices = nics("both")}),
              testing::Each("42; the firmware's own stack has VLANs of its own"));
}

TEST_F(ExplainVlan, WithoutTheOptionNothingIsSaid) {
  const Explanation all = ask({.devices = nics("takeover")});
  EXPECT_EQ(all.interfaces[0].vlans_fact.text, "");
  EXPECT_THAT(all.interfaces[0].vlans, IsEmpty());
  EXPECT_THAT(format_explanation(all), Not(HasSubstr("VLAN")));
}

TEST_F(ExplainVlan, CountByTheChannelAndThenByTheNic) {
  const std::string takeover = nics("takeover");
  const auto rom = [&](std::string more) {
    return TestDomain{.os = kSmbios, .more = std::move(more), .devices = takeover};
  };
  EXPECT_THAT(texts(rom(fw_cfg("52:54:00:00:00:02/vlan", "43"))), ElementsAre("", "43"));
  EXPECT_THAT(texts(rom(fw_cfg("vlan", "42") + fw_cfg("52:54:00:00:00:02/vlan", "43"))),
              ElementsAre("42", "43"));
  EXPECT_THAT(texts(rom(oem_string("52:54:00:00:00:01:vlan=44")), with_variable("vlan", "45")),
              ElementsAre("44", "45"));
  EXPECT_THAT(texts(rom(oem_string("52:54:00:00:00:01:vlan=44") + fw_cfg("vlan", "0"))),
              ElementsAre("0 (no VLAN)", "0 (no VLAN)"));
  EXPECT_THAT(texts(rom(""), with_variable("52:54:00:00:00:01:vlan", "46\n")),
              ElementsAre("46", ""));
}

TEST_F(ExplainVlan, AMalformedValueLeavesTheNextChannelItsSay) {
  const TestDomain domain{.os = kSmbios,
                          .more = oem_string("vlan=43") + fw_cfg("vlan", "4095"),
                          .devices = nics("takeover")};
  const Explanation all = ask(domain);
  EXPECT_EQ(all.interfaces[0].vlans_fact.text, "43");
  EXPECT_THAT(all.interfaces[0].vlans_fact.source, HasSubstr("OEM string"));
  ASSERT_THAT(warning_ids(all), ElementsAre("vlan-malformed"));
  EXPECT_EQ(
      all.warnings[0].text,
      "the VLANs \"4095\" make no sense and count as not given: \"4095\" is no VLAN: an ID from 0 "
      "to 4094, with a priority from 0 to 7");
  EXPECT_THAT(all.warnings[0].advice, HasSubstr("42:5,43"));
  EXPECT_THAT(all.warnings[0].source, HasSubstr("fw_cfg file opt/org.kedge/vlan"));
}

TEST_F(ExplainVlan, AMalformedValueAloneIsAsGoodAsNone) {
  for (const char* personality : {"takeover", "driver"}) {
    const Explanation all = ask({.more = fw_cfg("vlan", "42 43"), .devices = nics(personality)});
    EXPECT_EQ(all.interfaces[0].vlans_fact.text, "") << personality;
    EXPECT_THAT(all.notes, IsEmpty()) << personality;
    EXPECT_THAT(warning_ids(all), ElementsAre("vlan-malformed")) << personality;
  }
}

TEST_F(ExplainVlan, InTheDriverPersonalityANoteSaysThatTheyDoNothing) {
  const Explanation all = ask({.more = fw_cfg("52:54:00:00:00:02/vlan", "42") +
                                       fw_cfg("52:54:00:00:00:01/personality", "takeover"),
                               .devices = nics("driver")});
  EXPECT_THAT(all.notes,
              ElementsAre(AllOf(HasSubstr("interface 2: the option vlan from fw_cfg file"),
                                HasSubstr("does nothing for boots over this NIC"),
                                HasSubstr("the firmware's own VLAN configuration counts"))));
  for (const InterfaceReport& report : all.interfaces) EXPECT_EQ(report.vlans_fact.text, "");
  EXPECT_THAT(all.warnings, IsEmpty());
  EXPECT_THAT(format_explanation(all), HasSubstr("\nNote: interface 2: the option vlan"));
}

TEST_F(ExplainVlan, OtherRomsAndTheFirmwareTakeNoNotice) {
  const std::string option = fw_cfg("vlan", "42");
  const std::string off = nic("virtio", "<rom enabled='no'/>");
  for (const std::string& devices : {nic("virtio"), off}) {
    const Explanation all = ask({.more = option, .devices = devices});
    EXPECT_EQ(all.interfaces[0].vlans_fact.text, "") << devices;
    EXPECT_THAT(all.notes, IsEmpty()) << devices;
  }
}

TEST_F(ExplainVlan, WithoutTheOptionThoseThatTheFirmwareHasStoredCount) {
  FirmwareReport firmware = uefi_firmware();
  // 42 with priority 5, 43, and what is no VLAN.
  firmware.variables =
      VariableStore{.variables = {{.name = "525400000002",
                                   .vendor = parse_guid("9e23d768-d2f3-4366-9fc3-3a7aba864374"),
                                   .data = std::string("\x2a\xa0\x2b\x00\xff\x0f\x01", 7),
                                   .offset = 0x40}}};
  const Explanation all = ask({.devices = nics("takeover")}, firmware);
  EXPECT_THAT(all.interfaces[1].vlans, ElementsAre(wire::VlanTag{42, 5}, wire::VlanTag{43, 0}));
  EXPECT_EQ(all.interfaces[1].vlans_fact.text,
            "42 (priority 5), then 43, from the firmware's VLAN configuration");
  EXPECT_EQ(all.interfaces[1].vlans_fact.source,
            "EFI variable 525400000002 (offset 0x40 of the variable store)");
  EXPECT_THAT(all.interfaces[0].vlans, IsEmpty());
  EXPECT_THAT(texts({.more = fw_cfg("vlan", "0"), .devices = nics("takeover")}, firmware),
              ElementsAre("0 (no VLAN)", "0 (no VLAN)"));
  EXPECT_THAT(texts({.devices = nics("driver")}, firmware), ElementsAre("", ""));
}

TEST_F(ExplainVlan, WhereThePersonalityIsNotKnownTheyArePerhapsThose) {
  const std::string personality =
      "<sysinfo type='fwcfg'><entry name='opt/org.kedge/personality' file='/p'/>"
      "<entry name='opt/org.kedge/vlan'>42</entry></sysinfo>";
  EXPECT_THAT(texts({.more = personality, .devices = nics("driver")}),
              testing::Each("42; only if Kedge boots, which is not known"));
}

TEST_F(ExplainVlan, OfAFileThatIsNotReadTheyAreNotKnown) {
  const Explanation all =
      ask({.more = "<sysinfo type='fwcfg'><entry name='opt/org.kedge/vlan' file='/v'/></sysinfo>",
           .devices = nics("takeover")});
  EXPECT_THAT(all.interfaces[0].vlans_fact.text, HasSubstr("not known"));
  EXPECT_TRUE(json_explanation(all)["interfaces"][0]["vlans"].is_null());
  EXPECT_THAT(all.warnings, IsEmpty());
}

TEST_F(ExplainVlan, ProgramsReadThemAsNumbers) {
  const auto json = json_explanation(
      ask({.more = fw_cfg("52:54:00:00:00:01/vlan", "42:5,0"), .devices = nics("takeover")}));
  EXPECT_EQ(json["interfaces"][0]["vlans"],
            nlohmann::json::parse(R"([{"id":42,"priority":5},{"id":0,"priority":0}])"));
  EXPECT_EQ(json["interfaces"][0]["vlans_because"]["text"], "42 (priority 5), then 0 (no VLAN)");
  EXPECT_THAT(json["interfaces"][0]["vlans_because"]["source"].get<std::string>(),
              HasSubstr("opt/org.kedge/52:54:00:00:00:01/vlan"));
  EXPECT_TRUE(json["interfaces"][1]["vlans"].is_null());
  const auto note =
      json_explanation(ask({.more = fw_cfg("vlan", "42"), .devices = nics("driver")}));
  EXPECT_EQ(note["notes"].size(), 2U);
  EXPECT_TRUE(note["interfaces"][0]["vlans"].is_null());
}

}  // namespace
