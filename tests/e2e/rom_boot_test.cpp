// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Each option ROM that is shipped, on its NIC: the firmware's own boots over its driver, and its
// boot as takeover. CMakeLists.txt says what of it `make test` runs.
#include <gmock/gmock.h>

#include "rom/option_rom.h"
#include "tests/e2e/rom_boots.h"

namespace kedge::host::e2e {
namespace {

std::string nic_name(const testing::TestParamInfo<RomNic>& info) {
  return info.param.name;
}

class FullRom : public RomBoots, public testing::WithParamInterface<RomNic> {};
INSTANTIATE_TEST_SUITE_P(Of, FullRom, testing::ValuesIn(kRomNics), nic_name);

TEST_P(FullRom, IsTheDriverForPxeOverIpv4) {
  firmware_boots(GetParam(), RomSet::full, FirmwareWay::pxe4);
}
TEST_P(FullRom, IsTheDriverForPxeOverIpv6) {
  firmware_boots(GetParam(), RomSet::full, FirmwareWay::pxe6);
}
TEST_P(FullRom, IsTheDriverForHttpBoot) {
  firmware_boots(GetParam(), RomSet::full, FirmwareWay::http4);
}
TEST_P(FullRom, TakesOverAndBootsOverHttp) {
  takeover_boots(GetParam());
}

class DriverOnlyRom : public RomBoots, public testing::WithParamInterface<RomNic> {};
INSTANTIATE_TEST_SUITE_P(Of, DriverOnlyRom, testing::ValuesIn(kRomNics), nic_name);

TEST_P(DriverOnlyRom, IsTheDriverForPxeOverIpv4) {
  firmware_boots(GetParam(), RomSet::driver_only, FirmwareWay::pxe4);
}
TEST_P(DriverOnlyRom, IsTheDriverForHttpBoot) {
  firmware_boots(GetParam(), RomSet::driver_only, FirmwareWay::http4);
}

TEST_P(DriverOnlyRom, IsTheUndiUnderTheFirmwaresOwnDriver) {
  boots_over_undi(GetParam(), RomSet::driver_only);
}

// Scenario 3 of the design from its scenario 1: kedge.efi takes the NIC from our own driver in the
// ROM, or uses it.
TEST_F(RomBoots, AsDriverThroughWhichTheFirmwareLoadsKedge) {
  chain_loads(kE1000e, "x86_64/kedge.efi", FirmwareWay::http4);
}
TEST_F(RomBoots, AsDriverThroughWhichTheFirmwareLoadsKedgeThatUsesIt) {
  chain_loads(kE1000e, "x86_64/kedge-snponly.efi", FirmwareWay::pxe4);
}

TEST_F(RomBoots, TheDriverIsLoadedByADriverOption) {
  firmware_boots_over_driver_option();
}

// Scenario 2: without a ROM, and with one that the machine does not show. The firmware's own driver
// boots.
TEST_F(RomBoots, ThatAreDisabledAreNotThere) {
  firmware_boots_without({});
}
TEST_F(RomBoots, WithoutABarAreNotThere) {
  firmware_boots_without(rom(kVirtioNet, RomSet::full));
}

// Since 202405 edk2's network drivers wait for EFI_RNG (docs/adr/0009).
TEST_F(RomBoots, WhereAFirmwareHasNoRandomGenerator) {
  boots_without_random_generator(RomSet::full);
}
TEST_F(RomBoots, WhereAFirmwareHasNoRandomGeneratorDriverOnly) {
  boots_without_random_generator(RomSet::driver_only);
}
TEST_F(RomBoots, WhereAFirmwareHasNoRandomGeneratorNothingBootsWithoutThem) {
  boots_without_random_generator(std::nullopt);
}

// What `kedge rom info` says of the BAR, and what live migration depends on.
TEST_F(RomBoots, HaveBarsOfTheSizeThatRomInfoSays) {
  constexpr int kRomBar = 6;  // the place after the six ordinary ones
  constexpr int kVirtioVendor = 0x1af4;
  constexpr int kNicClass = 0x0200;
  MachineSpec spec = machine();
  std::vector<std::size_t> expected;
  for (const RomSet roms : {RomSet::driver_only, RomSet::full}) {
    const auto file = rom(kVirtioNet, roms);
    if (HasFailure()) return;
    expected.push_back(qemu_bar_bytes(std::filesystem::file_size(file)));
    add_nic(spec, {.model = kVirtioNet.model, .rom = file.string()}, Attachment::silent);
  }
  boot(spec);
  if (HasFailure()) return;
  const auto buses = vm().command("query-pci", nlohmann::json::object());
  E2E_ASSERT_OK(buses);
  std::vector<std::size_t> seen;
  for (const nlohmann::json& bus : *buses) {
    for (const nlohmann::json& device : bus.at("devices")) {
      if (device.at("id").at("vendor") != kVirtioVendor) continue;
      if (device.at("class_info").at("class") != kNicClass) continue;
      for (const nlohmann::json& region : device.at("regions")) {
        if (region.at("bar") == kRomBar) seen.push_back(region.at("size"));
      }
    }
  }
  EXPECT_THAT(seen, testing::UnorderedElementsAreArray(expected));
  EXPECT_THAT(expected, testing::ElementsAre(32768, 262144));
}

}  // namespace
}  // namespace kedge::host::e2e
