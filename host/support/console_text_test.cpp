// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "support/console_text.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace kedge::host {
namespace {

using Lines = std::vector<std::pair<std::string, LineEnd>>;

// Feeds the text in pieces of `piece` bytes.
Lines lines_of(std::string_view text, std::size_t piece = 1000) {
  Lines lines;
  ConsoleText console(
      [&lines](std::string_view line, LineEnd end) { lines.emplace_back(line, end); });
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size()))) {
    console.feed(text.substr(0, piece));
  }
  return lines;
}

TEST(ConsoleText, EndsLinesAtLineFeeds) {
  EXPECT_EQ(lines_of("one\r\ntwo\n\nthree\n"), (Lines{{"one", LineEnd::newline},
                                                      {"two", LineEnd::newline},
                                                      {"", LineEnd::newline},
                                                      {"three", LineEnd::newline}}));
}

TEST(ConsoleText, ABareCarriageReturnRedrawsTheLine) {
  EXPECT_EQ(lines_of("10%\r20%\r\n"), (Lines{{"10%", LineEnd::redraw}, {"20%", LineEnd::newline}}));
}

TEST(ConsoleText, DropsEscapeSequences) {
  EXPECT_EQ(lines_of("\x1b[2J\x1b[01;01H\x1b[=3h\x1b[0m\x1b[37;40mKedge\x1b[K 1\n"),
            (Lines{{"Kedge 1", LineEnd::newline}}));
}

TEST(ConsoleText, MovingToAnotherRowEndsTheLine) {
  EXPECT_EQ(lines_of("\x1b[03;01Hfirst\x1b[04;01Hsecond\n"),
            (Lines{{"first", LineEnd::newline}, {"second", LineEnd::newline}}));
}

TEST(ConsoleText, MovingWithinTheRowRedrawsTheLine) {
  EXPECT_EQ(lines_of("\x1b[03;01H10%\x1b[03;01H20%\n"),
            (Lines{{"10%", LineEnd::redraw}, {"20%", LineEnd::newline}}));
}

TEST(ConsoleText, EveryCutGivesTheSameLines) {
  const std::string_view text =
      "\x1b[2J\x1b[01;01Ha line\r\nprogress 1\rprogress 2\r\n\x1b[07;12Hrow seven\x1b[08;01Hend\n";
  const Lines whole = lines_of(text);
  for (std::size_t piece = 1; piece < text.size(); ++piece) {
    EXPECT_EQ(lines_of(text, piece), whole) << "pieces of " << piece;
  }
}

TEST(ConsoleText, BreaksEndlessLines) {
  const Lines lines = lines_of(std::string(2 * kConsoleLineBytesMax, 'x'));
  ASSERT_EQ(lines.size(), 2);
  EXPECT_EQ(lines[0].first.size(), kConsoleLineBytesMax);
}

TEST(ConsoleText, KeepsUtf8AndDropsOtherControls) {
  EXPECT_EQ(lines_of("\aMB\xc2\xb2\x01 ab\b\bc\n"), (Lines{{"MB\xc2\xb2 c", LineEnd::newline}}));
}

}  // namespace
}  // namespace kedge::host
