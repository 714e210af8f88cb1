// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "rom/option_rom.h"

#include <gmock/gmock.h>

#include "image/image_test_files.h"
#include "rom/efi_compression.h"
#include "rom/rom_report.h"
#include "support/file.h"

using namespace kedge;
using namespace kedge::host;
using image::put;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;

namespace {

struct Recipe {
  CodeType type = CodeType::efi;
  bool last = true;
  bool compressed = false;
  std::uint16_t subsystem = 0x0b;
  image::PeRecipe pe = {.subsystem = 0x0b};
  std::string appended;  // to the PE image
};

std::string make_image(const Recipe& recipe) {
  std::string rom;
  put(rom, 0, 0xaa55, 2);
  put(rom, 0x18, 0x1c, 2);
  put(rom, 0x1c, 0x52494350, 4);
  put(rom, 0x20, 0x10411af4, 4);
  put(rom, 0x24, 0x1c, 2);  // the device list is right behind
  put(rom, 0x26, 0x1c, 2);
  put(rom, 0x28, 3, 1);
  put(rom, 0x29, 0x020000, 3);
  put(rom, 0x30, static_cast<unsigned>(recipe.type), 1);
  put(rom, 0x31, recipe.last ? 0x80 : 0, 1);
  put(rom, 0x38, 0x10001041, 4);
  put(rom, 0x3c, 0, 4);
  if (recipe.type == CodeType::efi) {
    const std::string pe = image::make_pe(recipe.pe) + recipe.appended;
    put(rom, 4, 0x0ef1, 4);
    put(rom, 8, recipe.subsystem, 2);
    put(rom, 0x0a, 0x8664, 2);
    put(rom, 0x0c, recipe.compressed ? 1 : 0, 2);
    put(rom, 0x16, 0x40, 2);
    rom += recipe.compressed ? *efi_compress(as_byte_view(pe)) : pe;
  }
  rom.resize((rom.size() + 511) / 512 * 512);
  put(rom, 2, rom.size() / 512, recipe.type == CodeType::efi ? 2 : 1);
  put(rom, 0x2c, rom.size() / 512, 2);
  unsigned sum = 0;
  for (const char c : rom) sum += static_cast<unsigned char>(c);
  put(rom, 6, recipe.type == CodeType::efi ? 0 : 0x100 - sum % 0x100, 1);
  return rom;
}

OptionRom parse(const std::string& file) {
  auto rom = parse_option_rom(as_byte_view(file));
  EXPECT_TRUE(rom) << rom.error().what;
  return rom ? *rom : OptionRom{};
}

std::string failure_of(const std::string& file) {
  const auto rom = parse_option_rom(as_byte_view(file));
  return rom ? "success" : rom.error().what;
}

std::vector<std::string> errors_of(const std::string& file) {
  std::vector<std::string> errors;
  for (const Finding& finding : verify_option_rom(parse(file))) {
    if (finding.severity == Severity::error) {
      errors.push_back(std::to_string(finding.offset) + " " + finding.what);
    }
  }
  return errors;
}

TEST(OptionRom, IsAChainOfImages) {
  const std::string file = make_image({.type = CodeType::pc_bios, .last = false}) +
                           make_image({.compressed = true}) + std::string(512, '\xff');
  const OptionRom rom = parse(file);
  ASSERT_EQ(rom.images.size(), 2);
  EXPECT_THAT(rom.problems, IsEmpty());
  EXPECT_EQ(rom.chain_bytes, file.size() - 512);
  EXPECT_EQ(rom.images[0].sum, 0);
  EXPECT_FALSE(rom.images[0].is_efi());
  const PciData& pci = *rom.images[1].pci;
  EXPECT_EQ(pci.vendor, 0x1af4);
  EXPECT_EQ(pci.device, 0x1041);
  EXPECT_EQ(pci.class_code, 0x020000);
  EXPECT_THAT(pci.more_devices, ElementsAre(0x1041, 0x1000));
  const auto pe = pe_of(rom.images[1]);
  ASSERT_TRUE(pe) << pe.error().what;
  EXPECT_EQ(*pe, image::make_pe({.subsystem = 0x0b}));
  EXPECT_THAT(errors_of(file), IsEmpty());
}

TEST(OptionRom, SaysWhereAFileIsNoRom) {
  EXPECT_THAT(failure_of(""), HasSubstr("offset 0x0: 0 bytes"));
  EXPECT_THAT(failure_of(std::string(64, 'x')), HasSubstr("begins with 78 78, not 55 aa"));
  std::string file = make_image({});
  put(file, 0x1c, 0, 1);
  EXPECT_THAT(failure_of(file), HasSubstr("offset 0x1c: no PCI data structure"));
  EXPECT_THAT(failure_of(make_image({}).substr(0, 0x2a)), HasSubstr("cut off"));
}

TEST(OptionRom, SaysWhereTheChainBreaks) {
  const std::string one = make_image({.last = false});
  const std::string size = std::to_string(one.size());
  EXPECT_THAT(errors_of(one),
              ElementsAre("0 the file ends here, and the image is not marked as the last"));
  EXPECT_THAT(errors_of(one + std::string(64, '\0')),
              ElementsAre(testing::StartsWith(size + " no image here"), HasSubstr("not 55 aa")));
  EXPECT_THAT(errors_of(make_image({}).substr(0, one.size() - 512)),
              testing::Contains(HasSubstr("the file ends after")));
  std::string empty = one;
  put(empty, 0x2c, 0, 2);
  EXPECT_THAT(errors_of(empty), testing::Contains(HasSubstr("length is zero")));
  std::string many;
  while (many.size() < 65 * one.size()) many += one;
  EXPECT_THAT(errors_of(many), testing::Contains(HasSubstr("more than 64 images")));
}

TEST(OptionRom, VerifyFindsWhatFirmwareRefuses) {
  std::string bios = make_image({.type = CodeType::pc_bios});
  put(bios, 0x50, 1, 1);
  EXPECT_THAT(errors_of(bios), ElementsAre(HasSubstr("checksum: the bytes add up to 0x01")));
  EXPECT_THAT(errors_of(make_image({.subsystem = 0x0a, .pe = {.subsystem = 0x0a}})),
              ElementsAre(HasSubstr("8 subsystem 0x0a")));
  EXPECT_THAT(
      errors_of(make_image({.pe = {.machine = image::Machine::aarch64, .subsystem = 0x0b}})),
      ElementsAre(HasSubstr("the header says machine 0x8664, the PE image 0xaa64")));
  std::string file = make_image({});
  put(file, 0x0c, 2, 2);
  EXPECT_THAT(errors_of(file), testing::Contains(HasSubstr("unknown compression 2")));
  file = make_image({});
  put(file, 0x40, 0, 2);
  EXPECT_THAT(errors_of(file), ElementsAre(HasSubstr("not a PE image")));
  file = make_image({});
  put(file, 2, 0xffff, 2);
  EXPECT_THAT(errors_of(file), ElementsAre(HasSubstr("initialization size")));
}

TEST(OptionRom, GetsTheBarOfTheNextPowerOfTwo) {
  EXPECT_EQ(qemu_bar_bytes(1), 2048);
  EXPECT_EQ(qemu_bar_bytes(249344), 262144);
  EXPECT_EQ(qemu_bar_bytes(262144), 262144);
  EXPECT_EQ(qemu_bar_bytes(262145), 524288);
}

// GUIDs are data of the file and no code uses them, so LoadFile alone is no takeover.
TEST(Personality, IsNotJudgedByGuidsThatNoCodeUses) {
  const std::string load_file("\x91\x30\xec\x56\x4c\x95\xd2\x11\x8e\x3f\x00\xa0\xc9\x69\x72\x3b",
                              16);
  const std::string file = make_image({.appended = load_file});
  const RomReport report = report_rom("x", parse(file));
  EXPECT_EQ(report.images.at(0).origin.personality, Personality::unknown);
  EXPECT_THAT(report.images.at(0).origin.evidence,
              testing::Contains("LoadFile GUID: carried, but no code uses it"));
}

TEST(RomReport, IsJsonForPrograms) {
  const nlohmann::json json =
      json_report(report_rom("x.rom", parse(make_image({.compressed = true}))));
  EXPECT_EQ(json["file"], "x.rom");
  const nlohmann::json& image = json["images"][0];
  EXPECT_EQ(image["machine"], "x86_64");
  EXPECT_EQ(image["devices"], nlohmann::json({"1041", "1000"}));
  EXPECT_EQ(image["compressed"], true);
  for (const char* key : {"producer", "version", "personality", "evidence"}) {
    EXPECT_TRUE(image.contains(key)) << key;
  }
}

// Debian's shim, signed by Microsoft.
TEST(PeFacts, NameWhoHasSigned) {
  const auto file = read_file("/usr/lib/shim/shimx64.efi.signed");
  if (!file) GTEST_SKIP() << "shim-signed is not installed";
  const auto facts = read_pe_facts(as_byte_view(*file));
  ASSERT_TRUE(facts);
  ASSERT_FALSE(facts->signatures.empty());
  std::vector<std::string> names;
  for (const PeSignature& signature : facts->signatures) {
    EXPECT_EQ(signature.type, "PKCS#7");
    names.insert(names.end(), signature.names.begin(), signature.names.end());
  }
  EXPECT_THAT(names, testing::Contains("Microsoft Corporation UEFI CA 2011"));
  for (std::size_t at = facts->signatures[0].offset; at < file->size(); at += 997) {
    const auto cut = read_pe_facts(as_byte_view(file->substr(0, at)));
    if (cut) EXPECT_LE(cut->signatures.size(), facts->signatures.size());
  }
}

TEST(Origin, KnowsTheMakersOfNicsByWhatTheirDriversShow) {
  const auto producer = [](std::string_view text) {
    std::string pe = image::make_pe(
        {.machine = image::Machine::x86_64, .subsystem = 0x0b, .file_bytes = 0x3000});
    pe.replace(0x2000, text.size(), text);
    const auto facts = read_pe_facts(as_byte_view(pe));
    return facts ? origin_of_pe(as_byte_view(pe), *facts).producer : "damaged";
  };
  using namespace std::string_view_literals;
  EXPECT_EQ(producer("B\0r\0o\0a\0d\0c\0o\0m\0 \0"sv), "Broadcom");
  EXPECT_EQ(producer("Intel(R) PRO/1000"sv), "Intel");
  EXPECT_EQ(producer("nobody"sv), "");
}

}  // namespace
