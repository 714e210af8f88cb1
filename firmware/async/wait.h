// SPDX-License-Identifier: BSD-2-Clause-Patent
// The one leaf of waiting: Signal (a condition), deadlines, sleep, yield.
//
// Because there is one thread, "check, then wait" cannot lose a wake-up:
//   while (queue.empty()) KEDGE_CO_CHECK(co_await changed.wait_until(deadline));
#pragma once

#include "async/task.h"
#include "base/function_ref.h"

namespace kedge::async {

class Signal;

/// One wait: ends by signal, by deadline or by cancellation, whichever comes first. Immovable;
/// lives in the frame of the awaiting coroutine.
class [[nodiscard]] Wait final : public ListNode<Wait>, private Timer, private Cancellable {
 public:
  enum class Cancel : std::uint8_t { yes, no };

  Wait(Signal* signal, Instant deadline, Cancel cancel = Cancel::yes) noexcept
      : signal_(signal), deadline_(deadline), cancellable_(cancel == Cancel::yes) {}

  bool await_ready() noexcept { return false; }
  template <class P>
  bool await_suspend(std::coroutine_handle<P> self) noexcept {
    return suspend(self.promise().context(), self.promise().ready());
  }
  /// Success: signalled (or, for a sleep, the time has come). Else async_timed_out or
  /// async_cancelled.
  Result<void> await_resume() noexcept;

 private:
  friend class Signal;
  enum class Outcome : std::uint8_t { pending, signalled, timed_out, cancelled };

  bool suspend(const Context& context, Ready& ready) noexcept;
  void complete(Outcome outcome) noexcept;
  void expired() noexcept override { complete(Outcome::timed_out); }
  void cancel() noexcept override { complete(Outcome::cancelled); }

  Signal* signal_;
  Instant deadline_;
  Loop* loop_ = nullptr;
  Ready* ready_ = nullptr;
  Outcome outcome_ = Outcome::pending;
  bool cancellable_;
};

/// A condition that coroutines wait for. Safe to notify from any callback: it only marks them
/// ready.
class Signal {
 public:
  Signal() noexcept = default;
  ~Signal() { KEDGE_ASSERT(waiters_.empty()); }

  /// Wakes everybody who waits now; they must check what they waited for again.
  void notify_all() noexcept;
  bool has_waiters() const noexcept { return !waiters_.empty(); }

  Wait wait_until(Instant deadline) noexcept { return Wait(this, deadline); }
  Wait wait() noexcept { return Wait(this, Instant::never()); }
  /// For joins only: what is waited for is certain to come, cancelled or not.
  Wait wait_uncancelled() noexcept { return Wait(this, Instant::never(), Wait::Cancel::no); }

 private:
  friend class Wait;
  List<Wait> waiters_;
};

/// Sleeps until `deadline`; fails only by cancellation.
inline Wait sleep_until(Instant deadline) noexcept {
  return Wait(nullptr, deadline);
}
/// Sleeps for `span` from now; fails only by cancellation.
Task<Result<void>> sleep_for(Duration span) noexcept;

/// Lets the rest of the loop run once; for loops over data that is always ready. Fails when
/// cancelled, so that such loops can be interrupted: `KEDGE_CO_CHECK(co_await yield());`
class [[nodiscard]] yield {
 public:
  bool await_ready() noexcept { return false; }
  template <class P>
  bool await_suspend(std::coroutine_handle<P> self) noexcept {
    const Context& context = self.promise().context();
    scope_ = context.scope;
    if (scope_ != nullptr && scope_->cancelled()) return false;
    context.loop->post(self.promise().ready());
    return true;
  }
  Result<void> await_resume() noexcept {
    if (scope_ != nullptr && scope_->cancelled()) return fail(err::async_cancelled);
    return {};
  }

 private:
  CancelScope* scope_ = nullptr;
};

/// Runs `work` outside of the loop, between two turns: it may take its time, and turn the loop
/// itself. Everything else stands still, except while it does: then other coroutines go on, this
/// one does not. Cannot be cancelled: `co_await outside_loop(work);`
class [[nodiscard]] outside_loop final : private Deferred {
 public:
  explicit outside_loop(FunctionRef<void()> work) noexcept : work_(work) {}

  bool await_ready() noexcept { return false; }
  template <class P>
  void await_suspend(std::coroutine_handle<P> self) noexcept {
    loop_ = self.promise().context().loop;
    ready_ = &self.promise().ready();
    loop_->defer(*this);
  }
  void await_resume() noexcept {}

 private:
  void run() noexcept override {
    work_();
    loop_->post(*ready_);
  }

  FunctionRef<void()> work_;
  Loop* loop_ = nullptr;
  Ready* ready_ = nullptr;
};

/// The loop's clock, from inside a coroutine: `const Instant start = co_await current_time();`
struct [[nodiscard]] current_time {
  Instant read_context(const Context& context) const noexcept { return context.loop->now(); }
};

}  // namespace kedge::async
