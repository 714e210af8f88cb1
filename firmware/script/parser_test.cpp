// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "script/parser.h"

#include <gtest/gtest.h>

#include "script/expand.h"
#include "script/script_errors.h"

namespace kedge::script {
namespace {

LogicalLine read_one(std::string_view script) {
  LineReader reader(script);
  LogicalLine line;
  const Result<bool> more = reader.next(line);
  EXPECT_TRUE(more.ok() && *more);
  return line;
}

TEST(lexer, joins_continued_lines_and_drops_carriage_returns) {
  LineReader reader("one \\\r\ntwo\\\nthree\nfour");
  LogicalLine line;
  ASSERT_TRUE(*reader.next(line));
  EXPECT_EQ(line.text(), "one twothree");
  ASSERT_TRUE(*reader.next(line));
  EXPECT_EQ(line.text(), "four");
  EXPECT_FALSE(*reader.next(line));
}

TEST(lexer, knows_the_place_of_each_word) {
  const LogicalLine line = read_one("  a\\\n b bb\\\nc  d");
  const auto words = split_words(line);
  ASSERT_EQ(words->size(), 4u);
  EXPECT_EQ((*words)[0].place, (Place{1, 3}));
  EXPECT_EQ((*words)[1].place, (Place{2, 2}));
  EXPECT_EQ((*words)[2].text, "bbc");
  EXPECT_EQ((*words)[2].place, (Place{2, 4}));
  EXPECT_EQ((*words)[3].place, (Place{3, 4}));
  EXPECT_EQ(line.physical(2), " b bb");
  EXPECT_EQ(line.physical(4), "");
}

TEST(lexer, ends_a_line_at_a_word_that_begins_with_a_hash) {
  EXPECT_EQ(split_words(read_one("echo a#b #c d"))->size(), 2u);
  EXPECT_TRUE(split_words(read_one("#!ipxe"))->empty());
}

TEST(lexer, refuses_what_is_too_long_or_not_text) {
  LogicalLine line;
  const std::string long_line(kLineBytesMax + 1, 'x');
  EXPECT_EQ(LineReader(long_line).next(line).error(), err::script_line_too_long);
  EXPECT_EQ(LineReader(std::string_view("a\0b", 3)).next(line).error(), err::script_bad_character);
  std::string words;
  for (std::size_t i = 0; i <= kWordsMax; ++i) words += "w ";
  EXPECT_EQ(split_words(read_one(words)).error(), err::script_too_many_words);
}

TEST(lexer, a_backslash_at_the_end_of_the_script_ends_the_line) {
  LineReader reader("echo a\\");
  LogicalLine line;
  ASSERT_TRUE(*reader.next(line));
  EXPECT_EQ(line.text(), "echo a");
  EXPECT_FALSE(*reader.next(line));
}

TEST(lexer, knows_scripts_by_their_first_line) {
  for (const std::string_view text :
       {"#!ipxe", "#!ipxe\n", "#!ipxe\r\n", "#!gpxe ", "\xef\xbb\xbf#!ipxe\n"}) {
    EXPECT_TRUE(is_script(as_byte_view(text))) << text;
  }
  for (const std::string_view text : {"", "#!ipx", "#!ipxes\n", " #!ipxe\n", "<html>", "MZ"}) {
    EXPECT_FALSE(is_script(as_byte_view(text))) << text;
    EXPECT_EQ(script_text(as_byte_view(text)).error(), err::script_no_magic);
  }
  EXPECT_EQ(script_text(as_byte_view("#!ipxe\n" + std::string(kScriptBytesMax, ' '))).error(),
            err::script_too_large);
}

TEST(parser, splits_a_line_into_commands) {
  const auto statement = parse_statement(read_one(":top dhcp net0 && chain x || ; echo"));
  EXPECT_EQ(statement->label->text, "top");
  ASSERT_EQ(statement->commands.size(), 4u);
  EXPECT_EQ(statement->commands[0].words.size(), 2u);
  EXPECT_EQ(statement->commands[1].when, When::on_success);
  EXPECT_EQ(statement->commands[2].when, When::on_failure);
  EXPECT_TRUE(statement->commands[2].words.empty());
  EXPECT_EQ(statement->commands[3].when, When::always);
}

TEST(parser, a_line_may_be_empty_or_only_a_label) {
  EXPECT_TRUE(parse_statement(read_one("   \n"))->commands.empty());
  const auto label = parse_statement(read_one(":x"));
  EXPECT_TRUE(label->commands.empty());
  EXPECT_EQ(label->label->text, "x");
}

TEST(parser, finds_the_first_line_with_a_label) {
  const std::string_view script = "goto a\n :ab\n:a one\n:a two\n:\n";
  auto reader = find_label(script, "a");
  LogicalLine line;
  ASSERT_TRUE(*reader->next(line));
  EXPECT_EQ(line.text(), ":a one");
  EXPECT_EQ(line.place(0).line, 3u);
  EXPECT_TRUE(find_label(script, "ab").ok());
  EXPECT_EQ(find_label(script, "").error(), err::script_no_label);
  EXPECT_EQ(find_label(script, "b").error(), err::script_no_label);
}

TEST(expand, ends_at_its_limits) {
  SettingsTree tree;
  std::string many;
  for (std::size_t i = 0; i <= kExpansionsMax; ++i) many += "${x}";
  EXPECT_EQ(expand(many, tree).error(), err::script_expansion);
  ASSERT_TRUE(tree.set("big", std::string(kSettingBytesMax, 'x')).ok());
  EXPECT_EQ(expand("${big}${big}${big}${big}${big}", tree).error(), err::script_expansion);
}

}  // namespace
}  // namespace kedge::script
