// SPDX-License-Identifier: BSD-2-Clause-Patent
// Loop: the one scheduler. Coroutines are resumed here and nowhere else.
//
// UEFI notify functions, lwIP callbacks and drivers only mark things ready (Signal::notify_all).
// One thread, no locks, no atomics.
#pragma once

#include <coroutine>
#include <cstdint>
#include <vector>

#include "base/list.h"
#include "base/time.h"

namespace kedge::async {

class Loop;

/// Something resumable in the loop's ready list, at most once at a time.
class Ready : public ListNode<Ready> {
 public:
  std::coroutine_handle<> handle;
};

/// A deadline in the loop's timer heap. Fires once, inside Loop::run_once.
class Timer {
 public:
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  bool armed() const noexcept { return slot_ != kNotArmed; }
  Instant deadline() const noexcept { return deadline_; }

 protected:
  Timer() noexcept = default;
  ~Timer();
  virtual void expired() noexcept = 0;

 private:
  friend class Loop;
  static constexpr std::size_t kNotArmed = SIZE_MAX;
  Loop* loop_ = nullptr;
  Instant deadline_;
  std::size_t slot_ = kNotArmed;
};

/// Called on every turn of the loop: a NIC to poll, keys to read. Returns true when it did work, so
/// that the loop does not go idle.
class Poller : public ListNode<Poller> {
 public:
  virtual bool poll() noexcept = 0;

 protected:
  Poller() noexcept = default;
  ~Poller() = default;
};

/// Work that must not run inside the loop, because it may turn the loop itself. See outside_loop.
class Deferred : public ListNode<Deferred> {
 public:
  virtual void run() noexcept = 0;

 protected:
  Deferred() noexcept = default;
  ~Deferred() = default;
};

class Loop {
 public:
  explicit Loop(Clock& clock) noexcept : clock_(clock) {}
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop();

  Instant now() noexcept { return clock_.now(); }

  void post(Ready& node) noexcept {
    if (!node.linked()) ready_.push_back(node);
  }
  /// Arms or re-arms. Returns false when the timer table is out of memory.
  bool arm(Timer& timer, Instant deadline) noexcept;
  void disarm(Timer& timer) noexcept;
  void add_poller(Poller& poller) noexcept { pollers_.push_back(poller); }

  /// Runs `work` once the current turn is over.
  void defer(Deferred& work) noexcept { deferred_.push_back(work); }

  /// One turn: pollers, expired timers, everything that was ready when the turn began, at last what
  /// was deferred. Returns true when anything was done. Never nests, except that deferred work may
  /// turn the loop: a call from inside asserts.
  bool run_once() noexcept;
  /// Gives the CPU away until the next timer, if nothing is ready.
  void idle() noexcept;
  /// True while run_once is on the stack: producers called then may only enqueue work.
  bool running() const noexcept { return running_; }
  /// For leak checks and deadlock reports in tests.
  std::size_t armed_timers() const noexcept { return heap_.size(); }
  bool anything_ready() const noexcept { return !ready_.empty(); }
  /// The earliest armed deadline, or Instant::never().
  Instant next_deadline() const noexcept;

 private:
  bool run_expired() noexcept;
  void place(std::size_t slot, Timer& timer) noexcept;
  void sift_up(std::size_t slot) noexcept;
  void sift_down(std::size_t slot) noexcept;

  Clock& clock_;
  List<Ready> ready_;
  List<Poller> pollers_;
  List<Deferred> deferred_;
  std::vector<Timer*> heap_;  // binary heap, earliest deadline first
  bool running_ = false;
};

}  // namespace kedge::async
