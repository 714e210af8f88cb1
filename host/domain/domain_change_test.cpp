// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "domain/domain_change.h"

#include <gmock/gmock.h>

#include "domain/domain_store.h"
#include "domain/text_diff.h"
#include "domain/xml_edit.h"
#include "support/file.h"

using namespace kedge;
using namespace kedge::host;
using testing::HasSubstr;
using testing::Not;

namespace {

constexpr const char* kXml = R"(<!-- mine -->
<domain type='kvm'>
  <name>vm</name>
  <uuid>c0ffee00-0000-4000-8000-000000000001</uuid>
  <memory unit='MiB'>256</memory>
  <os>
    <type arch='x86_64' machine='q35'>hvm</type>
    <boot dev='network'/>
  </os>
  <devices>
    <disk type='file' device='disk'>
      <source file='/d'/>
      <target dev='vda' bus='virtio'/>
    </disk>
    <interface type='network'>
      <!-- the office -->
      <mac address="52:54:00:00:00:01"/>
      <source network='default'/>
      <model  type="virtio"  />
      <address type='pci' domain='0x0000' bus='0x01' slot='0x00' function='0x0'/>
    </interface>
    <interface type='network'>
      <mac address='52:54:00:00:00:02'/>
      <source network='default'/>
      <rom bar='on' file='/old.rom'/>
    </interface>
  </devices>
</domain>
)";

std::string changed(const DomainChange& change, const std::string& xml = kXml) {
  const auto result = change_domain(xml, change);
  return result ? *result : "failed: " + result.error().what;
}

// The lines that differ, with their signs.
std::string difference(const DomainChange& change, const std::string& xml = kXml) {
  const std::string diff = unified_diff(xml, changed(change, xml), "x");
  std::string lines;
  std::string_view rest = diff;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    const bool header = line.starts_with("---") || line.starts_with("+++");
    if (!header && (line.starts_with('+') || line.starts_with('-'))) {
      lines += std::string(line) + "\n";
    }
  }
  return lines;
}

void expect_valid(const std::string& xml) {
  const auto valid = validate_domain_xml(xml);
  ASSERT_TRUE(valid) << valid.error().what << valid.error().advice << "\n" << xml;
  EXPECT_EQ(*valid, "validated by libvirt's schema");
}

TEST(DomainChange, TakesTheRomAway) {
  EXPECT_EQ(difference({.rom = "off"}),
            "+      <rom enabled='no'/>\n"
            "-      <rom bar='on' file='/old.rom'/>\n"
            "+      <rom enabled='no'/>\n");
  EXPECT_EQ(difference({.interfaces = {"1"}, .rom = "off"}), "+      <rom enabled='no'/>\n");
  EXPECT_EQ(difference({.interfaces = {"1"}, .rom = "off", .rom_off_by_bar = true}),
            "+      <rom bar='off'/>\n");
  expect_valid(changed({.rom = "off"}));
}

TEST(DomainChange, GivesARomAndTakesItBack) {
  EXPECT_EQ(difference({.interfaces = {"52:54:00:00:00:01"}, .rom = "/a&b.rom"}),
            "+      <rom file='/a&amp;b.rom'/>\n");
  EXPECT_EQ(difference({.rom = "default"}), "-      <rom bar='on' file='/old.rom'/>\n");
  expect_valid(changed({.rom = "/a&b.rom"}));
}

TEST(DomainChange, DoesNothingTwice) {
  const DomainChange all{.interfaces = {"1"},
                         .rom = "off",
                         .personality = "driver",
                         .url = "http://a/b?c&d",
                         .vlan = "42:5,43",
                         .script = "#!ipxe\nshell\n",
                         .rng = true,
                         .boot_order = {"1", "vda"}};
  const std::string once = changed(all);
  EXPECT_NE(once, kXml);
  EXPECT_EQ(changed(all, once), once);
  expect_valid(once);
  DomainChange smbios = all;
  smbios.channel = OptionChannel::smbios;
  smbios.script = "none";
  const std::string other = changed(smbios, once);
  EXPECT_THAT(other, Not(HasSubstr("fwcfg")));
  EXPECT_EQ(changed(smbios, other), other);
  expect_valid(other);
}

TEST(DomainChange, SetsAPersonalityForAllOrForOne) {
  EXPECT_EQ(difference({.personality = "takeover"}),
            "+  <sysinfo type='fwcfg'>\n"
            "+    <entry name='opt/org.kedge/personality'>takeover</entry>\n"
            "+  </sysinfo>\n");
  const std::string one = changed({.interfaces = {"2"}, .personality = "driver"});
  EXPECT_THAT(one, HasSubstr("'opt/org.kedge/52:54:00:00:00:02/personality'>driver<"));
  // What is said for all replaces what was said for one.
  EXPECT_EQ(changed({.personality = "takeover"}, one), changed({.personality = "takeover"}));
  EXPECT_EQ(changed({.personality = "default"}, one), kXml);
}

