// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Who boots: the truth table of ROM, firmware and XML.
#include <gmock/gmock.h>

#include "domain/domain_test_host.h"
#include "domain/explain_json.h"
#include "domain/kedge_options.h"

using namespace kedge;
using namespace kedge::host;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

InterfaceReport first_nic(const TestHost& host, const TestDomain& domain, FirmwareReport firmware) {
  const Explanation all = explain_with(domain.read(), host.facts, std::move(firmware));
  EXPECT_FALSE(all.interfaces.empty());
  return all.interfaces.empty() ? InterfaceReport() : all.interfaces.front();
}

TEST(Explain, TheTakeoverRomBootsInPlaceOfTheFirmwaresStack) {
  const TestHost host;
  const auto report = first_nic(host, {.devices = nic("virtio")}, uefi_firmware());
  EXPECT_EQ(report.rom_file, kTakeoverRom);
  EXPECT_EQ(report.rom.source, "QEMU 7.2's default for virtio-net-pci");
  EXPECT_EQ(report.driver, "rom");
  EXPECT_EQ(report.stack, BootStack::rom);
  EXPECT_THAT(report.verdict.source, HasSubstr("LoadFile GUID"));
  EXPECT_EQ(report.hint,
            "to let the firmware's own stack boot: kedge domain set test --interface 1 --rom off");
}

TEST(Explain, WithoutTheRomTheFirmwaresDriverTakesAVirtioNic) {
  const TestHost host;
  for (const char* rom : {"<rom enabled='no'/>", "<rom bar='off'/>"}) {
    const auto report = first_nic(host, {.devices = nic("virtio", rom)}, uefi_firmware());
    EXPECT_EQ(report.driver, "firmware") << rom;
    EXPECT_EQ(report.stack, BootStack::firmware) << rom;
    EXPECT_THAT(report.verdict.text, HasSubstr("(PXE, HTTP)")) << rom;
    const auto e1000 = first_nic(host, {.devices = nic("e1000", rom)}, uefi_firmware());
    EXPECT_EQ(e1000.driver, "none") << rom;
    EXPECT_EQ(e1000.stack, BootStack::nobody) << rom;
  }
}

TEST(Explain, ABiosRunsTheRomEvenOutOfFwCfg) {
  const TestHost host;
  for (const char* rom : {"", "<rom bar='off'/>"}) {
    const auto report = first_nic(host, {.devices = nic("e1000", rom)}, bios_firmware());
    EXPECT_EQ(report.stack, BootStack::rom) << rom;
    EXPECT_FALSE(report.runs->is_efi) << rom;
  }
  const auto off =
      first_nic(host, {.devices = nic("virtio", "<rom enabled='no'/>")}, bios_firmware());
  EXPECT_EQ(off.stack, BootStack::nobody);
}

TEST(Explain, ARomForAnotherMachineLeavesTheNicToTheFirmware) {
  const TestHost host;
  const TestDomain domain{
      .architecture = "aarch64", .machine = "virt-7.2", .devices = nic("virtio")};
  const auto report = first_nic(host, domain, uefi_firmware());
  EXPECT_FALSE(report.runs);
  EXPECT_THAT(report.run.text, HasSubstr("no UEFI driver for aarch64"));
  EXPECT_EQ(report.stack, BootStack::firmware);
}

TEST(Explain, ARomForAarch64DoesWhatFwCfgSays) {
  const TestHost host;
  const std::string rom = host.kedge_rom("arm.rom", "driver", image::Machine::aarch64);
  TestDomain arm{.architecture = "aarch64",
                 .machine = "virt-7.2",
                 .devices = nic("virtio", "<rom file='" + rom + "'/>")};
  EXPECT_EQ(first_nic(host, arm, uefi_firmware()).stack, BootStack::firmware);
  arm.more =
      "<sysinfo type='fwcfg'><entry name='opt/org.kedge/personality'>takeover</entry></sysinfo>";
  const auto report = first_nic(host, arm, uefi_firmware());
  EXPECT_EQ(report.stack, BootStack::rom);
  EXPECT_THAT(report.run.source, HasSubstr("takeover from fw_cfg file"));
}

TEST(Explain, SecureBootRefusesUnsignedRomsButNotOnX86) {
  const TestHost host;
  FirmwareReport firmware = uefi_firmware();
  firmware.secure_boot = true;
  EXPECT_TRUE(first_nic(host, {.devices = nic("virtio")}, firmware).runs);
  const TestDomain sev{.more = "<launchSecurity type='sev'/>", .devices = nic("virtio")};
  EXPECT_FALSE(first_nic(host, sev, firmware).runs);
  const std::string rom = host.efi_rom("arm.rom", image::Machine::aarch64);
  const TestDomain arm{.architecture = "aarch64",
                       .machine = "virt",
                       .devices = nic("virtio", "<rom file='" + rom + "'/>")};
  EXPECT_FALSE(first_nic(host, arm, firmware).runs);
  EXPECT_TRUE(first_nic(host, arm, uefi_firmware()).runs);
}

