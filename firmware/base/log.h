// SPDX-License-Identifier: BSD-2-Clause-Patent
// Log lines with run-time levels. One sink, set once by the program; without one, lines are
// dropped.
#pragma once

#include "base/format.h"

namespace kedge {

enum class LogLevel : std::uint8_t { error, warning, info, debug };

/// Receives finished lines (without line end). `tag` is the module or interface that speaks.
class LogSink {
 public:
  virtual void line(LogLevel level, std::string_view tag, std::string_view text) noexcept = 0;

 protected:
  ~LogSink() = default;
};

/// Sets the sink (nullptr: none) and the most verbose level that reaches it.
void set_log(LogSink* sink, LogLevel threshold) noexcept;
bool log_enabled(LogLevel level) noexcept;
void log_line(LogLevel level, std::string_view tag, std::string_view text) noexcept;

constexpr std::size_t kLogLineMax = 240;

template <class... Args>
void log(LogLevel level, std::string_view tag, FormatPattern<std::type_identity_t<Args>...> pattern,
         const Args&... args) noexcept {
  if (!log_enabled(level)) return;
  char buffer[kLogLineMax];
  BufferSink sink(buffer);
  format_to(sink, pattern, args...);
  log_line(level, tag, sink.text());
}

}  // namespace kedge
