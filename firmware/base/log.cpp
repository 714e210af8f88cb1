// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "base/log.h"

namespace kedge {
namespace {

// Process-wide on purpose: a log line must be possible from anywhere, a driver's error path
// included.
LogSink* log_sink = nullptr;
LogLevel log_threshold = LogLevel::info;

}  // namespace

void set_log(LogSink* sink, LogLevel threshold) noexcept {
  log_sink = sink;
  log_threshold = threshold;
}

bool log_enabled(LogLevel level) noexcept {
  return log_sink != nullptr && level <= log_threshold;
}

void log_line(LogLevel level, std::string_view tag, std::string_view text) noexcept {
  if (log_enabled(level)) log_sink->line(level, tag, text);
}

}  // namespace kedge
