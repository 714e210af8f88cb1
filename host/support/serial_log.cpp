// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "support/serial_log.h"

#include <algorithm>

namespace kedge::host {
namespace {

void trim_right(std::string& text) {
  text.erase(text.find_last_not_of(" \t") + 1);
}

}  // namespace

SerialLog::SerialLog()
    : text_([this](std::string_view line, LineEnd end) { add_line(line, end); }) {}

void SerialLog::feed(std::string_view bytes, Instant at) {
  current_ = at;
  bytes_ += bytes.size();
  // Byte by byte, so that a line that begins in the middle of this piece gets this piece's time.
  for (const char& c : bytes) {
    text_.feed(std::string_view(&c, 1));
    if (!begun_ && !text_.partial().empty()) begun_ = at;
  }
}

void SerialLog::add_line(std::string_view line, LineEnd end) {
  const Instant begun = begun_.value_or(current_);
  begun_.reset();
  if (lines_.size() >= kSerialLinesMax) {
    ++lines_dropped_;
    return;
  }
  SerialLine entry{.text = std::string(line), .begun = begun, .ended = current_, .end = end};
  trim_right(entry.text);
  lines_.push_back(std::move(entry));
}

std::optional<SerialMatch> SerialLog::search(const Pattern& pattern, SerialCursor& cursor) const {
  const auto search_in = [&](std::string_view text, Instant at) -> std::optional<SerialMatch> {
    const std::size_t offset = std::min(cursor.offset, text.size());
    auto found = pattern.search(text.substr(offset));
    if (!found) return std::nullopt;
    found->begin += offset;
    found->end += offset;
    cursor.offset = found->end;
    return SerialMatch{.line = std::string(text), .match = *std::move(found), .at = at};
  };
  for (; cursor.line < lines_.size(); ++cursor.line, cursor.offset = 0) {
    const SerialLine& line = lines_[cursor.line];
    if (auto match = search_in(line.text, line.ended)) return match;
  }
  return search_in(text_.partial(), current_);
}

std::optional<SerialMatch> SerialLog::search(const Pattern& pattern) const {
  SerialCursor cursor;
  return search(pattern, cursor);
}

std::string SerialLog::text() const {
  std::string all;
  for (const SerialLine& line : lines_) {
    if (line.end == LineEnd::redraw) continue;
    all += line.text;
    all += '\n';
  }
  all += text_.partial();
  return all;
}

std::string SerialLog::tail(std::size_t count) const {
  std::vector<std::string_view> chosen;
  if (!text_.partial().empty()) chosen.push_back(text_.partial());
  for (auto line = lines_.rbegin(); line != lines_.rend() && chosen.size() < count; ++line) {
    if (line->end == LineEnd::newline && !line->text.empty()) chosen.push_back(line->text);
  }
  std::string all;
  for (auto line = chosen.rbegin(); line != chosen.rend(); ++line) {
    all += *line;
    all += '\n';
  }
  return all;
}

}  // namespace kedge::host