TEST(Explain, TheFirmwaresStackNeedsRandomNumbersWhereItAsksForThem) {
  const TestHost host;
  FirmwareReport firmware = uefi_firmware();
  firmware.image->stack_needs_random = true;
  const std::string off = nic("virtio", "<rom enabled='no'/>");
  EXPECT_EQ(first_nic(host, {.devices = off}, firmware).stack, BootStack::nobody);
  const TestDomain rng{.devices = off + "<rng model='virtio'><backend model='random'/></rng>"};
  EXPECT_EQ(first_nic(host, rng, firmware).stack, BootStack::firmware);
  const TestDomain cpu{.more = "<cpu mode='custom'><model>IvyBridge</model></cpu>", .devices = off};
  EXPECT_EQ(first_nic(host, cpu, firmware).stack, BootStack::firmware);
  // One of ours, of whichever NIC, gives them; not one that does not say so.
  const std::string giving = host.efi_rom(
      "giving.rom", image::Machine::x86_64, 256U << 10,
      "KEDGE-IMAGE/1 version=0.1.0 personality=driver choice=fixed gives=rng ids=1af4:1000");
  const auto with_rom = [](const std::string& file) {
    return nic("virtio", "<rom file='" + file + "'/>");
  };
  const InterfaceReport given = first_nic(host, {.devices = off + with_rom(giving)}, firmware);
  EXPECT_EQ(given.stack, BootStack::firmware);
  EXPECT_THAT(given.verdict.source, HasSubstr("the ROM of interface 2 gives it some"));
  const std::string other = with_rom(host.kedge_rom("other.rom", "driver"));
  EXPECT_EQ(first_nic(host, {.devices = off + other}, firmware).stack, BootStack::nobody);
  // Where two would, the first one does.
  const InterfaceReport twice =
      first_nic(host, {.devices = with_rom(giving) + with_rom(giving)}, firmware);
  EXPECT_THAT(twice.verdict.source, HasSubstr("the ROM of interface 1 gives it some"));
  // Of `both`, what is left without it is the ROM's own stack.
  const std::string both = with_rom(host.kedge_rom("both.rom", "both"));
  EXPECT_EQ(first_nic(host, {.devices = both}, firmware).stack, BootStack::rom);
  EXPECT_EQ(first_nic(host, {.devices = both + with_rom(giving)}, firmware).stack, BootStack::both);
  // A ROM that takes over does not depend on it.
  EXPECT_EQ(first_nic(host, {.devices = nic("virtio")}, firmware).stack, BootStack::rom);
}

TEST(Explain, ArgumentsForQemuItselfCount) {
  const TestHost host;
  const auto argument = [](const char* option, const char* value) {
    return fmt::format(
        "<qemu:commandline><qemu:arg value='{}'/><qemu:arg value='{}'/>"
        "</qemu:commandline>",
        option, value);
  };
  const TestDomain none{.more = argument("-global", "virtio-net-pci.romfile="),
                        .devices = nic("virtio")};
  EXPECT_EQ(first_nic(host, none, uefi_firmware()).stack, BootStack::firmware);
  const TestDomain set{.more = argument("-set", "device.net0.rombar=0"),
                       .devices = nic("virtio", "<alias name='net0'/>")};
  EXPECT_EQ(first_nic(host, set, uefi_firmware()).place, RomPlace::fw_cfg);
  const TestDomain other{.more = argument("-global", "e1000.romfile="), .devices = nic("virtio")};
  EXPECT_EQ(first_nic(host, other, uefi_firmware()).stack, BootStack::rom);
}

