// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "vm/boot_media.h"

#include <gtest/gtest.h>

#include "support/file.h"
#include "support/process.h"

namespace kedge::host {
namespace {

TEST(BootMedia, HoldsTheFilesThatWereGiven) {
  if (!find_program("mformat")) GTEST_SKIP() << "mtools is not installed";
  const auto directory = TempDir::create("kedge-test-");
  ASSERT_TRUE(directory);
  const auto application = directory->path() / "app.efi";
  const auto script = directory->path() / "script";
  ASSERT_TRUE(write_file(application, std::string(3'000'000, 'a')));
  ASSERT_TRUE(write_file(script, "#!ipxe\n"));
  const auto image = directory->path() / "boot.img";
  const auto made =
      make_fat_image(image, boot_media_files(Architecture::aarch64, application, script));
  ASSERT_TRUE(made) << made.error().what;

  const auto out = directory->path() / "out";
  for (const auto& [name, source] :
       {std::pair{"EFI/BOOT/BOOTAA64.EFI", application},
        std::pair{"EFI/BOOT/autoexec.ipxe", script}, std::pair{"autoexec.ipxe", script}}) {
    ASSERT_TRUE(run_tool({.arguments = {"mcopy", "-n", "-o", "-i", image.string(),
                                        std::string("::/") + name, out.string()}}));
    EXPECT_EQ(read_file(out).value(), read_file(source).value()) << name;
  }
}

TEST(BootMedia, AMissingSourceIsNamed) {
  const auto made =
      make_fat_image("/nonexistent/image", {{.name = "a", .source = "/nonexistent/a"}});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().what, "cannot read /nonexistent/a: No such file or directory");
}

}  // namespace
}  // namespace kedge::host
