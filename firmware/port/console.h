// SPDX-License-Identifier: BSD-2-Clause-Patent
// Console and Input: what a person sees and types, serial and graphical alike.
#pragma once

#include <optional>
#include <string_view>

#include "async/task.h"
#include "base/format.h"

namespace kedge::port {

/// The screen and the serial line. Text is UTF-8; "\n" ends a line.
class Console : public TextSink {
 public:
  /// Replaces the line that the cursor is on by `text` (no line end), for progress and editing. A
  /// console that cannot move its cursor may ignore it.
  virtual void rewrite_line(std::string_view text) noexcept = 0;
  /// Character cells per line, at least 40.
  virtual unsigned columns() const noexcept = 0;

 protected:
  ~Console() = default;
};

/// A key press: a Unicode character, or one of the named keys.
struct Key {
  static constexpr char32_t kEnter = U'\r';
  static constexpr char32_t kEscape = 0x1b;
  static constexpr char32_t kBackspace = 0x08;
  static constexpr char32_t kTab = U'\t';
  static constexpr char32_t kCtrlC = 0x03;
  // Named keys lie in the private use area.
  static constexpr char32_t kUp = 0xE001;
  static constexpr char32_t kDown = 0xE002;
  static constexpr char32_t kRight = 0xE003;
  static constexpr char32_t kLeft = 0xE004;
  static constexpr char32_t kHome = 0xE005;
  static constexpr char32_t kEnd = 0xE006;
  static constexpr char32_t kDelete = 0xE007;
  static constexpr char32_t kPageUp = 0xE008;
  static constexpr char32_t kPageDown = 0xE009;
  static constexpr char32_t kFunction1 = 0xE010;  ///< F1; F2 is the next, up to F12

  char32_t code;
};

class Input {
 public:
  /// A key that was pressed and not yet read, without waiting.
  virtual std::optional<Key> poll_key() noexcept = 0;
  /// Waits for a key; async_timed_out when `deadline` passes, async_cancelled when interrupted.
  virtual async::Task<Result<Key>> read_key(Instant deadline) noexcept = 0;

 protected:
  ~Input() = default;
};

}  // namespace kedge::port
