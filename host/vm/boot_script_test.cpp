// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "vm/boot_script.h"

#include <gtest/gtest.h>

namespace kedge::host {
namespace {

TEST(BootScript, BootsAKernelWithInitrds) {
  EXPECT_EQ(make_boot_script(
                {.kernel_url = "http://10.0.2.2:80/boot/linux",
                 .initrd_urls = {"http://10.0.2.2:80/boot/a.gz", "http://10.0.2.2:80/boot/1-b.gz"},
                 .command_line = "console=ttyS0 quiet"}),
            "#!ipxe\n"
            "isset ${ip} || dhcp\n"
            "kernel http://10.0.2.2:80/boot/linux initrd=a.gz initrd=1-b.gz console=ttyS0 quiet\n"
            "initrd http://10.0.2.2:80/boot/a.gz\n"
            "initrd http://10.0.2.2:80/boot/1-b.gz\n"
            "boot\n");
}

TEST(BootScript, BootsAKernelAlone) {
  EXPECT_EQ(make_boot_script({.kernel_url = "http://h/k", .initrd_urls = {}, .command_line = ""}),
            "#!ipxe\nisset ${ip} || dhcp\nkernel http://h/k\nboot\n");
}

TEST(PlainFileName, ReplacesWhatNeedsQuoting) {
  EXPECT_EQ(plain_file_name("vmlinuz-6.1_x"), "vmlinuz-6.1_x");
  EXPECT_EQ(plain_file_name("my kernel&$.img"), "my_kernel__.img");
  EXPECT_EQ(plain_file_name(".."), "file");
  EXPECT_EQ(plain_file_name(""), "file");
}

TEST(LooksLikeBootScript, GoesByTheFirstLine) {
  EXPECT_TRUE(looks_like_boot_script("#!ipxe\nboot"));
  EXPECT_FALSE(looks_like_boot_script("#!/bin/sh\n"));
}

}  // namespace
}  // namespace kedge::host
