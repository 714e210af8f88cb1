// SPDX-License-Identifier: BSD-2-Clause-Patent
// DownloadProgress: the one line that a person sees of a download.
//
// While it runs:  linux  [########------------]  41%  3.2 MiB of 7.8 MiB  12.0 MiB/s  0.4 s left
// At its end:     linux ok 8192000 bytes in 0.6 s (12.9 MiB/s)
#pragma once

#include <string>

#include "base/time.h"
#include "client/sink.h"
#include "port/console.h"

namespace kedge::app {

class DownloadProgress final : public client::Progress {
 public:
  /// Short downloads show only their end: the first line comes after this time.
  static constexpr Duration kFirstUpdate = Duration::milliseconds(300);
  /// Rewrites are rare enough that a log of the serial line stays readable.
  static constexpr Duration kUpdateInterval = Duration::milliseconds(1000);

  DownloadProgress(port::Console& console, Clock& clock, std::string name, bool quiet)
      : console_(console),
        clock_(clock),
        name_(std::move(name)),
        quiet_(quiet),
        start_(clock.now()),
        next_update_(start_ + kFirstUpdate) {}

  void advanced(std::uint64_t bytes, std::optional<std::uint64_t> total) noexcept override;
  void note(std::string_view text) noexcept override;

  /// Replaces the bar by the result line.
  void finished() noexcept;
  /// Says how far it came; whoever asked for the download explains why it ended.
  void failed() noexcept;

 private:
  void end_line(std::string_view text) noexcept;

  port::Console& console_;
  Clock& clock_;
  std::string name_;
  bool quiet_;
  Instant start_;
  Instant next_update_;
  std::uint64_t bytes_ = 0;
  bool bar_shown_ = false;
};

}  // namespace kedge::app
