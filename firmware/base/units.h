// SPDX-License-Identifier: BSD-2-Clause-Patent
// Sizes, rates and times as people read them: format("{}", HumanBytes(12'900'000)) is "12.3 MiB".
#pragma once

#include <cstdint>

#include "base/format.h"
#include "base/time.h"

namespace kedge {

/// A number of bytes in binary units (IEC 80000-13) with one decimal.
struct HumanBytes {
  explicit constexpr HumanBytes(std::uint64_t count) noexcept : bytes(count) {}
  std::uint64_t bytes;
};
void format_value(TextSink& sink, const HumanBytes& value) noexcept;

/// A time in seconds with one decimal below ten seconds, then in minutes and hours: "2.5 s", "3 min
/// 4 s".
struct HumanDuration {
  explicit constexpr HumanDuration(Duration value) noexcept : span(value) {}
  Duration span;
};
void format_value(TextSink& sink, const HumanDuration& value) noexcept;

/// Bytes per second over `span`; 0 when no time has passed.
std::uint64_t bytes_per_second(std::uint64_t bytes, Duration span) noexcept;

}  // namespace kedge
