// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "support/console_text.h"

#include <charconv>

namespace kedge::host {
namespace {

constexpr char kEscape = '\x1b';
constexpr std::size_t kParameterBytesMax = 32;

int first_number(std::string_view parameters) {
  int number = 0;
  std::from_chars(parameters.data(), parameters.data() + parameters.size(), number);
  return number;
}

}  // namespace

void ConsoleText::feed(std::string_view bytes) {
  for (const char c : bytes) {
    switch (state_) {
      case State::text:
        if (c == kEscape) {
          state_ = State::escape;
        } else {
          take_text(c);
        }
        break;
      case State::escape:
        parameters_.clear();
        state_ = c == '[' ? State::control_sequence : State::text;
        break;
      case State::control_sequence:
        take_control_sequence(c);
        break;
    }
  }
}

void ConsoleText::take_text(char c) {
  if (c == '\n') {
    carriage_return_ = false;
    row_ = 0;
    end_line(LineEnd::newline, true);
    return;
  }
  if (c == '\r') {
    carriage_return_ = true;
    return;
  }
  if (carriage_return_) {  // a CR that no LF followed
    carriage_return_ = false;
    end_line(LineEnd::redraw, false);
  }
  if (c == '\b') {
    if (!line_.empty()) line_.pop_back();
    return;
  }
  const bool printable = static_cast<unsigned char>(c) >= 0x20 && c != 0x7f;
  if (!printable && c != '\t') return;
  line_ += c;
  if (line_.size() >= kConsoleLineBytesMax) end_line(LineEnd::newline, false);
}

// ECMA-48 5.4: parameters and intermediates are 0x20-0x3f, the final byte is 0x40-0x7e.
void ConsoleText::take_control_sequence(char c) {
  if (c >= 0x20 && c <= 0x3f) {
    if (parameters_.size() < kParameterBytesMax) parameters_ += c;
    return;
  }
  state_ = State::text;
  if (c == 'H' || c == 'f') {  // cursor position: edk2's terminal driver uses it for every move
    const int row = first_number(parameters_);
    const bool same_row = row != 0 && row == row_;
    row_ = row;
    carriage_return_ = false;
    end_line(same_row ? LineEnd::redraw : LineEnd::newline, false);
  } else if (c == 'J') {  // erase display
    carriage_return_ = false;
    end_line(LineEnd::newline, false);
  }
}

void ConsoleText::end_line(LineEnd end, bool keep_empty) {
  if (line_.empty() && !keep_empty) return;
  sink_(line_, end);
  line_.clear();
}

}  // namespace kedge::host
