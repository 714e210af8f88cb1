// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Turns what a serial console sends into lines of plain text: escape sequences are dropped, and the
// ways in which firmware moves the cursor (CR LF, bare CR, cursor positioning) end lines.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace kedge::host {

// Longer lines are broken here, which bounds the work of a regular expression on one line.
inline constexpr std::size_t kConsoleLineBytesMax = 2048;

enum class LineEnd : std::uint8_t {
  newline,  // the cursor went on to another row
  redraw,   // the cursor went back in the same row: a progress display being updated
};

class ConsoleText {
 public:
  using LineSink = std::function<void(std::string_view line, LineEnd end)>;

  explicit ConsoleText(LineSink sink) : sink_(std::move(sink)) {}

  // Any cut of the stream into pieces gives the same lines.
  void feed(std::string_view bytes);
  // The text after the last line end.
  std::string_view partial() const { return line_; }

 private:
  enum class State : std::uint8_t { text, escape, control_sequence };

  void take_text(char c);
  void take_control_sequence(char c);
  void end_line(LineEnd end, bool keep_empty);

  LineSink sink_;
  State state_ = State::text;
  bool carriage_return_ = false;
  std::string line_;
  std::string parameters_;  // of the control sequence being read
  int row_ = 0;             // last row the cursor was positioned in; 0: unknown
};

}  // namespace kedge::host
