// SPDX-License-Identifier: BSD-2-Clause-Patent
// Duration and Instant: signed 64-bit nanoseconds on a monotonic clock that starts at boot.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>

namespace kedge {

/// A span of time in nanoseconds; sums saturate rather than overflow.
class Duration {
 public:
  constexpr Duration() noexcept = default;
  static constexpr Duration nanoseconds(std::int64_t count) noexcept { return Duration(count); }
  static constexpr Duration microseconds(std::int64_t count) noexcept {
    return scaled(count, 1'000);
  }
  static constexpr Duration milliseconds(std::int64_t count) noexcept {
    return scaled(count, 1'000'000);
  }
  static constexpr Duration seconds(std::int64_t count) noexcept {
    return scaled(count, 1'000'000'000);
  }
  static constexpr Duration infinite() noexcept {
    return Duration(std::numeric_limits<std::int64_t>::max());
  }

  constexpr std::int64_t count_ns() const noexcept { return ns_; }
  constexpr std::int64_t count_us() const noexcept { return ns_ / 1'000; }
  constexpr std::int64_t count_ms() const noexcept { return ns_ / 1'000'000; }
  constexpr std::int64_t count_s() const noexcept { return ns_ / 1'000'000'000; }

  friend constexpr auto operator<=>(Duration, Duration) noexcept = default;
  friend constexpr Duration operator+(Duration a, Duration b) noexcept {
    return Duration(saturating_add(a.ns_, b.ns_));
  }
  friend constexpr Duration operator-(Duration a, Duration b) noexcept {
    return Duration(saturating_add(a.ns_, -b.ns_));
  }
  friend constexpr Duration operator*(Duration a, std::int64_t factor) noexcept {
    return scaled(a.ns_, factor);
  }
  friend constexpr Duration operator/(Duration a, std::int64_t divisor) noexcept {
    return Duration(a.ns_ / divisor);
  }

  static constexpr std::int64_t saturating_add(std::int64_t a, std::int64_t b) noexcept {
    std::int64_t sum = 0;
    if (!__builtin_add_overflow(a, b, &sum)) return sum;
    return b > 0 ? std::numeric_limits<std::int64_t>::max()
                 : std::numeric_limits<std::int64_t>::min();
  }

 private:
  constexpr explicit Duration(std::int64_t ns) noexcept : ns_(ns) {}
  static constexpr Duration scaled(std::int64_t count, std::int64_t factor) noexcept {
    std::int64_t product = 0;
    if (!__builtin_mul_overflow(count, factor, &product)) return Duration(product);
    return Duration((count < 0) == (factor < 0) ? std::numeric_limits<std::int64_t>::max()
                                                : std::numeric_limits<std::int64_t>::min());
  }
  std::int64_t ns_ = 0;
};

/// A point on the monotonic clock.
class Instant {
 public:
  constexpr Instant() noexcept = default;
  static constexpr Instant from_ns(std::int64_t ns) noexcept { return Instant(ns); }
  static constexpr Instant never() noexcept {
    return Instant(std::numeric_limits<std::int64_t>::max());
  }
  constexpr std::int64_t ns() const noexcept { return ns_; }

  friend constexpr auto operator<=>(Instant, Instant) noexcept = default;
  friend constexpr Instant operator+(Instant at, Duration span) noexcept {
    return Instant(Duration::saturating_add(at.ns_, span.count_ns()));
  }
  friend constexpr Instant operator-(Instant at, Duration span) noexcept {
    return Instant(Duration::saturating_add(at.ns_, -span.count_ns()));
  }
  friend constexpr Duration operator-(Instant a, Instant b) noexcept {
    return Duration::nanoseconds(Duration::saturating_add(a.ns_, -b.ns_));
  }

 private:
  constexpr explicit Instant(std::int64_t ns) noexcept : ns_(ns) {}
  std::int64_t ns_ = 0;
};

namespace literals {
constexpr Duration operator""_ns(unsigned long long n) {
  return Duration::nanoseconds(static_cast<std::int64_t>(n));
}
constexpr Duration operator""_us(unsigned long long n) {
  return Duration::microseconds(static_cast<std::int64_t>(n));
}
constexpr Duration operator""_ms(unsigned long long n) {
  return Duration::milliseconds(static_cast<std::int64_t>(n));
}
constexpr Duration operator""_s(unsigned long long n) {
  return Duration::seconds(static_cast<std::int64_t>(n));
}
}  // namespace literals

/// The monotonic clock as seen by everything above: the platform's, or a simulated one in tests.
/// It stands at level 0 because the event loop (level 1) needs it.
class Clock {
 public:
  virtual Instant now() noexcept = 0;
  /// Called when nothing is ready: may give up the CPU until `until` or an earlier event.
  virtual void idle(Instant until) noexcept = 0;

 protected:
  ~Clock() = default;
};

}  // namespace kedge
