// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "rom/rom_diff.h"

#include <gmock/gmock.h>

#include <ostream>

#include "image/image_test_files.h"
#include "rom/rom_build.h"

using namespace kedge;
using namespace kedge::host;
using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using namespace std::string_view_literals;

namespace kedge::host {

// For messages of failing tests.
void PrintTo(const RomDifference& difference, std::ostream* out) {
  *out << difference.field << ": " << difference.a.value_or("(none)") << " -> "
       << difference.b.value_or("(none)");
}

}  // namespace kedge::host

namespace {

std::string driver(image::Machine machine, char code = '\x90') {
  std::string pe = image::make_pe({.machine = machine, .subsystem = 0x0b, .file_bytes = 0x1000});
  pe[0x700] = code;
  return pe;
}

std::string rom_of(RomRecipe recipe) {
  recipe.vendor = 0x1af4;
  if (recipe.devices.empty()) recipe.devices = {0x1041, 0x1000};
  auto rom = build_rom(recipe);
  EXPECT_TRUE(rom) << rom.error().what;
  return rom.value_or("");
}

std::string x86_rom(char code = '\x90') {
  return rom_of({.drivers = {driver(image::Machine::x86_64, code)}});
}

RomDiff diff_of(const std::string& a, const std::string& b) {
  const auto rom_a = parse_option_rom(as_byte_view(a));
  const auto rom_b = parse_option_rom(as_byte_view(b));
  EXPECT_TRUE(rom_a && rom_b);
  return rom_a && rom_b ? diff_roms("a.rom", *rom_a, "b.rom", *rom_b) : RomDiff{};
}

std::vector<std::string> fields_of(const std::vector<RomDifference>& differences) {
  std::vector<std::string> fields;
  for (const RomDifference& difference : differences) fields.push_back(difference.field);
  return fields;
}

TEST(RomDiff, FindsNothingInTheSameFile) {
  const RomDiff diff = diff_of(x86_rom(), x86_rom());
  EXPECT_TRUE(diff.same());
  ASSERT_EQ(diff.images.size(), 1);
  EXPECT_TRUE(diff.images[0].same_code);
  EXPECT_THAT(diff.images[0].differences, IsEmpty());
  EXPECT_EQ(format_diff(diff), "a.rom and b.rom are the same bytes\n");
  EXPECT_EQ(json_diff(diff)["same"], true);
}

TEST(RomDiff, NamesTheFirstByteOfCodeThatDiffers) {
  const RomDiff diff = diff_of(x86_rom('\x90'), x86_rom('\xcc'));
  EXPECT_FALSE(diff.same());
  ASSERT_EQ(diff.images.size(), 1);
  EXPECT_FALSE(diff.images[0].same_code);
  EXPECT_THAT(diff.images[0].differences,
              Contains(RomDifference{
                  .field = "EFI code, first different byte, at 0x700", .a = "90", .b = "cc"}));
  EXPECT_THAT(format_diff(diff),
              AllOf(HasSubstr("image 1, EFI x86_64: the EFI code differs\n"),
                    HasSubstr("  EFI code, first different byte, at 0x700: 90 -> cc\n")));
}

TEST(RomDiff, SeesTheSameCodeBehindOtherCompression) {
  const RomDiff diff =
      diff_of(x86_rom(), rom_of({.drivers = {driver(image::Machine::x86_64)}, .compress = false}));
  EXPECT_FALSE(diff.same());
  ASSERT_EQ(diff.images.size(), 1);
  EXPECT_TRUE(diff.images[0].same_code);
  EXPECT_THAT(diff.images[0].differences,
              Contains(RomDifference{.field = "compression", .a = "UEFI", .b = "none"}));
  EXPECT_THAT(format_diff(diff), HasSubstr("the EFI code is the same bytes, unpacked\n"));
}

TEST(RomDiff, ComparesAFileWithTheRomThatIsMadeOfIt) {
  for (const bool compress : {false, true}) {
    const std::string efi = driver(image::Machine::x86_64);
    const RomDiff diff = diff_of(efi, rom_of({.drivers = {efi}, .compress = compress}));
    ASSERT_EQ(diff.images.size(), 1);
    EXPECT_TRUE(diff.images[0].same_code);
    const auto& found = diff.images[0].differences;
    EXPECT_THAT(found,
                Contains(RomDifference{.field = "packaging", .a = "PE file", .b = "option ROM"}));
    EXPECT_THAT(found, Contains(RomDifference{.field = "id", .a = {}, .b = "1af4:1041"}));
    EXPECT_THAT(format_diff(diff), HasSubstr("  id: (none) -> 1af4:1041\n"));
  }
}

TEST(RomDiff, ComparesImagesOfTheSameMachineWhereverTheyStand) {
  const std::string x86 = driver(image::Machine::x86_64);
  const std::string arm = driver(image::Machine::aarch64);
  const RomDiff diff = diff_of(rom_of({.drivers = {x86, arm}}), rom_of({.drivers = {arm, x86}}));
  ASSERT_EQ(diff.images.size(), 2);
  EXPECT_THAT(diff.images, Each(Field(&ImageDiff::same_code, true)));
  EXPECT_EQ(diff.images[0].kind, "EFI x86_64");
  EXPECT_EQ(diff.images[0].b, 2);
  EXPECT_THAT(diff.images[0].differences,
              Contains(RomDifference{.field = "image number", .a = "1", .b = "2"}));
  EXPECT_THAT(format_diff(diff), HasSubstr("image 1 of A, 2 of B, EFI x86_64: "));
}

TEST(RomDiff, ComparesWhatIsLeftOfTheSameTypeAndListsTheRest) {
  const std::string x86 = driver(image::Machine::x86_64);
  const std::string arm = driver(image::Machine::aarch64);
  const RomDiff other = diff_of(rom_of({.drivers = {x86}}), rom_of({.drivers = {arm}}));
  ASSERT_EQ(other.images.size(), 1);
  EXPECT_THAT(other.images[0].differences,
              Contains(RomDifference{.field = "machine", .a = "x86_64", .b = "aarch64"}));

  const RomDiff more = diff_of(rom_of({.drivers = {arm}}), rom_of({.drivers = {x86, arm}}));
  ASSERT_EQ(more.images.size(), 2);
  EXPECT_EQ(more.images[0].b, 2);
  EXPECT_TRUE(more.images[0].same_code);
  EXPECT_EQ(more.images[1].a, 0);
  EXPECT_EQ(more.images[1].b, 1);
  EXPECT_THAT(more.file, Contains(RomDifference{.field = "images", .a = "1", .b = "2"}));
  EXPECT_THAT(format_diff(more), HasSubstr("image 1 of B, EFI x86_64: A has none like it\n"));
  EXPECT_TRUE(json_diff(more)["images"][1]["a"].is_null());
}

TEST(RomDiff, TellsTheSizeClassAndTheDevices) {
  const std::string x86 = driver(image::Machine::x86_64);
  const RomDiff diff = diff_of(rom_of({.drivers = {x86}, .size = 65536}),
                               rom_of({.devices = {0x1041}, .drivers = {x86}, .size = 131072}));
  EXPECT_THAT(diff.file, Contains(RomDifference{
                             .field = "size class (BAR in QEMU)", .a = "64 KiB", .b = "128 KiB"}));
  ASSERT_EQ(diff.images.size(), 1);
  EXPECT_THAT(diff.images[0].differences,
              Contains(RomDifference{.field = "device list", .a = "1041 1000", .b = "1041"}));
}

TEST(RomDiff, ComparesMarkersFieldByField) {
  const auto marked = [](std::string_view marker) {
    std::string pe = driver(image::Machine::x86_64);
    return pe.replace(0x700, marker.size(), marker);
  };
  const RomDiff diff =
      diff_of(marked("KEDGE-IMAGE/1 version=0.1.0 configuration=qemu personality=driver "
                     "choice=run-time ids=1af4:1041\0"sv),
              marked("KEDGE-IMAGE/1 version=0.2.0 configuration=qemu personality=takeover "
                     "choice=fixed ids=1af4:1041\0"sv));
  ASSERT_EQ(diff.images.size(), 1);
  const auto& found = diff.images[0].differences;
  for (const RomDifference& expected : std::initializer_list<RomDifference>{
           {.field = "version", .a = "0.1.0", .b = "0.2.0"},
           {.field = "personality", .a = "run-time choice", .b = "takeover"},
           {.field = "default personality", .a = "driver", .b = {}},
           {.field = "marker version", .a = "0.1.0", .b = "0.2.0"},
           {.field = "marker personality", .a = "driver", .b = "takeover"},
           {.field = "marker choice", .a = "run-time", .b = "fixed"}}) {
    EXPECT_THAT(found, Contains(expected)) << expected.field;
  }
  EXPECT_THAT(fields_of(found), Not(Contains("marker configuration")));
  EXPECT_THAT(fields_of(found), Not(Contains("marker ids")));
}

TEST(RomDiff, SeesSectionsAndNxOfThePe) {
  const auto pe = [](std::vector<std::string> sections) {
    return image::make_pe({.subsystem = 0x0b, .characteristics = 0, .sections = sections});
  };
  std::string changed = pe({".text", ".data", ".data"});
  image::put(changed, 0x80 + 24 + 70, 0x0100, 2);  // DllCharacteristics
  const RomDiff diff = diff_of(pe({".text", ".data"}), changed);
  ASSERT_EQ(diff.images.size(), 1);
  const auto& found = diff.images[0].differences;
  EXPECT_THAT(found, Contains(RomDifference{.field = "NX_COMPAT", .a = "no", .b = "yes"}));
  EXPECT_THAT(fields_of(found), Contains("section .data (2)"));
  EXPECT_THAT(fields_of(found), Not(Contains("section .data")));
}

TEST(RomDiff, SaysThatFilesDifferWhenOnlyPaddingDoes) {
  std::string padded = rom_of({.drivers = {driver(image::Machine::x86_64)}, .size = 65536});
  const std::string before = padded;
  padded.back() = 'x';
  const RomDiff diff = diff_of(before, padded);
  EXPECT_FALSE(diff.same());
  EXPECT_THAT(diff.file,
              ElementsAre(RomDifference{
                  .field = "file, first different byte, at 0xffff", .a = "ff", .b = "78"}));
}

TEST(RomDiff, ComparesDamagedRomsAndKeepsControlCharactersFromTheTerminal) {
  std::string pe = driver(image::Machine::x86_64);
  const std::string good = rom_of({.drivers = {pe}, .compress = false});
  std::string damaged = good;
  damaged[0x0c] = 7;  // compression
  const RomDiff diff = diff_of(good, damaged);
  ASSERT_EQ(diff.images.size(), 1);
  EXPECT_FALSE(diff.images[0].same_code);
  EXPECT_THAT(fields_of(diff.images[0].differences), Contains("damaged"));

  std::string odd = image::make_pe({.sections = {".sbat"}});
  image::put(odd, 0x190, 0x200, 4);  // the section's bytes in memory
  const std::string_view sbat = "odd,1,\x1b[2J,odd,1,-\n";
  odd.replace(0x600, sbat.size(), sbat);
  const std::string text = format_diff(diff_of(image::make_pe({}), odd));
  EXPECT_THAT(text, HasSubstr("  producer: (none) -> ?[2J\n"));
  EXPECT_THAT(text, HasSubstr("  SBAT: (none) -> odd,1,?[2J,odd,1,-\\n\n"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

}  // namespace
