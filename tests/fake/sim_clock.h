// SPDX-License-Identifier: BSD-2-Clause-Patent
// SimClock: time that moves only when nothing else can happen. Tests run hours in milliseconds.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <functional>

#include "async/combine.h"
#include "base/time.h"

namespace kedge::fake {

class SimClock final : public Clock {
 public:
  Instant now() noexcept override { return now_; }
  /// Jumps to the next timer. Without one the program would wait for ever: a deadlock, which fails.
  void idle(Instant until) noexcept override {
    if (until == Instant::never()) {
      std::fprintf(stderr, "deadlock: coroutines wait, no timer is armed, nothing is ready\n");
      std::abort();
    }
    if (until > now_) now_ = until;
  }
  void advance(Duration span) noexcept { now_ = now_ + span; }

 private:
  Instant now_ = Instant::from_ns(1'000'000'000);
};

/// A loop on simulated time with a scope to cancel by.
struct SimLoop {
  SimClock clock;
  async::Loop loop{clock};
  async::CancelScope scope;

  template <class T>
  T run(async::Task<T> task) {
    return async::run(loop, scope, std::move(task));
  }
  Instant after(Duration span) { return clock.now() + span; }
};

/// Calls a function when a time comes: the scripted peer's clock.
class At final : private async::Timer {
 public:
  At(async::Loop& loop, Instant when, std::function<void()> action) : action_(std::move(action)) {
    loop.arm(*this, when);
  }

 private:
  void expired() noexcept override { action_(); }
  std::function<void()> action_;
};

}  // namespace kedge::fake
