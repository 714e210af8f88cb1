// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Each warning: a domain that deserves it, and one like it that does not.
#include <gmock/gmock.h>

#include "domain/domain_test_host.h"

using namespace kedge;
using namespace kedge::host;
using testing::ElementsAre;
using testing::IsEmpty;

namespace {

class DomainWarning : public testing::Test {
 protected:
  std::vector<std::string> ids(const TestDomain& domain, FirmwareReport firmware) const {
    return warning_ids(explain_with(domain.read(), host_.facts, std::move(firmware)));
  }
  std::string rom_element(const std::string& file) const { return "<rom file='" + file + "'/>"; }

  TestHost host_;
};

constexpr const char* kOrder = "<boot order='1'/>";

TEST_F(DomainWarning, HealthyDomainsHaveNone) {
  EXPECT_THAT(ids({.devices = nic("virtio", kOrder)}, uefi_firmware()), IsEmpty());
  EXPECT_THAT(ids({.devices = nic("virtio")}, uefi_firmware()), IsEmpty());
  EXPECT_THAT(ids({.devices = nic("e1000", kOrder)}, bios_firmware()), IsEmpty());
  EXPECT_THAT(ids({.os = "<boot dev='hd'/>", .devices = nic("e1000e", "<rom enabled='no'/>")},
                  uefi_firmware()),
              IsEmpty());
  EXPECT_THAT(ids({.devices = ""}, uefi_firmware()), IsEmpty());
}

TEST_F(DomainWarning, NoDriver) {
  const std::string off = std::string(kOrder) + "<rom enabled='no'/>";
  EXPECT_THAT(ids({.devices = nic("e1000", off)}, uefi_firmware()), ElementsAre("no-driver"));
  EXPECT_THAT(ids({.devices = nic("igb", kOrder)}, uefi_firmware()), ElementsAre("no-driver"));
  EXPECT_THAT(ids({.devices = nic("virtio", off)}, uefi_firmware()), IsEmpty());
}

TEST_F(DomainWarning, NoRandom) {
  FirmwareReport firmware = uefi_firmware();
  firmware.image->stack_needs_random = true;
  const std::string off = nic("virtio", std::string(kOrder) + "<rom enabled='no'/>");
  EXPECT_THAT(ids({.devices = off}, firmware), ElementsAre("no-random"));
  EXPECT_THAT(ids({.devices = off + "<rng model='virtio'/>"}, firmware), IsEmpty());
  EXPECT_THAT(ids({.more = "<cpu mode='host-passthrough'/>", .devices = off}, firmware), IsEmpty());
  EXPECT_THAT(ids({.devices = off}, uefi_firmware()), IsEmpty());
}

TEST_F(DomainWarning, RomMissing) {
  const std::string rom = host_.efi_rom("a.rom", image::Machine::x86_64);
  EXPECT_THAT(ids({.devices = nic("virtio", rom_element("/none.rom"))}, uefi_firmware()),
              ElementsAre("rom-missing"));
  EXPECT_THAT(ids({.devices = nic("virtio", rom_element(rom))}, uefi_firmware()), IsEmpty());
}

TEST_F(DomainWarning, RomDamaged) {
  const std::string whole = host_.kedge_rom("whole.rom", "driver");
  const auto bytes = read_file(whole);
  ASSERT_TRUE(bytes);
  const std::string cut = host_.write("cut.rom", bytes->substr(0, 0x100));
  EXPECT_THAT(ids({.devices = nic("virtio", rom_element(whole))}, uefi_firmware()), IsEmpty());
  EXPECT_THAT(ids({.devices = nic("virtio", rom_element(cut))}, uefi_firmware()),
              testing::Contains("rom-damaged"));
  const std::string rom = host_.write("text.rom", "this is no ROM");
  EXPECT_THAT(ids({.devices = nic("virtio", rom_element(rom))}, uefi_firmware()),
              ElementsAre("rom-damaged"));
  EXPECT_THAT(ids({.devices = nic("virtio", rom_element("/dev/zero"))}, uefi_firmware()),
              ElementsAre("rom-damaged"));
}

TEST_F(DomainWarning, RomForTheOtherFirmware) {
  const std::string efi = rom_element(host_.efi_rom("efi.rom", image::Machine::x86_64));
  const std::string bios = rom_element(kBiosRom);
  EXPECT_THAT(ids({.devices = nic("virtio", efi)}, bios_firmware()), ElementsAre("rom-only-uefi"));
  EXPECT_THAT(ids({.devices = nic("virtio", bios)}, uefi_firmware()),
              testing::Contains("rom-only-bios"));
  EXPECT_THAT(ids({.devices = nic("virtio", efi)}, uefi_firmware()), IsEmpty());
  EXPECT_THAT(ids({.devices = nic("virtio", bios)}, bios_firmware()),
              testing::Not(testing::Contains("rom-only-bios")));
}

TEST_F(DomainWarning, RomForAnotherMachine) {
  const std::string arm = rom_element(host_.efi_rom("arm.rom", image::Machine::aarch64));
  const TestDomain domain{
      .architecture = "aarch64", .machine = "virt", .devices = nic("virtio", arm)};
  EXPECT_THAT(ids({.devices = nic("virtio", arm)}, uefi_firmware()),
              ElementsAre("rom-other-machine"));
  EXPECT_THAT(ids(domain, uefi_firmware()), IsEmpty());
  // QEMU's default for a NIC that the firmware drives itself is nobody's mistake.
  const auto by_default = [](const char* model) {
    return TestDomain{.architecture = "aarch64", .machine = "virt", .devices = nic(model, kOrder)};
  };
  EXPECT_THAT(ids(by_default("virtio"), uefi_firmware()), IsEmpty());
  EXPECT_THAT(ids(by_default("e1000e"), uefi_firmware()),
              ElementsAre("rom-other-machine", "no-driver"));
}

TEST_F(DomainWarning, SecureBootRefusesTheRom) {
  FirmwareReport firmware = uefi_firmware();
  firmware.secure_boot = true;
  const std::string arm = rom_element(host_.efi_rom("arm.rom", image::Machine::aarch64));
  const TestDomain domain{
      .architecture = "aarch64", .machine = "virt", .devices = nic("virtio", arm)};
  EXPECT_THAT(ids(domain, firmware), ElementsAre("secure-boot-refuses-rom"));
  EXPECT_THAT(ids({.devices = nic("virtio")}, firmware), IsEmpty());
}

TEST_F(DomainWarning, BarOffWithABios) {
  EXPECT_THAT(ids({.devices = nic("virtio", "<rom bar='off'/>")}, bios_firmware()),
              ElementsAre("bar-off-bios"));
  EXPECT_THAT(ids({.devices = nic("virtio", "<rom bar='off'/>")}, uefi_firmware()), IsEmpty());
  EXPECT_THAT(ids({.devices = nic("virtio", "<rom enabled='no'/>")}, bios_firmware()), IsEmpty());
}

TEST_F(DomainWarning, MigrationSize) {
  const std::string large = rom_element(host_.efi_rom("l.rom", image::Machine::x86_64, 512U << 10));
  const std::string equal = rom_element(host_.efi_rom("e.rom", image::Machine::x86_64));
  EXPECT_THAT(ids({.devices = nic("virtio", large)}, uefi_firmware()),
              ElementsAre("migration-size"));
  EXPECT_THAT(ids({.devices = nic("virtio", equal)}, uefi_firmware()), IsEmpty());
}

TEST_F(DomainWarning, RomOnANicThatIsNotToBoot) {
  const std::string boots = nic("virtio", kOrder);
  EXPECT_THAT(ids({.devices = boots + nic("virtio")}, uefi_firmware()),
              ElementsAre("rom-not-to-boot"));
  EXPECT_THAT(ids({.devices = boots + nic("virtio", "<rom enabled='no'/>")}, uefi_firmware()),
              IsEmpty());
  EXPECT_THAT(ids({.devices = boots + nic("virtio", "<boot order='2'/>")}, uefi_firmware()),
              IsEmpty());
}

TEST_F(DomainWarning, RomThatGivesRandomNumbersMayStay) {
  FirmwareReport firmware = uefi_firmware();
  const std::string giver = rom_element(host_.efi_rom(
      "giver.rom", image::Machine::x86_64, 256U << 10,
      "KEDGE-IMAGE/1 version=0.1.0 personality=driver choice=fixed gives=rng ids=1af4:1000"));
  const std::string boots = nic("virtio", std::string(kOrder) + "<rom enabled='no'/>");
  const std::string devices = boots + nic("virtio", giver);
  EXPECT_THAT(ids({.devices = devices}, firmware), ElementsAre("rom-not-to-boot"));
  firmware.image->stack_needs_random = true;
  EXPECT_THAT(ids({.devices = devices}, firmware), IsEmpty());
  // The second giver is one too many.
  EXPECT_THAT(ids({.devices = devices + nic("virtio", giver)}, firmware),
              ElementsAre("rom-not-to-boot"));
}

TEST_F(DomainWarning, PersonalityThatDoesNotExistOrThatNobodyReads) {
  const auto sysinfo = [](const char* value) { return fw_cfg("personality", value); };
  EXPECT_THAT(ids({.more = sysinfo("driver"), .devices = nic("virtio")}, uefi_firmware()),
              ElementsAre("option-unread"));
  EXPECT_THAT(ids({.more = sysinfo("drivr"), .devices = nic("virtio")}, uefi_firmware()),
              ElementsAre("personality-unknown", "option-unread"));
  const std::string ours = rom_element(host_.kedge_rom("k.rom", "driver"));
  EXPECT_THAT(ids({.more = sysinfo("drivr"), .devices = nic("virtio", ours)}, uefi_firmware()),
              ElementsAre("personality-unknown"));
  for (const char* exists : {"driver", "takeover", "both"}) {
    EXPECT_THAT(ids({.more = sysinfo(exists), .devices = nic("virtio", ours)}, uefi_firmware()),
                IsEmpty())
        << exists;
  }
}

TEST_F(DomainWarning, FwCfgFilesWithCommasWithWhichQemuDoesNotStart) {
  const auto entry = [](const char* name, const char* value) {
    return fmt::format("<sysinfo type='fwcfg'><entry name='{}'>{}</entry></sysinfo>", name, value);
  };
  for (const char* name : {"opt/org.kedge/url", "opt/com.example/x"}) {
    EXPECT_THAT(ids({.more = entry(name, "a,b"), .devices = nic("virtio")}, uefi_firmware()),
                ElementsAre("fw-cfg-comma"))
        << name;
    EXPECT_THAT(ids({.more = entry(name, "a;b"), .devices = nic("virtio")}, uefi_firmware()),
                IsEmpty())
        << name;
  }
}

TEST_F(DomainWarning, OemStringsThatDoNotReachTheGuest) {
  const std::string strings = oem_string("url=http://a/b");
  EXPECT_THAT(ids({.more = strings, .devices = nic("virtio")}, uefi_firmware()),
              ElementsAre("oem-strings-hidden"));
  EXPECT_THAT(ids({.os = "<smbios mode='sysinfo'/>", .more = strings, .devices = nic("virtio")},
                  uefi_firmware()),
              IsEmpty());
}

}  // namespace
