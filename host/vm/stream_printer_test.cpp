// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "vm/stream_printer.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace kedge::host {
namespace {

std::string printed(std::string_view console, bool terminal) {
  char* buffer = nullptr;
  std::size_t size = 0;
  std::FILE* const out = ::open_memstream(&buffer, &size);
  {
    StreamPrinter printer(out, terminal);
    // Byte by byte: what is shown early must be what is shown in the end.
    for (const char& c : console) printer.feed(std::string_view(&c, 1));
    printer.finish();
  }
  std::fclose(out);
  std::string text(buffer, size);
  std::free(buffer);
  return text;
}

TEST(StreamPrinter, AFileGetsOnlyTheLastStateOfAProgressDisplay) {
  EXPECT_EQ(printed("get\r\n10%\r50%\r100%\r\ndone", false), "get\n100%\ndone\n");
}

TEST(StreamPrinter, ATerminalSeesTheProgress) {
  EXPECT_EQ(printed("10%\r50%\r\n", true), "10%\r\x1b[K50%\n");
}

TEST(StreamPrinter, PassesNoEscapeSequencesOn) {
  EXPECT_EQ(printed("\x1b[2J\x1b[01;01H\x1b[31mred\x1b[0m\r\n", false), "red\n");
}

TEST(StreamPrinter, PassesEverythingOnOnRequest) {
  char* buffer = nullptr;
  std::size_t size = 0;
  std::FILE* const out = ::open_memstream(&buffer, &size);
  {
    StreamPrinter printer(out, true);
    printer.feed("\x1b[2Jmenu");
    printer.pass_everything();
    printer.feed("\x1b[2Jshell# ");
  }
  std::fclose(out);
  EXPECT_EQ(std::string(buffer, size), "menu\n\x1b[2Jshell# ");
  std::free(buffer);
}

TEST(StreamPrinter, SqueezesBlankLines) {
  for (const bool terminal : {false, true}) {
    EXPECT_EQ(printed("\r\n\r\na\r\n \r\n\r\n  \r\nb\r\n", terminal), "a\n\nb\n");
  }
}

TEST(StreamPrinter, APromptOnATerminalIsSeenAtOnce) {
  EXPECT_EQ(printed("login: ", true), "login: \n");
}

}  // namespace
}  // namespace kedge::host
