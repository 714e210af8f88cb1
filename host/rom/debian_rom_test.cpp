// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// The ROMs of Debian's packages, and what is true about them.
//
// The truth was read from the files' bytes. Bookworm's iPXE (ipxe-qemu 1.0.0+git-20190125.36a4c85)
// is built without EFI_DOWNGRADE_UX: code of its ROMs takes the address of LoadFile's GUID (three
// times) and of PXE Base Code's, and no GUID is a dummy. In trixie's (1.21.1+git20250501.dad20602)
// all of iPXE's GUIDs stand in one table, LoadFile's among them, but no instruction refers to that
// one; three refer to "#slow #unhelpful", EFI_DOWNGRADE_UX's dummy. The .efi files of both packages
// have no dummy and are applications. Only trixie's iPXE offers VLAN Config.
#include <gmock/gmock.h>

#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <memory>

#include "rom/efi_compression.h"
#include "rom/rom_diff.h"
#include "rom/rom_report.h"
#include "support/file.h"

using namespace kedge;
using namespace kedge::host;
using testing::Contains;
using testing::HasSubstr;
using testing::StartsWith;

namespace {

enum class Suite { bookworm, trixie };

struct Truth {
  Suite suite;
  const char* file;
  std::size_t images;
  bool has_efi;
  bool compressed;
  Personality personality;
  const char* producer;
  const char* version;  // of the EFI image, or of the only one
};

constexpr const char* kBookworm = "1.0.0+git-20190125.36a4c85-5.1";
constexpr const char* kTrixie = "1.21.1+git20250501.dad20602+dfsg-1";

std::vector<Truth> truths() {
  std::vector<Truth> all;
  for (const char* nic :
       {"e1000", "e1000e", "eepro100", "ne2k_pci", "pcnet", "rtl8139", "virtio", "vmxnet3"}) {
    static std::vector<std::unique_ptr<std::string>> names;
    const auto name = [&](std::string text) {
      return names.emplace_back(std::make_unique<std::string>(std::move(text)))->c_str();
    };
    const std::string file(nic);
    all.push_back({Suite::bookworm, name("ipxe/qemu/efi-" + file + ".rom"), 2, true, false,
                   Personality::takeover, "iPXE", kBookworm});
    all.push_back({Suite::bookworm, name("ipxe/qemu/pxe-" + file + ".rom"), 1, false, false,
                   Personality::unknown, "iPXE", ""});
    all.push_back({Suite::trixie, name("qemu/efi-" + file + ".rom"), 2, true, true,
                   Personality::driver, "iPXE", kTrixie});
    all.push_back({Suite::trixie, name("qemu/pxe-" + file + ".rom"), 1, false, false,
                   Personality::unknown, "iPXE", ""});
  }
  all.push_back({Suite::bookworm, "ipxe/ipxe.efi", 1, true, false, Personality::application, "iPXE",
                 kBookworm});
  all.push_back({Suite::bookworm, "ipxe/snponly.efi", 1, true, false, Personality::application,
                 "iPXE", kBookworm});
  for (const char* card :
       {"ati", "bochs-display", "cirrus", "isavga", "qxl", "ramfb", "stdvga", "virtio", "vmware"}) {
    static std::vector<std::unique_ptr<std::string>> names;
    names.push_back(
        std::make_unique<std::string>(std::string("../share/seabios/vgabios-") + card + ".bin"));
    all.push_back({Suite::bookworm, names.back()->c_str(), 1, false, false, Personality::unknown,
                   "SeaBIOS (SeaVGABIOS)", "1.16.2-debian-1.16.2-1"});
  }
  return all;
}

// What tools/deps has unpacked of trixie.
std::filesystem::path trixie_packages() {
  std::filesystem::path cache;
  if (const char* own = std::getenv("KEDGE_CACHE")) {
    cache = own;
  } else if (const char* xdg = std::getenv("XDG_CACHE_HOME")) {
    cache = std::filesystem::path(xdg) / "kedge";
  } else if (const char* home = std::getenv("HOME")) {
    cache = std::filesystem::path(home) / ".cache/kedge";
  }
  return cache / "packages/trixie-all";
}

std::filesystem::path path_of(const Truth& truth) {
  if (truth.suite == Suite::bookworm) return std::filesystem::path("/usr/lib") / truth.file;
  return trixie_packages() / "ipxe-qemu/usr/share" / truth.file;
}

bool is_bookworm() {
  return read_file("/etc/debian_version").value_or("").starts_with("12.");
}

// The ROM's bytes; a failure of the test where tools/deps was not run.
std::string content_of(const Truth& truth) {
  auto file = read_file(path_of(truth));
  if (!file) ADD_FAILURE() << path_of(truth) << ": " << file.error().what << ": run tools/deps";
  return file ? std::move(*file) : std::string();
}

class DebianRom : public testing::TestWithParam<Truth> {
 protected:
  void SetUp() override {
    if (GetParam().suite == Suite::bookworm && !is_bookworm()) {
      GTEST_SKIP() << "the packages of this machine are not bookworm's";
    }
    file = content_of(GetParam());
  }

