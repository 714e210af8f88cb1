// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "tests/e2e/rig/payload.h"

#include <gtest/gtest.h>

#include "support/file.h"
#include "support/process.h"

namespace kedge::host::e2e {
namespace {

TEST(InitrdWriter, WritesWhatCpioReads) {
  if (!find_program("cpio")) GTEST_SKIP() << "cpio is not installed";
  const auto directory = TempDir::create("kedge-test-");
  ASSERT_TRUE(directory);
  InitrdWriter writer;
  writer.add_directory("bin");
  writer.add_file("init", "#!/bin/sh\n", true);
  writer.add_file("odd", "12345");
  writer.add_device("console", 5, 1);
  ASSERT_TRUE(write_file(directory->path() / "archive", writer.finish()));
  const auto list = run_tool(
      {.arguments = {"cpio", "-itvn", "--quiet", "-F", (directory->path() / "archive").string()}});
  ASSERT_TRUE(list) << list.error().what;
  for (const char* expected : {"drwxr-xr-x", "-rwxr-xr-x", "       10 ", "        5 ", "crw-------",
                               "5,   1", " init\n", " odd\n"}) {
    EXPECT_NE(list->find(expected), std::string::npos) << expected << " in\n" << *list;
  }
}

TEST(RandomToken, DiffersEachTime) {
  EXPECT_EQ(random_token().size(), 16);
  EXPECT_NE(random_token(), random_token());
}

}  // namespace
}  // namespace kedge::host::e2e
