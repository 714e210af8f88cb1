// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Shows a serial console to a person as it comes: plain text, without the escape sequences that
// would clear or repaint the terminal, without runs of blank lines, and without every step of a
// progress display in a log file.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

#include "support/console_text.h"

namespace kedge::host {

class StreamPrinter {
 public:
  // `terminal`: redrawn lines are redrawn; otherwise only their last state is printed.
  StreamPrinter(std::FILE* out, bool terminal);
  StreamPrinter(const StreamPrinter&) = delete;
  StreamPrinter& operator=(const StreamPrinter&) = delete;

  void feed(std::string_view bytes);
  // From now on everything is passed on as it is, for a person who works on that console.
  void pass_everything();
  // Ends an unfinished line, so that what is printed next starts at the left.
  void finish();

 private:
  void end_line(std::string_view line, LineEnd end);
  void show_partial();

  std::FILE* out_;
  bool terminal_;
  ConsoleText text_;
  bool raw_ = false;
  bool blank_before_ = true;
  std::size_t shown_ = 0;  // bytes of the unfinished line that are on the screen
};

}  // namespace kedge::host
