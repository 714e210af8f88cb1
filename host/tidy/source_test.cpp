// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "tidy/source.h"

#include <gtest/gtest.h>

namespace kedge::host::tidy {
namespace {

std::string code_of(std::string_view text) {
  std::string code;
  for (const Line& line : split_source(text)) code += line.code + "\n";
  return code;
}

TEST(TidySource, BlanksCommentsAndKeepsColumns) {
  EXPECT_EQ(code_of("a; // b\nc"), "a;     \nc\n");
  EXPECT_EQ(code_of("a /* b\nc */ d"), "a     \n     d\n");
  EXPECT_EQ(code_of("/* never closed\na"), "               \n \n");
}

TEST(TidySource, BlanksLiterals) {
  EXPECT_EQ(code_of("f(\"gets()\");"), "f(        );\n");
  EXPECT_EQ(code_of("f(\"a\\\"b\"); g"), "f(      ); g\n");
  EXPECT_EQ(code_of("c = '\\''; d"), "c =     ; d\n");
  EXPECT_EQ(code_of("R\"x(a)\" b)x\" c"), "             c\n");
  EXPECT_EQ(code_of("\"// no comment\" a"), "                a\n");
}

TEST(TidySource, TakesSeparatorsOfNumbersForNumbers) {
  EXPECT_EQ(code_of("1'000 + a"), "1'000 + a\n");
}

TEST(TidySource, FindsIncludes) {
  const auto header = [](std::string_view text) {
    return included_header(split_source(text).at(0)).value_or("none");
  };
  EXPECT_EQ(header("#include \"base/result.h\""), "base/result.h");
  EXPECT_EQ(header("  #  include <vector>  // why"), "vector");
  EXPECT_EQ(header("// #include <vector>"), "none");
  EXPECT_EQ(header("#define INCLUDE \"a\""), "none");
  EXPECT_EQ(header("#include MACRO"), "none");
  EXPECT_EQ(header("#include \"broken"), "none");
}

TEST(TidySource, FindsWholeNamesOnly) {
  EXPECT_TRUE(contains_name("x = gets(y);", "gets"));
  EXPECT_TRUE(contains_name("gets", "gets"));
  EXPECT_FALSE(contains_name("x = fgets(y);", "gets"));
  EXPECT_FALSE(contains_name("gets_more", "gets"));
  EXPECT_TRUE(contains_name("fgets(gets)", "gets"));
  EXPECT_TRUE(contains_name("std::function<void()>", "std::function"));
}

}  // namespace
}  // namespace kedge::host::tidy