// docs/personality.md: the ROM's default < EFI variable < OEM string < fw_cfg.
TEST(Explain, KedgesRomDoesWhatTheChannelsSay) {
  const TestHost host;
  const std::string device =
      nic("virtio", "<rom file='" + host.kedge_rom("k.rom", "driver") + "'/>");
  const char* const kSmbios = "<smbios mode='sysinfo'/>";
  FirmwareReport with_variable = uefi_firmware();
  with_variable.variables = VariableStore{
      .variables = {
          {.name = "personality", .vendor = parse_guid(kKedgeVariableVendor), .data = "both"}}};
  struct Row {
    TestDomain domain;
    FirmwareReport firmware;
    const char* personality;
    BootStack stack;
  };
  const Row rows[] = {
      {{.devices = device}, uefi_firmware(), "driver", BootStack::firmware},
      {{.devices = device}, with_variable, "both", BootStack::both},
      {{.os = kSmbios, .more = oem_string("personality=takeover"), .devices = device},
       with_variable,
       "takeover",
       BootStack::rom},
      // Not without <smbios mode='sysinfo'/>.
      {{.more = oem_string("personality=takeover"), .devices = device},
       with_variable,
       "both",
       BootStack::both},
      {{.os = kSmbios,
        .more =
            oem_string("52:54:00:00:00:01:personality=takeover") + fw_cfg("personality", "driver"),
        .devices = device},
       with_variable,
       "driver",
       BootStack::firmware},
      {{.more =
            fw_cfg("personality", "driver") + fw_cfg("52:54:00:00:00:01/personality", "takeover"),
        .devices = device},
       uefi_firmware(),
       "takeover",
       BootStack::rom},
      {{.more = fw_cfg("52:54:00:00:00:02/personality", "takeover"), .devices = device},
       uefi_firmware(),
       "driver",
       BootStack::firmware},
      {{.more = fw_cfg("personality", "nonsense"), .devices = device},
       with_variable,
       "both",
       BootStack::both},
  };
  for (const Row& row : rows) {
    const auto report = first_nic(host, row.domain, row.firmware);
    EXPECT_EQ(report.personality, row.personality) << row.domain.more;
    EXPECT_EQ(report.stack, row.stack) << row.domain.more;
    EXPECT_THAT(report.inside.at(0).text, HasSubstr("Kedge 0.1.0"));
  }
}

TEST(Explain, ADeviceOfTheHostKeepsItsSecret) {
  const TestHost host;
  const TestDomain domain{.devices = "<interface type='hostdev'/>"};
  EXPECT_EQ(first_nic(host, domain, uefi_firmware()).stack, BootStack::unknown);
}

TEST(Explain, OrdersTheBootAsTheXmlDoes) {
  const TestHost host;
  const TestDomain domain{
      .devices = nic("virtio", "<boot order='2'/>") +
                 "<disk type='file' device='disk'><source file='/d'/><target dev='vda'/>"
                 "<boot order='1'/></disk>"};
  const auto all = explain_with(domain.read(), host.facts, uefi_firmware());
  ASSERT_EQ(all.boot.size(), 2);
  EXPECT_EQ(all.boot[0].text, "disk vda (/d)");
  EXPECT_EQ(all.boot[1].interface, 1);
  EXPECT_THAT(all.boot[1].source, HasSubstr("<boot order='2'/>"));
  const TestDomain by_kind{.os = "<boot dev='network'/><boot dev='hd'/>",
                           .devices = nic("virtio") + nic("virtio")};
  const auto kinds = explain_with(by_kind.read(), host.facts, uefi_firmware());
  ASSERT_EQ(kinds.boot.size(), 2);
  EXPECT_EQ(kinds.boot[0].interface, 1);
  EXPECT_EQ(kinds.boot[1].text, "no disk to boot from");
}

TEST(Explain, SaysTheSameToPeopleAndPrograms) {
  const TestHost host;
  const auto all =
      explain_with(TestDomain{.devices = nic("virtio")}.read(), host.facts, uefi_firmware());
  const std::string text = format_explanation(all);
  EXPECT_THAT(text, HasSubstr("boots     iPXE"));
  EXPECT_THAT(text, HasSubstr("No warnings"));
  const auto json = json_explanation(all);
  EXPECT_EQ(json["interfaces"][0]["boots"], "rom");
  EXPECT_EQ(json["interfaces"][0]["personality"], "takeover");
  EXPECT_EQ(json["firmware"]["kind"], "UEFI");
  EXPECT_TRUE(json["warnings"].empty());
}

TEST(Explain, AnotherMachinesFilesAreNotReadHere) {
  const Explanation all =
      explain(TestDomain{.os = "<loader type='pflash'>/usr/share/OVMF/OVMF_CODE_4M.fd</loader>",
                         .devices = nic("virtio")}
                  .read(),
              remote_host());
  EXPECT_EQ(all.firmware.kind, FirmwareKind::uefi);
  EXPECT_EQ(all.interfaces[0].stack, BootStack::unknown);
  EXPECT_TRUE(all.warnings.empty());
  EXPECT_THAT(all.notes, ElementsAre(HasSubstr("another machine")));
}

}  // namespace
