// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Time on the host: one monotonic clock, absolute deadlines, durations in seconds for people.
#pragma once

#include <chrono>

namespace kedge::host {

using Clock = std::chrono::steady_clock;
using Instant = Clock::time_point;
using Duration = Clock::duration;
using namespace std::chrono_literals;

inline Instant now() {
  return Clock::now();
}
inline Instant after(Duration timeout) {
  return Clock::now() + timeout;
}

inline double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

inline Duration from_seconds(double value) {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(value));
}

// Milliseconds until the deadline as poll(2) wants them: rounded up, never negative.
int poll_timeout(Instant deadline);

}  // namespace kedge::host
