// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "media/media.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "base/bytes.h"
#include "support/file.h"
#include "support/process.h"

namespace kedge::host {
namespace {

class MediaTest : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* tool : {"mformat", "mcopy", "xorriso"}) {
      if (!find_program(tool)) GTEST_SKIP() << tool << " is not installed";
    }
    directory = *TempDir::create("kedge-media-test");
    application = path("application");
    ASSERT_TRUE(write_file(application, std::string(100'000, 'k')));
    script = path("script");
    ASSERT_TRUE(write_file(script, "#!ipxe\n"));
    files = {{.name = "EFI/BOOT/BOOTX64.EFI", .source = application},
             {.name = "autoexec.ipxe", .source = script}};
  }
  std::filesystem::path path(const std::string& name) const { return directory->path() / name; }

  // The file as mtools reads it back from a file system at `offset`.
  std::string file_in(const std::filesystem::path& image, const std::string& name,
                      const std::string& offset = "") {
    const auto output =
        run_tool({.arguments = {"mtype", "-i", image.string() + offset, "::/" + name}});
    return output ? *output : "error: " + output.error().what;
  }

  struct Holder {
    std::optional<TempDir> value;
    Holder& operator=(TempDir&& dir) {
      value.emplace(std::move(dir));
      return *this;
    }
    const TempDir* operator->() const { return &*value; }
  } directory;
  std::filesystem::path application, script;
  std::vector<MediaFile> files;
};

TEST_F(MediaTest, UsbImageHasOneEfiSystemPartitionWithTheFiles) {
  ASSERT_TRUE(make_usb_image(path("usb"), files));
  const std::string image = *read_file(path("usb"));
  ByteReader record(as_byte_view(image).subspan(446));
  record.skip(4);
  EXPECT_EQ(record.u8(), 0xEF);
  record.skip(3);
  EXPECT_EQ(record.le32(), 2048u);
  EXPECT_EQ((2048u + record.le32()) * 512, image.size());
  record.skip(48);
  EXPECT_EQ(record.le16(), 0xAA55);
  EXPECT_EQ(file_in(path("usb"), "autoexec.ipxe", "@@1M"), "#!ipxe\n");
  EXPECT_EQ(file_in(path("usb"), "EFI/BOOT/BOOTX64.EFI", "@@1M"), std::string(100'000, 'k'));
}

TEST_F(MediaTest, IsoImageHasTheFilesInItsBootImageAndInItsFileSystem) {
  ASSERT_TRUE(make_iso_image(path("iso"), files));
  const auto listing = run_tool({.arguments = {"xorriso", "-indev", path("iso").string(),
                                               "-report_el_torito", "plain", "-find", "/"}});
  ASSERT_TRUE(listing) << listing.error().what;
  EXPECT_THAT(*listing, testing::HasSubstr("UEFI"));
  EXPECT_THAT(*listing, testing::HasSubstr("'/EFI/BOOT/BOOTX64.EFI'"));
  EXPECT_THAT(*listing, testing::HasSubstr("'/autoexec.ipxe'"));
  EXPECT_LT(std::filesystem::file_size(path("iso")), 8u << 20);
}

TEST_F(MediaTest, TheSameFilesMakeTheSameImages) {
  for (const char* round : {"1", "2"}) {
    ASSERT_TRUE(make_usb_image(path(std::string("usb") + round), files));
    ASSERT_TRUE(make_iso_image(path(std::string("iso") + round), files));
    // A build later and elsewhere: other times of the files, and of the clock in steps that FAT can
    // tell.
    std::filesystem::last_write_time(
        application, std::filesystem::file_time_type::clock::now() - std::chrono::hours(100));
    std::filesystem::last_write_time(
        script, std::filesystem::file_time_type::clock::now() - std::chrono::hours(9));
  }
  EXPECT_TRUE(*read_file(path("usb1")) == *read_file(path("usb2")));
  EXPECT_TRUE(*read_file(path("iso1")) == *read_file(path("iso2")));
}

TEST_F(MediaTest, SaysWhichFileIsMissing) {
  const auto made = make_iso_image(path("iso"), {{.name = "a", .source = path("nowhere")}});
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().what, testing::HasSubstr("nowhere"));
}

TEST(MediaFile, IsANameAndAFile) {
  const auto file = parse_media_file("EFI/BOOT/BOOTX64.EFI=out/kedge=1.efi");
  ASSERT_TRUE(file);
  EXPECT_EQ(file->name, "EFI/BOOT/BOOTX64.EFI");
  EXPECT_EQ(file->source, "out/kedge=1.efi");
  for (const char* wrong : {"", "=", "a", "a=", "=a", "/a=b", "../a=b"})
    EXPECT_FALSE(parse_media_file(wrong)) << wrong;
  EXPECT_FALSE(parse_media_file(std::string(kMediaNameMax + 1, 'a') + "=b"));
}

}  // namespace
}  // namespace kedge::host
