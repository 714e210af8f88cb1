// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Everything that a VM said on its serial console: the lines with their times, and searches that go
// forward through them however the bytes arrived.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/clock.h"
#include "support/console_text.h"
#include "support/pattern.h"

namespace kedge::host {

// A guest that floods its console does not fill our memory: older lines stay, later ones are
// counted.
inline constexpr std::size_t kSerialLinesMax = 500'000;

struct SerialLine {
  std::string text;
  Instant begun;  // arrival of its first byte
  Instant ended;  // arrival of its end
  LineEnd end = LineEnd::newline;
};

// How far a search has got. Default: the beginning.
struct SerialCursor {
  std::size_t line = 0;
  std::size_t offset = 0;
};

struct SerialMatch {
  std::string line;  // the text of the line so far
  PatternMatch match;
  Instant at;
};

class SerialLog {
 public:
  SerialLog();
  SerialLog(const SerialLog&) = delete;
  SerialLog& operator=(const SerialLog&) = delete;

  void feed(std::string_view bytes, Instant at);

  // The next match at or after the cursor, in one line or in the unfinished last line; moves the
  // cursor behind it. Without a match the cursor moves to where the search must resume.
  std::optional<SerialMatch> search(const Pattern& pattern, SerialCursor& cursor) const;
  std::optional<SerialMatch> search(const Pattern& pattern) const;

  const std::vector<SerialLine>& lines() const { return lines_; }
  std::string_view partial() const { return text_.partial(); }
  // All lines joined by newlines, the unfinished one included; redrawn lines are left out.
  std::string text() const;
  // The last `count` lines that were not redrawn, for messages.
  std::string tail(std::size_t count) const;
  std::uint64_t lines_dropped() const { return lines_dropped_; }
  std::uint64_t bytes() const { return bytes_; }

 private:
  void add_line(std::string_view line, LineEnd end);

  ConsoleText text_;
  std::vector<SerialLine> lines_;
  Instant current_;               // arrival of the bytes being fed
  std::optional<Instant> begun_;  // arrival of the unfinished line's first byte
  std::uint64_t lines_dropped_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace kedge::host
