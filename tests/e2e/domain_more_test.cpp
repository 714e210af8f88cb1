// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// More boots of libvirt domains, as `kedge domain explain` says: what takes long, or differs little
// from the others.
#include <gmock/gmock.h>

#include "tests/e2e/libvirt_domain.h"

namespace kedge::host::e2e {
namespace {

using testing::HasSubstr;
using testing::Not;

using LibvirtDomainMore = LibvirtDomain;

// Scenario 2 with the lesser attribute: UEFI does not look into fw_cfg for ROMs.
TEST_F(LibvirtDomainMore, WithTheBarOffTheFirmwareBoots) {
  const auto program = make_next_boot_option(directory());
  E2E_ASSERT_OK(program);
  if (HasFailure()) return;
  std::filesystem::copy_file(directory() / "next.efi", served() / "program.efi");
  dnsmasq({.boot_file = "program.efi", .tftp_directory = served(), .lines = {}});
  define({.interface = "<rom bar='off'/>"});
  if (HasFailure()) return;
  const auto said = explain();
  EXPECT_EQ(said["boots"], "firmware");
  EXPECT_EQ(said["driver"], "firmware");
  start();
  expect_serial(program->proof);
  expect_as_explained(said);
}

// Scenario 3 from 1: over the ROM's driver the firmware loads the application, which takes over.
TEST_F(LibvirtDomainMore, OverTheRomsDriverTheFirmwareLoadsTheApplication) {
  const auto rom = dist("roms/efi-e1000e.rom");
  const auto payload = serve_application(Architecture::x86_64);
  E2E_ASSERT_OK(payload);
  if (HasFailure()) return;
  dnsmasq({.boot_file = "kedge.efi", .tftp_directory = served(), .lines = {}});
  define({.model = "e1000e"});
  set({"--rom", rom.string()});
  if (HasFailure()) return;
  const auto said = explain();
  EXPECT_EQ(said["boots"], "firmware");
  EXPECT_EQ(said["driver"], "rom");
  start();
  expect_serial(payload->proof);
  expect_as_explained(said);
  EXPECT_THAT(serial(), HasSubstr("Kedge "));
}

// AArch64's firmware drives the NIC itself, and loads the application for its machine.
TEST_F(LibvirtDomainMore, OfAarch64BootsByTheFirmwaresDriver) {
  const auto payload = serve_application(Architecture::aarch64);
  E2E_ASSERT_OK(payload);
  if (HasFailure()) return;
  dnsmasq({.boot_file = "kedge.efi", .tftp_directory = served(), .lines = {}});
  define({.architecture = Architecture::aarch64, .machine = "virt"});
  set({"--rom", "off"});
  if (HasFailure()) return;
  const auto said = explain();
  EXPECT_EQ(said["boots"], "firmware");
  start();
  expect_serial(payload->proof);
  expect_as_explained(said, "00011");
  EXPECT_THAT(serial(), HasSubstr("Kedge "));
}

// What the channels of docs/personality.md carry, in the domain's XML, to a ROM that would only be
// a driver. DHCP names nothing, so that the payload's token comes by what the XML says.
class LibvirtDomainChannel : public LibvirtDomain,
                             public testing::WithParamInterface<std::string_view> {
 protected:
  bool by_fw_cfg() const { return GetParam() == "fwcfg"; }
  void serve_script() {
    const auto payload = make_payload(Architecture::x86_64, served());
    E2E_ASSERT_OK(payload);
    if (HasFailure()) return;
    proof_.emplace(payload->proof);
    write_served("given.ipxe", payload_script(*payload, http_url(""), Address::there_already));
    nginx();
    dnsmasq();
  }
  // An option as the channel has it.
  std::string entry(std::string_view key, std::string_view value) const {
    return by_fw_cfg() ? fmt::format("<entry name='opt/org.kedge/{}'>{}</entry>\n", key, value)
                       : fmt::format("<entry>kedge:{}={}</entry>\n", key, value);
  }
  std::string system_information(const std::string& entries) const {
    return by_fw_cfg()
               ? fmt::format("<sysinfo type='fwcfg'>\n{}</sysinfo>\n", entries)
               : fmt::format("<sysinfo type='smbios'><oemStrings>\n{}</oemStrings></sysinfo>\n",
                             entries);
  }
  // The words are in this channel and in no other, explain finds them, and they do what they say.
  void expect_that_the_rom_boots() {
    if (HasFailure()) return;
    const auto xml = daemon_->virsh({"dumpxml", "--inactive", "vm"});
    E2E_ASSERT_OK(xml);
    EXPECT_EQ(xml->contains("<sysinfo type='fwcfg'>"), by_fw_cfg()) << *xml;
    EXPECT_EQ(xml->contains("<sysinfo type='smbios'>"), !by_fw_cfg()) << *xml;
    const auto takeover = explain();
    EXPECT_EQ(takeover["personality"], "takeover");
    EXPECT_EQ(takeover["boots"], "rom");
    start();
    expect_serial(*proof_);
    expect_as_explained(takeover);
    EXPECT_THAT(nginx_requests(), HasSubstr("GET /given.ipxe"));
  }

  std::optional<Pattern> proof_;
};

TEST_P(LibvirtDomainChannel, GivesPersonalityAndUrl) {
  const auto rom = dist("roms/efi-virtio.rom");
  serve_script();
  define();
  set({"--rom", rom.string(), "--personality", "takeover", "--url", http_url("given.ipxe"),
       "--channel", std::string(GetParam())});
  expect_that_the_rom_boots();
}

// What is said of all NICs is of no use.
TEST_P(LibvirtDomainChannel, GivesThemToOneNic) {
  const auto rom = dist("roms/efi-virtio.rom");
  const std::string channel(GetParam());
  serve_script();
  define();
  set({"--rom", rom.string(), "--personality", "driver", "--url", http_url("nothing"), "--channel",
       channel});
  if (HasFailure()) return;
  EXPECT_EQ(explain()["personality"], "driver");
  set({"--interface", kMac, "--personality", "takeover", "--url", http_url("given.ipxe"),
       "--channel", channel});
  expect_that_the_rom_boots();
}

// A script, from a file where the channel has files, that needs a setting of the same channel.
TEST_P(LibvirtDomainChannel, GivesScriptAndSettings) {
  const auto rom = dist("roms/efi-virtio.rom");
  serve_script();
  write_served("../script.ipxe", "#!ipxe\ndhcp\nchain ${where}\n");
  std::string entries = entry("personality", "takeover") + entry("where", http_url("given.ipxe"));
  entries += by_fw_cfg() ? fmt::format("<entry name='opt/org.kedge/script' file='{}'/>\n",
                                       (directory() / "script.ipxe").string())
                         : entry("script", "dhcp &amp;&amp; chain ${where}");
  define({.interface = fmt::format("<rom file='{}'/>", rom.string()),
          .os = by_fw_cfg() ? "" : "<smbios mode='sysinfo'/>",
          .sysinfo = system_information(entries)});
  expect_that_the_rom_boots();
}

INSTANTIATE_TEST_SUITE_P(By, LibvirtDomainChannel, testing::Values("fwcfg", "smbios"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace kedge::host::e2e
