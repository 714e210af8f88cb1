// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "base/units.h"

namespace kedge {

void format_value(TextSink& sink, const HumanBytes& value) noexcept {
  constexpr std::string_view kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (value.bytes < 1024) return format_to(sink, "{} B", value.bytes);
  std::size_t unit = 0;
  std::uint64_t whole = value.bytes;
  std::uint64_t rest = 0;
  while (whole >= 1024) {
    rest = whole % 1024;
    whole /= 1024;
    ++unit;
  }
  format_to(sink, "{}.{} {}", whole, rest * 10 / 1024, kUnits[unit]);
}

void format_value(TextSink& sink, const HumanDuration& value) noexcept {
  const std::int64_t ms = value.span.count_ms() < 0 ? 0 : value.span.count_ms();
  if (ms < 10'000) return format_to(sink, "{}.{} s", ms / 1000, ms / 100 % 10);
  const std::int64_t seconds = ms / 1000;
  if (seconds < 60) return format_to(sink, "{} s", seconds);
  if (seconds < 3600) return format_to(sink, "{} min {} s", seconds / 60, seconds % 60);
  format_to(sink, "{} h {} min", seconds / 3600, seconds / 60 % 60);
}

std::uint64_t bytes_per_second(std::uint64_t bytes, Duration span) noexcept {
  // Microseconds keep the product within 64 bits for anything below 18 TB.
  const std::int64_t us = span.count_us();
  if (us <= 0) return 0;
  return bytes < UINT64_MAX / 1'000'000 ? bytes * 1'000'000 / static_cast<std::uint64_t>(us)
                                        : bytes / static_cast<std::uint64_t>(us) * 1'000'000;
}

}  // namespace kedge
