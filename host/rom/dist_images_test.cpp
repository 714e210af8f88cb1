// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Firmware that protects memory must be able to load what `tools/dist` has built: the images say
// NX_COMPAT, and no section of theirs is writable and executable.
#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "rom/rom_report.h"
#include "support/file.h"

using namespace kedge;
using namespace kedge::host;

namespace {

std::vector<std::filesystem::path> built_images() {
  std::vector<std::filesystem::path> files;
  const std::filesystem::path dist(KEDGE_DIST_DIRECTORY);
  for (const char* folder : {"x86_64", "aarch64", "roms"}) {
    std::error_code missing;
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(dist / folder, missing)) {
      const auto extension = entry.path().extension();
      if (extension == ".efi" || extension == ".rom") files.push_back(entry.path());
    }
  }
  std::ranges::sort(files);
  return files;
}

TEST(DistImages, HaveNoMemoryThatIsWritableAndExecutable) {
  const std::vector<std::filesystem::path> files = built_images();
  if (files.empty()) {
    GTEST_SKIP() << "no images in " << KEDGE_DIST_DIRECTORY << ": tools/dist builds them";
  }
  for (const std::filesystem::path& path : files) {
    SCOPED_TRACE(path);
    const auto file = read_file(path);
    ASSERT_TRUE(file) << file.error().what;
    const auto rom = parse_option_rom(as_byte_view(*file));
    ASSERT_TRUE(rom) << rom.error().what;
    const RomReport report = report_rom(path, *rom);
    EXPECT_TRUE(report.sound());
    std::size_t checked = 0;
    for (const ImageReport& image : report.images) {
      if (!image.pe) continue;
      ++checked;
      EXPECT_EQ(image.origin.producer, "Kedge");
      EXPECT_TRUE(image.pe->info.has_nx_compat);
      EXPECT_FALSE(image.pe->sections.empty());
      for (const PeSection& section : image.pe->sections) {
        EXPECT_FALSE(section.writable && section.executable) << section.name;
      }
    }
    EXPECT_GT(checked, 0);
  }
}

// The drivers of both machines without the marker in which they say themselves what they are: what
// their code does with LoadFile says the same.
TEST(DistImages, TellTheirPersonalityByTheirCodeToo) {
  std::size_t checked = 0;
  for (const std::filesystem::path& path : built_images()) {
    SCOPED_TRACE(path);
    const auto file = read_file(path);
    ASSERT_TRUE(file) << file.error().what;
    const auto rom = parse_option_rom(as_byte_view(*file));
    ASSERT_TRUE(rom) << rom.error().what;
    const auto unpacked = pe_of(rom->images.front());
    ASSERT_TRUE(unpacked) << unpacked.error().what;
    std::string pe = *unpacked;
    const auto facts = read_pe_facts(as_byte_view(pe));
    ASSERT_TRUE(facts) << facts.error().what;
    if (!facts->info.is_efi_driver()) continue;
    const Origin marked = origin_of_pe(as_byte_view(pe), *facts);
    const std::size_t marker = pe.find("KEDGE-IMAGE/1 ");
    ASSERT_NE(marker, std::string::npos);
    pe[marker] = 'k';
    const Origin seen = origin_of_pe(as_byte_view(pe), *facts);
    ASSERT_FALSE(seen.marker.has_value());
    const bool full = marked.personality == Personality::run_time_choice;
    EXPECT_EQ(seen.personality, full ? Personality::takeover : Personality::driver);
    EXPECT_THAT(seen.evidence,
                testing::Contains(testing::StartsWith(full ? "LoadFile GUID: carried, used by"
                                                           : "LoadFile GUID: absent")));
    EXPECT_THAT(seen.evidence,
                testing::Contains(testing::StartsWith("Simple Network GUID: carried, used by")));
    ++checked;
  }
  if (checked == 0) GTEST_SKIP() << "no drivers in " << KEDGE_DIST_DIRECTORY;
}

// What docs/personality.md and the configurations in configs/ promise.
TEST(DistImages, AreClassifiedRightly) {
  const std::vector<std::filesystem::path> files = built_images();
  if (files.empty()) {
    GTEST_SKIP() << "no images in " << KEDGE_DIST_DIRECTORY << ": tools/dist builds them";
  }
  const std::filesystem::path dist(KEDGE_DIST_DIRECTORY);
  for (const std::filesystem::path& path : files) {
    const auto name = path.lexically_relative(dist);
    SCOPED_TRACE(name);
    const auto file = read_file(path);
    ASSERT_TRUE(file) << file.error().what;
    const auto rom = parse_option_rom(as_byte_view(*file));
    ASSERT_TRUE(rom) << rom.error().what;
    const bool driver_only = name.string().contains("driver-only") || name.stem() == "kedge-driver";
    const bool is_rom = name.extension() == ".rom";
    const bool full = !driver_only && (is_rom || name.stem() == "kedge-rom");
    for (const ImageReport& image : report_rom(path, *rom).images) {
      if (!image.pe) continue;
      EXPECT_EQ(image.origin.personality, full          ? Personality::run_time_choice
                                          : driver_only ? Personality::driver
                                                        : Personality::application);
      const char* const by_default = is_rom ? "driver" : "takeover";
      EXPECT_EQ(image.origin.default_personality, full ? by_default : "");
      ASSERT_TRUE(image.origin.marker);
      EXPECT_EQ(image.origin.marker->gives_rng, full || driver_only);
    }
  }
}

}  // namespace