  std::string file;
};

TEST_P(DebianRom, IsClassifiedRightly) {
  const Truth& truth = GetParam();
  const auto rom = parse_option_rom(as_byte_view(file));
  ASSERT_TRUE(rom) << rom.error().what;
  const RomReport report = report_rom("rom", *rom);
  EXPECT_TRUE(report.sound());
  ASSERT_EQ(report.images.size(), truth.images);
  const ImageReport& image = report.images.back();
  EXPECT_EQ(image.image.is_efi(), truth.has_efi);
  EXPECT_EQ(image.image.efi && image.image.efi->compression == 1, truth.compressed);
  EXPECT_EQ(image.origin.producer, truth.producer);
  EXPECT_EQ(image.origin.version, truth.version);
  EXPECT_EQ(image.origin.personality, truth.personality);
  if (truth.has_efi) {
    ASSERT_TRUE(image.pe.has_value());
    EXPECT_EQ(image.pe->info.machine, image::Machine::x86_64) << "Debian's ROMs have no other";
    for (const char* guid : {"Simple Network", "NII 3.1", "NII"}) {
      EXPECT_THAT(image.origin.evidence,
                  Contains(StartsWith(std::string(guid) + " GUID: carried, used by")));
    }
  }
  if (truth.has_efi) {
    EXPECT_THAT(image.origin.evidence,
                Contains(StartsWith(truth.suite == Suite::bookworm
                                        ? "VLAN Config GUID: carried, but no code uses it"
                                        : "VLAN Config GUID: carried, used by")));
  }
  if (truth.personality == Personality::driver) {
    EXPECT_THAT(image.origin.evidence, Contains("LoadFile GUID: carried, but no code uses it"));
    EXPECT_THAT(image.origin.evidence, Contains(HasSubstr("#slow #unhelpful")));
  } else if (truth.personality == Personality::takeover) {
    EXPECT_THAT(image.origin.evidence, Contains("LoadFile GUID: carried, used by 3 instructions"));
  }
}

TEST_P(DebianRom, HasNoErrors) {
  const auto rom = parse_option_rom(as_byte_view(file));
  ASSERT_TRUE(rom) << rom.error().what;
  for (const Finding& finding : verify_option_rom(*rom)) {
    if (finding.what.contains("ISA expansion ROM")) continue;  // what isavga and ramfb are
    EXPECT_EQ(finding.severity, Severity::warning) << finding.offset << ": " << finding.what;
  }
}

TEST_P(DebianRom, SurvivesPackingAnew) {
  const auto rom = parse_option_rom(as_byte_view(file));
  ASSERT_TRUE(rom) << rom.error().what;
  const RomImage& image = rom->images.back();
  if (!image.efi) GTEST_SKIP() << "no EFI image";
  const auto pe = pe_of(image);
  ASSERT_TRUE(pe) << pe.error().what;
  const auto packed = efi_compress(as_byte_view(*pe));
  ASSERT_TRUE(packed);
  const auto again = efi_decompress(as_byte_view(*packed));
  ASSERT_TRUE(again) << again.error().what;
  EXPECT_TRUE(*again == *pe);
  if (image.efi->compression == 1) {  // as small as the one that made the ROM, give or take
    const auto theirs = efi_packed_bytes(image.bytes.subspan(image.efi->image_offset));
    ASSERT_TRUE(theirs);
    EXPECT_LT(packed->size(), *theirs + *theirs / 50);
  }
}

// No ROM of Debian's is for aarch64; this program of trixie's package ipxe is. The counts are what
// a disassembler shows: pairs of ADRP and ADD with the address of the GUID.
TEST(DebianPrograms, ForAarch64AreReadByTheirInstructions) {
  const auto path = trixie_packages() / "ipxe/usr/lib/ipxe/ipxe-arm64.efi";
  const auto file = read_file(path);
  ASSERT_TRUE(file) << file.error().what << ": run tools/deps";
  const auto rom = parse_option_rom(as_byte_view(*file));
  ASSERT_TRUE(rom) << rom.error().what;
  const RomReport report = report_rom("program", *rom);
  ASSERT_EQ(report.images.size(), 1);
  const ImageReport& image = report.images.front();
  ASSERT_TRUE(image.pe.has_value());
  EXPECT_EQ(image.pe->info.machine, image::Machine::aarch64);
  EXPECT_EQ(image.origin.producer, "iPXE");
  EXPECT_EQ(image.origin.version, kTrixie);
  EXPECT_EQ(image.origin.personality, Personality::application);
  EXPECT_THAT(image.origin.evidence, Contains("LoadFile GUID: carried, used by 2 instructions"));
  EXPECT_THAT(image.origin.evidence,
              Contains("PXE Base Code GUID: carried, used by 4 instructions"));
  EXPECT_THAT(image.origin.evidence, Contains(StartsWith("Simple Network GUID: carried, used by")));
}

TEST(DebianRoms, OfTwoSuitesDifferInPersonality) {
  const Truth before{.suite = Suite::bookworm, .file = "ipxe/qemu/efi-virtio.rom"};
  const Truth after{.suite = Suite::trixie, .file = "qemu/efi-virtio.rom"};
  if (!is_bookworm()) GTEST_SKIP() << "the packages of this machine are not bookworm's";
  const std::string file_a = content_of(before);
  const std::string file_b = content_of(after);
  const auto a = parse_option_rom(as_byte_view(file_a));
  const auto b = parse_option_rom(as_byte_view(file_b));
  ASSERT_TRUE(a && b);
  const RomDiff diff = diff_roms("a", *a, "b", *b);
  EXPECT_FALSE(diff.same());
  ASSERT_EQ(diff.images.size(), 2);
  const ImageDiff& efi = diff.images.back();
  EXPECT_EQ(efi.kind, "EFI x86_64");
  EXPECT_FALSE(efi.same_code);
  for (const RomDifference& expected : std::initializer_list<RomDifference>{
           {.field = "personality", .a = "takeover", .b = "driver"},
           {.field = "version", .a = kBookworm, .b = kTrixie},
           {.field = "compression", .a = "none", .b = "UEFI"},
           {.field = "evidence LoadFile GUID",
            .a = "carried, used by 3 instructions",
            .b = "carried, but no code uses it"}}) {
    EXPECT_THAT(efi.differences, Contains(expected)) << expected.field;
  }
  for (const RomDifference& difference : efi.differences) EXPECT_NE(difference.field, "producer");
}

INSTANTIATE_TEST_SUITE_P(Of, DebianRom, testing::ValuesIn(truths()), [](const auto& info) {
  std::string name = info.param.suite == Suite::bookworm ? "Bookworm_" : "Trixie_";
  for (const char c : std::filesystem::path(info.param.file).filename().string()) {
    name += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  }
  return name;
});

}  // namespace
