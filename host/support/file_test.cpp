// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "support/file.h"

#include <gtest/gtest.h>

namespace kedge::host {
namespace {

TEST(File, WritesAndReadsBack) {
  const auto directory = TempDir::create("kedge-test-");
  ASSERT_TRUE(directory);
  const std::string content("a\0b\n", 4);
  ASSERT_TRUE(write_file(directory->path() / "file", content));
  EXPECT_EQ(read_file(directory->path() / "file").value(), content);
  EXPECT_EQ(read_file_head(directory->path() / "file", 2).value(), content.substr(0, 2));
}

TEST(File, AFailureNamesTheFileAndTheReason) {
  const auto content = read_file("/nonexistent/kedge");
  ASSERT_FALSE(content);
  EXPECT_EQ(content.error().what, "cannot open /nonexistent/kedge: No such file or directory");
}

TEST(TempDir, RemovesItsContents) {
  std::filesystem::path path;
  {
    const auto directory = TempDir::create("kedge-test-");
    ASSERT_TRUE(directory);
    path = directory->path();
    ASSERT_TRUE(write_file(path / "file", "x"));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(TempDir, KeepsAnAdoptedDirectory) {
  const auto outer = TempDir::create("kedge-test-");
  ASSERT_TRUE(outer);
  const auto path = outer->path() / "a" / "b";
  {
    ASSERT_TRUE(TempDir::adopt(path));
  }
  EXPECT_TRUE(std::filesystem::is_directory(path));
}

}  // namespace
}  // namespace kedge::host
