// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "app/download_progress.h"

#include "base/units.h"

namespace kedge::app {
namespace {

constexpr unsigned kBarCells = 20;

std::string bar(std::uint64_t bytes, std::uint64_t total) {
  // Nothing that fits a machine's memory overflows here.
  const std::uint64_t filled = bytes >= total ? kBarCells : bytes * kBarCells / total;
  std::string cells(kBarCells, '-');
  cells.replace(0, filled, filled, '#');
  return cells;
}

}  // namespace

void DownloadProgress::advanced(std::uint64_t bytes, std::optional<std::uint64_t> total) noexcept {
  bytes_ = bytes;
  if (quiet_) return;
  const Instant now = clock_.now();
  if (now < next_update_) return;
  next_update_ = now + kUpdateInterval;
  const std::uint64_t rate = bytes_per_second(bytes, now - start_);
  std::string line = format("  {}  ", name_);
  StringSink sink(line);
  if (total.has_value() && *total > 0) {
    const std::uint64_t percent = *total >= 100 ? bytes / (*total / 100) : 100;
    format_to(sink, "[{}] {:>3}%  {} of {}  {}/s", bar(bytes, *total),
              percent < 100 ? percent : 100, HumanBytes(bytes), HumanBytes(*total),
              HumanBytes(rate));
    if (rate > 0 && *total > bytes) {
      const auto left_ms = static_cast<std::int64_t>((*total - bytes) / (rate / 1000 + 1));
      format_to(sink, "  {} left", HumanDuration(Duration::milliseconds(left_ms)));
    }
  } else {
    format_to(sink, "{}  {}/s", HumanBytes(bytes), HumanBytes(rate));
  }
  console_.rewrite_line(line);
  bar_shown_ = true;
}

void DownloadProgress::note(std::string_view text) noexcept {
  if (quiet_) return;
  end_line(format("  {}: {}", name_, text));
}

void DownloadProgress::finished() noexcept {
  if (quiet_) return;
  const Duration span = clock_.now() - start_;
  end_line(format("  {} ok {} bytes in {} ({}/s)", name_, bytes_, HumanDuration(span),
                  HumanBytes(bytes_per_second(bytes_, span))));
}

void DownloadProgress::failed() noexcept {
  if (!quiet_ && (bytes_ > 0 || bar_shown_)) {
    end_line(format("  {} stopped after {} bytes", name_, bytes_));
  }
}

void DownloadProgress::end_line(std::string_view text) noexcept {
  // Over the bar, if there is one; a line that is longer than the screen must not be cut off.
  if (bar_shown_) console_.rewrite_line(text.size() < console_.columns() ? text : "");
  if (!bar_shown_ || text.size() >= console_.columns()) console_.append(text);
  console_.append("\n");
  bar_shown_ = false;
}

}  // namespace kedge::app
