// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "app/download_progress.h"

#include "base/units.h"

namespace kedge::app {
namespace {

constexpr unsigned kBarCells = 20;

std::string bar(std::uint64_t bytes, std::uint64_t total) {
  const std::uint64_t filled = bytes >= total ? kBarCells : bytes / (total / kBarCells + 1);
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
    format_to(sink, "[{}] {:>3}%  {} of {}  {}/s", bar(bytes, *total), percent < 100 ? percent : 100,
              HumanBytes(bytes), HumanBytes(*total), HumanBytes(rate));
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
  clear_bar();
  format_to(console_, "  {}: {}\n", name_, text);
}

void DownloadProgress::finished() noexcept {
  if (quiet_) return;
  clear_bar();
  const Duration span = clock_.now() - start_;
  format_to(console_, "  {} ok {} bytes in {} ({}/s)\n", name_, bytes_, HumanDuration(span),
            HumanBytes(bytes_per_second(bytes_, span)));
}

void DownloadProgress::failed(const Error& error) noexcept {
  clear_bar();
  if (quiet_) return;
  format_to(console_, "  {} failed after {} bytes: {}\n", name_, bytes_, error);
}

void DownloadProgress::clear_bar() noexcept {
  if (bar_shown_) console_.rewrite_line("");
  bar_shown_ = false;
}

}  // namespace kedge::app
