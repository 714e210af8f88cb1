// SPDX-License-Identifier: BSD-2-Clause-Patent
// LineEditor: one line of input with history, cursor keys and the usual control keys.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "port/console.h"

namespace kedge::script {

/// The text under edit; pure state, so that it can be tested without a console.
class LineBuffer {
 public:
  static constexpr std::size_t kBytesMax = 4096;

  void set(std::string text) noexcept;
  const std::string& text() const noexcept { return text_; }
  /// Byte offset of the cursor, always at the start of a character.
  std::size_t cursor() const noexcept { return cursor_; }

  /// Inserts a character; control characters and what does not fit are ignored.
  void insert(char32_t character) noexcept;
  void erase_before() noexcept;
  void erase_at() noexcept;
  void left() noexcept;
  void right() noexcept;
  void home() noexcept { cursor_ = 0; }
  void end() noexcept { cursor_ = text_.size(); }
  void kill_to_end() noexcept { text_.erase(cursor_); }
  void kill_to_start() noexcept;
  void kill_word() noexcept;

 private:
  std::size_t previous() const noexcept;
  std::size_t following() const noexcept;

  std::string text_;
  std::size_t cursor_ = 0;
};

class LineEditor {
 public:
  static constexpr std::size_t kHistoryMax = 64;

  LineEditor(port::Console& console, port::Input& input) noexcept
      : console_(console), input_(input) {}

  /// Reads a line, which begins as `initial`; nothing when Ctrl-C abandons it. Ctrl-D on an empty
  /// line counts as "exit" on a command line (`history` true). Errors: those of Input::read_key.
  async::Task<Result<std::optional<std::string>>> read(std::string prompt, std::string initial,
                                                       bool history) noexcept;

 private:
  enum class Outcome : std::uint8_t { edit, accept, abandon };
  Outcome handle(char32_t key, bool history) noexcept;
  void edit(char32_t key) noexcept;
  void recall(bool older) noexcept;
  void remember() noexcept;
  void draw(std::string_view prompt) noexcept;

  port::Console& console_;
  port::Input& input_;
  LineBuffer buffer_;
  std::vector<std::string> history_;
  std::size_t recalled_ = 0;  // index into history_; its size: the line being typed
  std::string typed_;
};

}  // namespace kedge::script
