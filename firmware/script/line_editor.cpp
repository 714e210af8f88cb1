// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "script/line_editor.h"

#include <algorithm>

namespace kedge::script {
namespace {

constexpr char32_t ctrl(char letter) noexcept {
  return static_cast<char32_t>(letter - '@');
}

/// UTF-8: continuation bytes are 10xxxxxx.
bool is_continuation(char byte) noexcept {
  return (static_cast<unsigned char>(byte) & 0xc0) == 0x80;
}

std::size_t count_characters(std::string_view text) noexcept {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char byte) { return !is_continuation(byte); }));
}

std::string encode_utf8(char32_t character) {
  const auto byte = [](char32_t value) { return static_cast<char>(value); };
  if (character < 0x80) return {byte(character)};
  if (character < 0x800) return {byte(0xc0 | character >> 6), byte(0x80 | (character & 0x3f))};
  if (character < 0x10000) {
    return {byte(0xe0 | character >> 12), byte(0x80 | (character >> 6 & 0x3f)),
            byte(0x80 | (character & 0x3f))};
  }
  return {byte(0xf0 | character >> 18), byte(0x80 | (character >> 12 & 0x3f)),
          byte(0x80 | (character >> 6 & 0x3f)), byte(0x80 | (character & 0x3f))};
}

/// Drops whole characters from the front until at most `columns` are left.
std::string_view last_columns(std::string_view text, std::size_t columns) noexcept {
  for (std::size_t count = count_characters(text); count > columns; --count) {
    std::size_t next = 1;
    while (next < text.size() && is_continuation(text[next])) ++next;
    text.remove_prefix(next);
  }
  return text;
}

std::string_view first_columns(std::string_view text, std::size_t columns) noexcept {
  std::size_t end = 0;
  for (; end < text.size(); ++end) {
    if (!is_continuation(text[end]) && columns-- == 0) break;
  }
  return text.substr(0, end);
}

}  // namespace

void LineBuffer::set(std::string text) noexcept {
  text_ = std::move(text);
  if (text_.size() > kBytesMax) text_.resize(kBytesMax);
  cursor_ = text_.size();
}

std::size_t LineBuffer::previous() const noexcept {
  std::size_t position = cursor_;
  while (position > 0 && is_continuation(text_[--position])) {
  }
  return position;
}

std::size_t LineBuffer::following() const noexcept {
  std::size_t position = cursor_;
  if (position < text_.size()) ++position;
  while (position < text_.size() && is_continuation(text_[position])) ++position;
  return position;
}

void LineBuffer::insert(char32_t character) noexcept {
  const bool named_key = character >= 0xe000 && character < 0xf900;  // private use area
  if (character < 0x20 || character == 0x7f || character > 0x10ffff || named_key ||
      (character >= 0xd800 && character < 0xe000)) {
    return;
  }
  const std::string encoded = encode_utf8(character);
  if (text_.size() + encoded.size() > kBytesMax) return;
  text_.insert(cursor_, encoded);
  cursor_ += encoded.size();
}

void LineBuffer::erase_before() noexcept {
  const std::size_t start = previous();
  text_.erase(start, cursor_ - start);
  cursor_ = start;
}

void LineBuffer::erase_at() noexcept {
  text_.erase(cursor_, following() - cursor_);
}
void LineBuffer::left() noexcept {
  cursor_ = previous();
}
void LineBuffer::right() noexcept {
  cursor_ = following();
}

void LineBuffer::kill_to_start() noexcept {
  text_.erase(0, cursor_);
  cursor_ = 0;
}

void LineBuffer::kill_word() noexcept {
  std::size_t start = cursor_;
  while (start > 0 && text_[start - 1] == ' ') --start;
  while (start > 0 && text_[start - 1] != ' ') --start;
  text_.erase(start, cursor_ - start);
  cursor_ = start;
}

void LineEditor::edit(char32_t key) noexcept {
  switch (key) {
    case port::Key::kBackspace:
    case 0x7f:
      return buffer_.erase_before();
    case port::Key::kDelete:
    case ctrl('D'):
      return buffer_.erase_at();
    case port::Key::kLeft:
    case ctrl('B'):
      return buffer_.left();
    case port::Key::kRight:
    case ctrl('F'):
      return buffer_.right();
    case port::Key::kHome:
    case ctrl('A'):
      return buffer_.home();
    case port::Key::kEnd:
    case ctrl('E'):
      return buffer_.end();
    case ctrl('K'):
      return buffer_.kill_to_end();
    case ctrl('U'):
      return buffer_.kill_to_start();
    case ctrl('W'):
      return buffer_.kill_word();
    default:
      return buffer_.insert(key);
  }
}

LineEditor::Outcome LineEditor::handle(char32_t key, bool history) noexcept {
  if (key == port::Key::kEnter || key == U'\n') return Outcome::accept;
  if (key == port::Key::kCtrlC) return Outcome::abandon;
  if (history && key == ctrl('D') && buffer_.text().empty()) {
    buffer_.set("exit");
    return Outcome::accept;
  }
  if (history && (key == port::Key::kUp || key == ctrl('P'))) {
    recall(true);
  } else if (history && (key == port::Key::kDown || key == ctrl('N'))) {
    recall(false);
  } else {
    edit(key);
  }
  return Outcome::edit;
}

void LineEditor::recall(bool older) noexcept {
  if (older ? recalled_ == 0 : recalled_ == history_.size()) return;
  if (recalled_ == history_.size()) typed_ = buffer_.text();
  recalled_ = older ? recalled_ - 1 : recalled_ + 1;
  buffer_.set(recalled_ == history_.size() ? typed_ : history_[recalled_]);
}

void LineEditor::remember() noexcept {
  const std::string& text = buffer_.text();
  if (text.empty() || (!history_.empty() && history_.back() == text)) return;
  if (history_.size() >= kHistoryMax) history_.erase(history_.begin());
  history_.push_back(text);
}

void LineEditor::draw(std::string_view prompt) noexcept {
  // The last column stays free: writing to it moves some consoles to the next line.
  const std::size_t width = console_.columns() - 1;
  const std::size_t space = width > prompt.size() ? width - prompt.size() : 1;
  const std::string_view text = buffer_.text();
  const std::string_view before = last_columns(text.substr(0, buffer_.cursor()), space);
  const std::string_view after =
      first_columns(text.substr(buffer_.cursor()), space - count_characters(before));
  std::string line(prompt);
  line.append(before).append(after);
  console_.rewrite_line(line);
  if (!after.empty()) console_.append(std::string(count_characters(after), '\b'));
}

async::Task<Result<std::optional<std::string>>> LineEditor::read(std::string prompt,
                                                                 std::string initial,
                                                                 bool history) noexcept {
  buffer_.set(std::move(initial));
  recalled_ = history_.size();
  for (;;) {
    draw(prompt);
    KEDGE_CO_TRY(const port::Key key, co_await input_.read_key(Instant::never()));
    const Outcome outcome = handle(key.code, history);
    if (outcome == Outcome::edit) continue;
    buffer_.end();
    draw(prompt);
    console_.append("\n");
    if (outcome == Outcome::abandon) co_return std::optional<std::string>();
    if (history) remember();
    co_return std::optional<std::string>(buffer_.text());
  }
}

}  // namespace kedge::script