TEST(DomainChange, SetsReplacesAndRemovesVlans) {
  const std::string first = changed({.vlan = "42:5"});
  EXPECT_EQ(difference({.vlan = "42:5"}),
            "+  <sysinfo type='fwcfg'>\n"
            "+    <entry name='opt/org.kedge/vlan'>42:5</entry>\n"
            "+  </sysinfo>\n");
  EXPECT_EQ(difference({.vlan = "0"}, first),
            "-    <entry name='opt/org.kedge/vlan'>42:5</entry>\n"
            "+    <entry name='opt/org.kedge/vlan'>0</entry>\n");
  EXPECT_EQ(changed({.vlan = "none"}, first), kXml);
  // Nothing else goes with them.
  const std::string url = changed({.url = "http://a/"});
  EXPECT_EQ(changed({.vlan = "none"}, changed({.vlan = "42"}, url)), url);
  expect_valid(first);
}

TEST(DomainChange, SetsVlansOfOneInterface) {
  const std::string one = changed({.interfaces = {"2"}, .vlan = "42"});
  EXPECT_THAT(one, HasSubstr("<entry name='opt/org.kedge/52:54:00:00:00:02/vlan'>42</entry>"));
  const std::string two = changed({.interfaces = {"1"}, .vlan = "43"}, one);
  EXPECT_THAT(two, HasSubstr("'opt/org.kedge/52:54:00:00:00:02/vlan'>42<"));
  EXPECT_THAT(two, HasSubstr("'opt/org.kedge/52:54:00:00:00:01/vlan'>43<"));
  EXPECT_EQ(changed({.interfaces = {"1"}, .vlan = "none"}, two), one);
  EXPECT_EQ(changed({.vlan = "none"}, two), kXml);
  const std::string smbios =
      changed({.interfaces = {"2"}, .vlan = "42,43", .channel = OptionChannel::smbios}, one);
  EXPECT_THAT(smbios, HasSubstr("<entry>kedge:52:54:00:00:00:02:vlan=42,43</entry>"));
  EXPECT_THAT(smbios, Not(HasSubstr("fwcfg")));
  expect_valid(smbios);
}

TEST(DomainChange, UsesOemStringsForCommasWhichLibvirtDoesNotDoubleInFwCfg) {
  const std::string both = changed({.url = "http://a/b", .vlan = "42,43"});
  EXPECT_THAT(both, HasSubstr("<entry name='opt/org.kedge/url'>http://a/b</entry>"));
  EXPECT_THAT(both, HasSubstr("<entry>kedge:vlan=42,43</entry>"));
  EXPECT_THAT(both, HasSubstr("<smbios mode='sysinfo'/>"));
  expect_valid(both);
  EXPECT_THAT(changed({.url = "http://a/b,c"}), HasSubstr("<entry>kedge:url=http://a/b,c</entry>"));
  const auto refused = change_domain(kXml, {.vlan = "42,43", .channel = OptionChannel::fw_cfg});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().what, HasSubstr("no fw_cfg file with a comma"));
  EXPECT_THAT(refused.error().advice, HasSubstr("--channel smbios"));
  const std::string one = changed({.vlan = "42"}, both);
  EXPECT_THAT(one, HasSubstr("<entry name='opt/org.kedge/vlan'>42</entry>"));
  EXPECT_THAT(one, Not(HasSubstr("kedge:vlan")));
}

TEST(DomainChange, UsesOemStringsWhereFwCfgIsNotRead) {
  std::string risc = kXml;
  risc.replace(risc.find("x86_64"), 6, "riscv64");
  risc.replace(risc.find("q35"), 3, "virt");
  EXPECT_EQ(difference({.interfaces = {"1"}, .url = "http://a/"}, risc),
            "+  <sysinfo type='smbios'>\n"
            "+    <oemStrings>\n"
            "+      <entry>kedge:52:54:00:00:00:01:url=http://a/</entry>\n"
            "+    </oemStrings>\n"
            "+  </sysinfo>\n"
            "+    <smbios mode='sysinfo'/>\n");
  expect_valid(changed({.url = "http://a/"}, risc));
  EXPECT_THAT(changed({.url = "http://a/", .channel = OptionChannel::fw_cfg}, risc),
              HasSubstr("x86 and aarch64 only"));
}

TEST(DomainChange, UsesFwCfgOnAarch64) {
  std::string arm = kXml;
  arm.replace(arm.find("x86_64"), 6, "aarch64");
  arm.replace(arm.find("q35"), 3, "virt");
  EXPECT_EQ(difference({.interfaces = {"1"}, .url = "http://a/"}, arm),
            "+  <sysinfo type='fwcfg'>\n"
            "+    <entry name='opt/org.kedge/52:54:00:00:00:01/url'>http://a/</entry>\n"
            "+  </sysinfo>\n");
}

TEST(DomainChange, OrdersTheBoot) {
  EXPECT_EQ(difference({.boot_order = {"2", "vda"}}),
            "-    <boot dev='network'/>\n"
            "+      <boot order='2'/>\n"
            "+      <boot order='1'/>\n");
  expect_valid(changed({.boot_order = {"2", "vda"}}));
  EXPECT_THAT(changed({.boot_order = {"vdb"}}), HasSubstr("no interface or disk 'vdb'"));
  EXPECT_THAT(changed({.boot_order = {"1", "1"}}), HasSubstr("twice"));
}

