// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "support/serial_log.h"

#include <gtest/gtest.h>

namespace kedge::host {
namespace {

Instant at(int second) {
  return Instant() + std::chrono::seconds(second);
}

TEST(SerialLog, FindsAMatchThatArrivesInTwoPieces) {
  const Pattern pattern = Pattern::must_compile("login: $");
  SerialLog log;
  SerialCursor cursor;
  log.feed("Debian\r\nhost log", at(1));
  EXPECT_FALSE(log.search(pattern, cursor));
  log.feed("in: ", at(2));
  const auto match = log.search(pattern, cursor);
  ASSERT_TRUE(match);
  EXPECT_EQ(match->line, "host login: ");
  EXPECT_EQ(match->at, at(2));
}

TEST(SerialLog, EveryCutFindsTheSameMatches) {
  const std::string_view text = "boot 1\r\nok\r\n\x1b[02;01Hboot 2\x1b[03;01Hboot 3 boot 4\n";
  const Pattern pattern = Pattern::must_compile(R"(boot (\d))");
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    SerialLog log;
    SerialCursor cursor;
    std::string found;
    for (std::string_view rest = text; !rest.empty();
         rest.remove_prefix(std::min(piece, rest.size()))) {
      log.feed(rest.substr(0, piece), at(0));
      while (const auto match = log.search(pattern, cursor)) found += match->match.groups[1];
    }
    EXPECT_EQ(found, "1234") << "pieces of " << piece;
  }
}

TEST(SerialLog, AMatchInTheUnfinishedLineIsNotFoundAgainWhenTheLineEnds) {
  const Pattern pattern = Pattern::must_compile("prompt");
  SerialLog log;
  SerialCursor cursor;
  log.feed("prompt> ", at(0));
  EXPECT_TRUE(log.search(pattern, cursor));
  log.feed("answer\n", at(1));
  EXPECT_FALSE(log.search(pattern, cursor));
}

TEST(SerialLog, KeepsTheTimesOfLines) {
  SerialLog log;
  log.feed("DHCP", at(1));
  log.feed(" ... ok\nnext", at(5));
  ASSERT_EQ(log.lines().size(), 1);
  EXPECT_EQ(log.lines()[0].begun, at(1));
  EXPECT_EQ(log.lines()[0].ended, at(5));
}

TEST(SerialLog, TheTailLeavesOutEmptyAndRedrawnLines) {
  SerialLog log;
  log.feed("a\n\nb\n10%\r20%\r\nc", at(0));
  EXPECT_EQ(log.tail(3), "b\n20%\nc\n");
  EXPECT_EQ(log.text(), "a\n\nb\n20%\nc");
}

TEST(SerialLog, PaddingAtTheEndOfLinesIsTrimmed) {
  SerialLog log;
  log.feed("title      \n", at(0));
  EXPECT_TRUE(log.search(Pattern::must_compile("^title$")));
}

}  // namespace
}  // namespace kedge::host
