// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "rom/image_marker.h"

#include <gmock/gmock.h>

#include "image/image_test_files.h"
#include "rom/origin.h"
#include "rom/rom_build.h"
#include "rom/rom_diff.h"
#include "rom/rom_report.h"

using namespace kedge;
using namespace kedge::host;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

namespace {

std::string image_with(std::string_view marker, std::uint16_t subsystem = 0x0b) {
  return image::make_pe({.subsystem = subsystem}) + std::string(marker) + std::string(1, '\0');
}

std::optional<ImageMarker> find(const std::string& file) {
  return find_image_marker(as_byte_view(file));
}

Origin origin_of(const std::string& file) {
  const auto facts = read_pe_facts(as_byte_view(file));
  EXPECT_TRUE(facts);
  return origin_of_pe(as_byte_view(file), *facts);
}

constexpr const char* kMarker =
    "KEDGE-IMAGE/1 version=0.1.0 configuration=qemu personality=driver choice=run-time "
    "later=unknown gives=rng ids=1af4:1041,1af4:1000";

TEST(ImageMarker, TellsWhatAnImageIs) {
  const auto marker = find(image_with(kMarker));
  ASSERT_TRUE(marker);
  EXPECT_EQ(marker->version, "0.1.0");
  EXPECT_EQ(marker->configuration, "qemu");
  EXPECT_EQ(marker->personality, "driver");
  EXPECT_TRUE(marker->run_time_choice);
  EXPECT_TRUE(marker->gives_rng);
  EXPECT_THAT(marker->ids, ElementsAre(MarkedId{0x1af4, 0x1041}, MarkedId{0x1af4, 0x1000}));
}

TEST(ImageMarker, GivesWhatItNames) {
  const std::string rest = "KEDGE-IMAGE/1 version=1 personality=driver choice=fixed";
  for (const char* nothing : {"", " gives=", " gives=clock", " gives=rngs"}) {
    const auto marker = find(image_with(rest + nothing));
    ASSERT_TRUE(marker) << nothing;
    EXPECT_FALSE(marker->gives_rng) << nothing;
  }
  EXPECT_TRUE(find(image_with(rest + " gives=clock,rng"))->gives_rng);
}

TEST(ImageMarker, IsNotThereUnlessItIsWhole) {
  const std::string whole = image_with(kMarker);
  EXPECT_FALSE(find(whole.substr(0, whole.size() - 1)));
  EXPECT_FALSE(find(image_with("")));
  EXPECT_FALSE(find(image_with("KEDGE-IMAGE/1 version=1 personality=driver ids=1af4:104")));
  EXPECT_FALSE(find(image_with("KEDGE-IMAGE/1 version=1 personality=driver ids=1af4:104g")));
  EXPECT_FALSE(find(image_with("KEDGE-IMAGE/1 version=1\n personality=driver")));
  EXPECT_FALSE(find(image_with("KEDGE-IMAGE/1 version=1")));
  EXPECT_FALSE(find(image_with("KEDGE-IMAGE/1 version=1 personality=driver x=" +
                               std::string(kMarkerBytesMax, 'x'))));
  // Text of a program that looks for markers is none.
  EXPECT_TRUE(find(image_with(std::string("KEDGE-IMAGE/1 \n") + kMarker)));
}

TEST(ImageMarker, IsReportedWithWhatItGives) {
  const auto rom_with = [](std::string_view marker) {
    auto bytes = build_rom({.vendor = 0x1af4,
                            .devices = {0x1000},
                            .drivers = {image::make_pe({.subsystem = 0x0b, .file_bytes = 0x3000}) +
                                        std::string(marker) + std::string(1, '\0')}});
    EXPECT_TRUE(bytes);
    return bytes.value_or(std::string());
  };
  const std::string giving = rom_with(kMarker);
  const std::string other = rom_with("KEDGE-IMAGE/1 version=1 personality=driver choice=fixed");
  const auto giving_rom = parse_option_rom(as_byte_view(giving));
  const auto other_rom = parse_option_rom(as_byte_view(other));
  ASSERT_TRUE(giving_rom && other_rom);
  const RomReport report = report_rom("giving.rom", *giving_rom);
  EXPECT_THAT(format_report(report), HasSubstr("EFI_RNG"));
  EXPECT_EQ(json_report(report).at("images").at(0).at("gives_rng"), true);
  const RomReport without = report_rom("other.rom", *other_rom);
  EXPECT_THAT(format_report(without), Not(HasSubstr("EFI_RNG")));
  EXPECT_EQ(json_report(without).at("images").at(0).at("gives_rng"), false);
  const RomDiff diff = diff_roms("giving.rom", *giving_rom, "other.rom", *other_rom);
  EXPECT_THAT(format_diff(diff), HasSubstr("marker gives"));
}

TEST(ImageMarker, DecidesWhatAnImagesOriginIs) {
  const Origin choice = origin_of(image_with(kMarker));
  EXPECT_EQ(choice.producer, "Kedge");
  EXPECT_EQ(choice.version, "0.1.0");
  EXPECT_EQ(choice.personality, Personality::run_time_choice);
  EXPECT_EQ(choice.default_personality, "driver");
  const Origin fixed =
      origin_of(image_with("KEDGE-IMAGE/1 version=0.1.0 personality=driver choice=fixed"));
  EXPECT_EQ(fixed.personality, Personality::driver);
  EXPECT_THAT(fixed.default_personality, IsEmpty());
  const Origin takeover =
      origin_of(image_with("KEDGE-IMAGE/1 version=0.1.0 personality=takeover choice=fixed"));
  EXPECT_EQ(takeover.personality, Personality::takeover);
  const Origin application =
      origin_of(image_with("KEDGE-IMAGE/1 version=0.1.0 personality=application", 0x0a));
  EXPECT_EQ(application.personality, Personality::application);
}

}  // namespace