TEST(DomainChange, AddsRandomNumbersOnce) {
  const std::string once = changed({.rng = true});
  EXPECT_THAT(once, HasSubstr("    <rng model='virtio'>\n      <backend model='random'>"));
  EXPECT_EQ(changed({.rng = true}, once), once);
  expect_valid(once);
}

TEST(DomainChange, RefusesWithTheReason) {
  EXPECT_THAT(changed({.interfaces = {"3"}, .rom = "off"}), HasSubstr("no interface '3'"));
  std::string live = kXml;
  live.replace(live.find("<domain "), 8, "<domain id='7' ");
  EXPECT_THAT(changed({.rom = "off"}, live), HasSubstr("running domain"));
  std::string host = kXml;
  host.replace(host.find("<boot dev"), 0, "<smbios mode='host'/>");
  EXPECT_THAT(changed({.url = "http://a/", .channel = OptionChannel::smbios}, host),
              HasSubstr("line 8"));
}

TEST(XmlEdit, KeepsCommentsLineEndsAndOneLiners) {
  const std::string dos =
      "<domain type='kvm'>\r\n  <os/>\r\n  <devices>\r\n    <interface type='user'/>\r\n"
      "  </devices>\r\n</domain>\r\n";
  EXPECT_THAT(changed({.rom = "off"}, dos),
              HasSubstr("    <interface type='user'>\r\n      <rom enabled='no'/>\r\n"
                        "    </interface>\r\n"));
  const std::string line =
      "<domain type='kvm'><os/><devices><interface type='user'><model type='virtio'/></interface>"
      "</devices></domain>";
  EXPECT_THAT(changed({.rom = "off"}, line),
              HasSubstr("<model type='virtio'/><rom enabled='no'/></interface>"));
  EXPECT_EQ(changed({.rom = "default"}, changed({.rom = "off"}, line)), line);
  const std::string comment =
      "<domain type='kvm'><sysinfo type='fwcfg'><!-- why --><entry name='opt/org.kedge/url'>x"
      "</entry></sysinfo><os/><devices/></domain>";
  EXPECT_THAT(changed({.url = "none"}, comment), HasSubstr("<!-- why -->"));
}

TEST(XmlEdit, FindsAttributesInAnyQuotes) {
  const auto document = XmlDocument::parse("<a><b x = \"1>\" y='2'/></a>");
  ASSERT_TRUE(document);
  const auto b = document->root().child("b");
  EXPECT_EQ(with_attribute(*document, b, "y", "3"), "<a><b x = \"1>\" y='3'/></a>");
  EXPECT_EQ(with_attribute(*document, b, "x", "a'\"<&"),
            "<a><b x = \"a&apos;&quot;&lt;&amp;\" y='2'/></a>");
  EXPECT_EQ(with_attribute(*document, b, "z", "4"), "<a><b x = \"1>\" y='2' z='4'/></a>");
}

TEST(UnifiedDiff, IsWhatPatchWants) {
  EXPECT_EQ(unified_diff("a\n", "a\n", "f"), "");
  EXPECT_EQ(unified_diff("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nx\n6\n7\n8\n9\n", "f"),
            "--- f\n+++ f (changed)\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+x\n 6\n 7\n 8\n");
  std::string before;
  for (int i = 0; i < 30; ++i) before += std::to_string(i) + "\n";
  std::string after = before;
  after.replace(after.find("\n3\n"), 3, "\n");
  after.replace(after.find("\n25\n"), 4, "\n25\nnew\n");
  EXPECT_THAT(unified_diff(before, after, "f"), HasSubstr("@@ -1,7 +1,6 @@"));
  EXPECT_THAT(unified_diff(before, after, "f"), HasSubstr("@@ -24,6 +23,7 @@"));
}

TEST(DomainStore, KeepsEveryOldFile) {
  const auto directory = TempDir::create("kedge-store");
  ASSERT_TRUE(directory);
  const auto file = directory->path() / "vm.xml";
  ASSERT_TRUE(write_file(file, "one"));
  const auto first = store_domain_file(file, "one", "two");
  ASSERT_TRUE(first);
  const auto second = store_domain_file(file, "two", "three");
  ASSERT_TRUE(second);
  EXPECT_EQ(*read_file(file), "three");
  EXPECT_EQ(*read_file(*first), "one");
  EXPECT_EQ(*read_file(*second), "two");
  EXPECT_NE(*first, *second);
}

TEST(DomainStore, TheSchemaRefusesNonsense) {
  std::string bad = kXml;
  bad.replace(bad.find("<model "), 7, "<modell ");
  const auto valid = validate_domain_xml(bad);
  ASSERT_FALSE(valid);
  EXPECT_THAT(valid.error().what, HasSubstr("schema refuses"));
}

}  // namespace
