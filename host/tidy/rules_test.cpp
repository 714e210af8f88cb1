// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "tidy/rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kedge::host::tidy {
namespace {

TEST(TidyRules, ReadsEachKindOfLine) {
  Rules rules;
  add_rules(
      rules,
      "# comment\n\nlevel base 0\nlevel net 3\nhost base\nheader lwip/ net/lwip net/other\n"
      "freestanding chrono\nword LATER do it now\ncall gets has no limit\nexcept a/b.cpp gets\n"
      "long a/c.cpp 600 one table");
  EXPECT_THAT(rules.levels, testing::ElementsAre(std::pair("base", 0), std::pair("net", 3)));
  EXPECT_TRUE(rules.host_folders.contains("base"));
  ASSERT_EQ(rules.headers.size(), 1u);
  EXPECT_EQ(rules.headers[0].prefix, "lwip/");
  EXPECT_THAT(rules.headers[0].folders, testing::ElementsAre("net/lwip", "net/other"));
  EXPECT_TRUE(rules.hosted_headers.contains("chrono"));
  ASSERT_EQ(rules.words.size(), 1u);
  EXPECT_EQ(rules.words[0].reason, "do it now");
  ASSERT_EQ(rules.calls.size(), 1u);
  EXPECT_TRUE(rules.exceptions.contains({"a/b.cpp", "gets"}));
  EXPECT_EQ(rules.long_files.at("a/c.cpp"), 600u);
}

TEST(TidyRules, RefusesLinesItDoesNotUnderstand) {
  for (const char* line : {"unknown", "level base", "level base zero", "level base 1x", "word TEXT",
                           "long a.cpp many why", "long a.cpp 500"}) {
    Rules rules;
    try {
      add_rules(rules, std::string("# first\n") + line + "\n");
      ADD_FAILURE() << line;
    } catch (const RulesError& error) {
      EXPECT_THAT(error.what(), testing::StartsWith("line 2: "));
    }
  }
}

}  // namespace
}  // namespace kedge::host::tidy
