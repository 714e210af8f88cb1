// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "support/pattern.h"

#include <gtest/gtest.h>

namespace kedge::host {
namespace {

TEST(Pattern, FindsTheMatchAndItsGroups) {
  const auto match = Pattern::must_compile(R"(version (\d+)\.(\d+))").search("Linux version 6.1.0");
  ASSERT_TRUE(match);
  EXPECT_EQ(match->begin, 6);
  EXPECT_EQ(match->end, 17);
  EXPECT_EQ(match->groups, (std::vector<std::string>{"version 6.1", "6", "1"}));
}

TEST(Pattern, FindsNothing) {
  EXPECT_FALSE(Pattern::must_compile("^b").search("ab"));
}

TEST(Pattern, ReportsMistakes) {
  const auto pattern = Pattern::compile("a(b");
  ASSERT_FALSE(pattern);
  EXPECT_TRUE(pattern.error().what.starts_with("bad regular expression 'a(b'"));
}

TEST(Pattern, ALiteralMatchesItselfOnly) {
  const Pattern pattern = Pattern::literal("(K-1a032040) a.b*[c]$");
  EXPECT_TRUE(pattern.search("error (K-1a032040) a.b*[c]$ here"));
  EXPECT_FALSE(pattern.search("error (K-1a032040) axb*[c]$ here"));
}

}  // namespace
}  // namespace kedge::host
