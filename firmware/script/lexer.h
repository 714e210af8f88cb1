// SPDX-License-Identifier: BSD-2-Clause-Patent
// Lexer: a script's text as logical lines, and a logical line as words that know where they stand.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace kedge::script {

inline constexpr std::size_t kScriptBytesMax = 1024 * 1024;
/// A logical line, continuation lines included.
inline constexpr std::size_t kLineBytesMax = 32 * 1024;
inline constexpr std::size_t kWordsMax = 1024;

/// A place in a script, counted from 1 (columns in bytes, as editors show them for ASCII). The
/// place with line 0 is unknown.
struct Place {
  std::uint32_t line = 0;
  std::uint32_t column = 0;

  friend bool operator==(const Place&, const Place&) noexcept = default;
};

/// A logical line: one or more lines of the script, joined where a line ended in a backslash.
class LogicalLine {
 public:
  const std::string& text() const noexcept { return text_; }
  /// Where the byte at `offset` of text() stands in the script.
  Place place(std::size_t offset) const noexcept;
  /// The part of text() that was on the script's line `line`.
  std::string_view physical(std::uint32_t line) const noexcept;

 private:
  friend class LineReader;
  struct Part {
    std::size_t offset;
    std::uint32_t line;
  };
  std::string text_;
  std::vector<Part> parts_;
};

/// Reads logical lines one after the other. The script must outlive it.
class LineReader {
 public:
  explicit LineReader(std::string_view script, std::uint32_t first_line = 1) noexcept
      : script_(script), line_(first_line) {}

  /// The next logical line; false at the end. Errors: script_line_too_long, script_bad_character.
  Result<bool> next(LogicalLine& line) noexcept;

 private:
  std::string_view script_;
  std::size_t offset_ = 0;
  std::uint32_t line_;
};

struct Word {
  std::string text;
  Place place;
};

/// Splits at white space; a word that begins with '#' ends the line. Errors: script_too_many_words.
Result<std::vector<Word>> split_words(const LogicalLine& line) noexcept;

/// True when `content` begins as scripts do: "#!ipxe" or "#!gpxe", white space after it (a byte
/// order mark before it is accepted, because editors add one).
bool is_script(ByteView content) noexcept;
/// The script's text without byte order mark. Errors: script_no_magic, script_too_large.
Result<std::string_view> script_text(ByteView content) noexcept;

}  // namespace kedge::script
