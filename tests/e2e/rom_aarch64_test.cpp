// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Option ROMs with images for aarch64 in QEMU's virt machine: the firmware's own boots over their
// driver, and takeovers by each channel.
#include <fmt/format.h>

#include "rom/rom_build.h"
#include "support/file.h"
#include "tests/e2e/rig/variable_store.h"
#include "tests/e2e/rom_boots.h"

namespace kedge::host::e2e {
namespace {

class Aarch64Rom : public RomBoots {
 protected:
  Aarch64Rom() { architecture_ = Architecture::aarch64; }
  MachineSpec machine_with_full_rom() {
    return machine_with_rom(kVirtioNet, rom(kVirtioNet, RomSet::full));
  }
};

// fw_cfg's registers are where the DSDT says.
TEST_F(Aarch64Rom, TakesOverByFwCfgAndBootsOverHttp) {
  takeover_boots(kVirtioNet);
}
// Nobody else has a driver for the NIC.
TEST_F(Aarch64Rom, TakesOverAnE1000e) {
  takeover_boots(kE1000e);
}

// Without ACPI the firmware gives its device tree.
TEST_F(Aarch64Rom, TakesOverByFwCfgWhereOnlyADeviceTreeTellsOfIt) {
  MachineSpec spec = machine_with_full_rom();
  spec.arguments.insert(spec.arguments.end(), {"-machine", "acpi=off"});
  spec.fw_cfg.push_back("name=opt/org.kedge/personality,string=takeover");
  spec.fw_cfg.push_back("name=opt/org.kedge/url,string=" + http_url(kGivenScript));
  takeover_boots(spec, kVirtioNet);
}

TEST_F(Aarch64Rom, TakesOverByOemStrings) {
  MachineSpec spec = machine_with_full_rom();
  spec.arguments.insert(spec.arguments.end(),
                        {"-smbios", "type=11,value=kedge:personality=takeover", "-smbios",
                         fmt::format("type=11,value=kedge:url={}", http_url(kGivenScript))});
  takeover_boots(spec, kVirtioNet);
}

// The installed firmware's variables begin as an empty file, which it formats itself.
TEST_F(Aarch64Rom, TakesOverByEfiVariables) {
  MachineSpec spec = machine_with_full_rom();
  use_newer_firmware(spec);
  if (HasFailure()) return;
  const auto personality = add_kedge_variable(spec.firmware_vars, "personality", "takeover");
  E2E_ASSERT_OK(personality);
  const auto url = add_kedge_variable(spec.firmware_vars, "url", http_url(kGivenScript));
  E2E_ASSERT_OK(url);
  takeover_boots(spec, kVirtioNet);
}

TEST_F(Aarch64Rom, IsTheDriverForPxeOverIpv4) {
  chain_loads(kE1000e, "aarch64/kedge-snponly.efi", FirmwareWay::pxe4, RomSet::driver_only);
}
TEST_F(Aarch64Rom, IsTheDriverForHttpBoot) {
  chain_loads(kE1000e, "aarch64/kedge.efi", FirmwareWay::http4);
}

// One file for both machines, in which the image for aarch64 is the second.
class RomForTwoMachines : public RomBoots {
 protected:
  void chain_loads_from(Architecture architecture) {
    architecture_ = architecture;
    RomRecipe recipe;
    for (const char* driver : {"x86_64/kedge-driver.efi", "aarch64/kedge-driver.efi"}) {
      const auto image = read_file(dist(driver));
      E2E_ASSERT_OK(image);
      recipe.drivers.push_back(*image);
    }
    const auto id = add_id({.vendor = 0x8086, .device = 0x10d3}, recipe);
    E2E_ASSERT_OK(id);
    const auto built = build_rom(recipe);
    E2E_ASSERT_OK(built);
    const auto file = directory() / "both.rom";
    const auto written = write_file(file, *built);
    E2E_ASSERT_OK(written);
    chain_loads(machine_with_rom(kE1000e, file),
                fmt::format("{}/kedge-snponly.efi", architecture_name(architecture)),
                FirmwareWay::pxe4);
  }
};

TEST_F(RomForTwoMachines, DrivesTheNicOfAnX8664Machine) {
  chain_loads_from(Architecture::x86_64);
}
TEST_F(RomForTwoMachines, DrivesTheNicOfAnAarch64Machine) {
  chain_loads_from(Architecture::aarch64);
}

}  // namespace
}  // namespace kedge::host::e2e
