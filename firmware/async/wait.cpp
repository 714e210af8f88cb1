// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "async/wait.h"

namespace kedge::async {

bool Wait::suspend(const Context& context, Ready& ready) noexcept {
  loop_ = context.loop;
  ready_ = &ready;
  if (cancellable_ && context.scope != nullptr) {
    if (context.scope->cancelled()) {
      outcome_ = Outcome::cancelled;
      return false;
    }
    context.scope->add(*this);
  }
  if (deadline_ != Instant::never() && !loop_->arm(*this, deadline_)) {
    Cancellable::unlink();
    outcome_ = Outcome::timed_out;
    return false;
  }
  if (signal_ != nullptr) signal_->waiters_.push_back(*this);
  return true;
}

void Wait::complete(Outcome outcome) noexcept {
  outcome_ = outcome;
  ListNode<Wait>::unlink();
  Cancellable::unlink();
  loop_->disarm(*this);
  loop_->post(*ready_);
}

Result<void> Wait::await_resume() noexcept {
  switch (outcome_) {
    case Outcome::signalled:
      return {};
    case Outcome::timed_out:
      if (signal_ == nullptr) return {};  // a sleep that ran its time
      return fail(err::async_timed_out);
    case Outcome::cancelled:
      return fail(err::async_cancelled);
    case Outcome::pending:
      break;
  }
  assertion_failed("resumed before completion", __FILE_NAME__, __LINE__);
}

void Signal::notify_all() noexcept {
  while (Wait* wait = waiters_.pop_front()) wait->complete(Wait::Outcome::signalled);
}

Task<Result<void>> sleep_for(Duration span) noexcept {
  const Instant now = co_await current_time();
  co_return co_await sleep_until(now + span);
}

}  // namespace kedge::async
