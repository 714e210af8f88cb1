// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "rom/rom_build.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "image/image_test_files.h"
#include "rom/rom_verify.h"
#include "support/file.h"

using namespace kedge;
using namespace kedge::host;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

std::string driver(image::Machine machine) {
  return image::make_pe({.machine = machine, .subsystem = 0x0b, .file_bytes = 0x3000});
}

RomRecipe two_machines() {
  return {.vendor = 0x1af4,
          .devices = {0x1041, 0x1000},
          .drivers = {driver(image::Machine::x86_64), driver(image::Machine::aarch64)}};
}

std::string failure_of(const RomRecipe& recipe) {
  const auto rom = build_rom(recipe);
  return rom ? "success" : rom.error().what;
}

std::vector<std::string> errors_of(const OptionRom& rom) {
  std::vector<std::string> errors;
  for (const Finding& finding : verify_option_rom(rom)) {
    if (finding.severity == Severity::error) errors.push_back(finding.what);
  }
  return errors;
}

TEST(RomBuild, PacksAnImagePerMachine) {
  for (const bool compress : {false, true}) {
    RomRecipe recipe = two_machines();
    recipe.compress = compress;
    recipe.size = 65536;
    const auto file = build_rom(recipe);
    ASSERT_TRUE(file) << file.error().what;
    EXPECT_EQ(file->size(), 65536);
    const auto rom = parse_option_rom(as_byte_view(*file));
    ASSERT_TRUE(rom) << rom.error().what;
    EXPECT_THAT(errors_of(*rom), ElementsAre());
    ASSERT_EQ(rom->images.size(), 2);
    for (std::size_t i = 0; i < 2; ++i) {
      EXPECT_THAT(rom->images[i].pci->more_devices, ElementsAre(0x1041, 0x1000));
      EXPECT_EQ(rom->images[i].pci->class_code, 0x020000);
      const auto pe = pe_of(rom->images[i]);
      ASSERT_TRUE(pe) << pe.error().what;
      EXPECT_EQ(pe->substr(0, recipe.drivers[i].size()), recipe.drivers[i]);
    }
    EXPECT_EQ(rom->images[1].efi->machine, 0xaa64);
  }
}

TEST(RomBuild, RefusesWhatFirmwareWouldSkip) {
  RomRecipe recipe = two_machines();
  recipe.drivers[0] = image::make_pe({.subsystem = 0x0a});
  EXPECT_THAT(failure_of(recipe), HasSubstr("another subsystem"));
  recipe.drivers[0] = "text";
  EXPECT_THAT(failure_of(recipe), HasSubstr("not a PE image"));
  recipe.drivers.clear();
  EXPECT_THAT(failure_of(recipe), HasSubstr("no driver"));
  recipe = two_machines();
  recipe.devices.clear();
  EXPECT_THAT(failure_of(recipe), HasSubstr("device ids"));
}

TEST(RomBuild, RefusesMoreThanTheSizeClassHolds) {
  RomRecipe recipe = two_machines();
  recipe.compress = false;
  recipe.size = 16384;
  EXPECT_THAT(failure_of(recipe), HasSubstr("more than the size class 16384"));
  recipe.size = 100000;
  EXPECT_THAT(failure_of(recipe), HasSubstr("no power of two"));
}

TEST(RomBuild, TakesTheIdsThatDriversSay) {
  const std::string marker = "KEDGE-IMAGE/1 version=1 personality=driver ids=1af4:1041,";
  RomRecipe recipe;
  for (const char* id : {"1af4:1000", "1af4:1041"}) {
    recipe.drivers.push_back(driver(image::Machine::x86_64) + marker + id + std::string(1, '\0'));
  }
  ASSERT_TRUE(add_marked_ids(recipe));
  EXPECT_EQ(recipe.vendor, 0x1af4);
  EXPECT_THAT(recipe.devices, ElementsAre(0x1041, 0x1000));

  recipe = {
      .drivers = {driver(image::Machine::x86_64) + marker + "8086:100e" + std::string(1, '\0')}};
  const auto vendors = add_marked_ids(recipe);
  ASSERT_FALSE(vendors);
  EXPECT_THAT(vendors.error().what, HasSubstr("different vendors"));
  recipe = two_machines();
  const auto none = add_marked_ids(recipe);
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().what, HasSubstr("does not say"));
}

// A ROM with an EFI image behind, whose BIOS image stays as it is, and one of a BIOS image only.
TEST(RomBuild, PutsABiosImageFirst) {
  for (const char* path :
       {"/usr/lib/ipxe/qemu/efi-virtio.rom", "/usr/lib/ipxe/qemu/pxe-virtio.rom"}) {
    if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is missing: tools/deps";
    RomRecipe recipe = two_machines();
    recipe.bios = *read_file(path);
    recipe.size = 262144;
    const auto file = build_rom(recipe);
    ASSERT_TRUE(file) << file.error().what;
    const auto rom = parse_option_rom(as_byte_view(*file));
    ASSERT_TRUE(rom) << rom.error().what;
    EXPECT_THAT(errors_of(*rom), ElementsAre());
    ASSERT_EQ(rom->images.size(), 3);
    const std::string_view bios = as_text(rom->images[0].bytes);
    std::size_t changed = 0;
    for (std::size_t i = 0; i < bios.size(); ++i) changed += bios[i] != recipe.bios[i] ? 1 : 0;
    EXPECT_EQ(changed, std::string_view(path).contains("efi") ? 0 : 2);
  }
}

TEST(RomBuild, RefusesABiosRomThatIsNone) {
  RomRecipe recipe = two_machines();
  recipe.bios = *build_rom(recipe);
  EXPECT_THAT(failure_of(recipe), HasSubstr("does not begin with a sound BIOS image"));
}

}  // namespace
