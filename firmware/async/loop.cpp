// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "async/loop.h"

#include "base/assert.h"

namespace kedge::async {

Timer::~Timer() {
  if (loop_ != nullptr) loop_->disarm(*this);
}

Loop::~Loop() {
  for (Timer* timer : heap_) timer->slot_ = Timer::kNotArmed;
}

bool Loop::arm(Timer& timer, Instant deadline) noexcept {
  disarm(timer);
  timer.loop_ = this;
  timer.deadline_ = deadline;
  heap_.push_back(&timer);
  timer.slot_ = heap_.size() - 1;
  sift_up(timer.slot_);
  return true;
}

void Loop::disarm(Timer& timer) noexcept {
  if (!timer.armed()) return;
  const std::size_t slot = timer.slot_;
  timer.slot_ = Timer::kNotArmed;
  Timer* last = heap_.back();
  heap_.pop_back();
  if (last == &timer) return;
  place(slot, *last);
  sift_down(slot);
  sift_up(slot);
}

Instant Loop::next_deadline() const noexcept {
  return heap_.empty() ? Instant::never() : heap_.front()->deadline_;
}

bool Loop::run_once() noexcept {
  KEDGE_ASSERT(!running_);
  running_ = true;
  bool worked = false;
  for (Poller* poller = pollers_.front(); poller != nullptr;) {
    Poller* following = pollers_.next(*poller);
    worked |= poller->poll();
    poller = following;
  }
  worked |= run_expired();
  // Only what is ready now: work that keeps itself ready must not starve pollers and timers.
  Ready end_of_turn;
  ready_.push_back(end_of_turn);
  for (Ready* node = ready_.pop_front(); node != &end_of_turn; node = ready_.pop_front()) {
    worked = true;
    node->handle.resume();
  }
  running_ = false;
  while (Deferred* work = deferred_.pop_front()) work->run();
  return worked;
}

bool Loop::run_expired() noexcept {
  if (heap_.empty()) return false;
  const Instant now = clock_.now();
  bool any = false;
  while (!heap_.empty() && heap_.front()->deadline_ <= now) {
    Timer& timer = *heap_.front();
    disarm(timer);
    timer.expired();
    any = true;
  }
  return any;
}

void Loop::idle() noexcept {
  if (ready_.empty()) clock_.idle(next_deadline());
}

void Loop::place(std::size_t slot, Timer& timer) noexcept {
  heap_[slot] = &timer;
  timer.slot_ = slot;
}

void Loop::sift_up(std::size_t slot) noexcept {
  Timer& moving = *heap_[slot];
  while (slot > 0) {
    const std::size_t parent = (slot - 1) / 2;
    if (heap_[parent]->deadline_ <= moving.deadline_) break;
    place(slot, *heap_[parent]);
    slot = parent;
  }
  place(slot, moving);
}

void Loop::sift_down(std::size_t slot) noexcept {
  Timer& moving = *heap_[slot];
  for (;;) {
    std::size_t child = 2 * slot + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && heap_[child + 1]->deadline_ < heap_[child]->deadline_) ++child;
    if (moving.deadline_ <= heap_[child]->deadline_) break;
    place(slot, *heap_[child]);
    slot = child;
  }
  place(slot, moving);
}

}  // namespace kedge::async
