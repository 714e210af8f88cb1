// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <gtest/gtest.h>

#include <new>

#include "tests/fake/sim_clock.h"

namespace {
// Allocations of coroutine frames that still succeed; negative: all do.
int frames_left = -1;
}  // namespace

void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  if (frames_left == 0) return nullptr;
  if (frames_left > 0) --frames_left;
  return std::malloc(bytes);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void* operator new(std::size_t bytes) {
  return std::malloc(bytes);
}

namespace kedge::async {
namespace {

using namespace literals;
using fake::SimLoop;

Task<Result<int>> ready(int value) {
  co_return value;
}

Task<Result<int>> after(Duration span, int value) {
  KEDGE_CO_CHECK(co_await sleep_for(span));
  co_return value;
}

Task<Result<int>> never() {
  KEDGE_CO_CHECK(co_await sleep_until(Instant::never()));
  co_return 0;
}

Task<Result<int>> fails_after(Duration span) {
  KEDGE_CO_CHECK(co_await sleep_for(span));
  co_return fail(err::base_invalid);
}

Task<Result<std::int64_t>> sum_of_ready(int count) {
  std::int64_t sum = 0;
  for (int i = 0; i < count; ++i) {
    KEDGE_CO_TRY(const int value, co_await ready(i));
    sum += value;
  }
  co_return sum;
}

/// Two children that would never end, nested below the caller's scope.
Task<Result<int>> two_that_never_end() {
  auto outcome = co_await when_all(never(), never());
  KEDGE_CO_TRY(const int first, std::get<0>(outcome.values));
  co_return first;
}

TEST(Task, DoesNotStartUntilAwaited) {
  bool ran = false;
  auto make = [](bool& flag) -> Task<void> {
    flag = true;
    co_return;
  };
  {
    Task<void> task = make(ran);
    EXPECT_FALSE(ran);
  }
  EXPECT_FALSE(ran);
}

int values_alive = 0;
struct CountedValue {
  CountedValue() { ++values_alive; }
  CountedValue(CountedValue&&) noexcept { ++values_alive; }
  CountedValue& operator=(CountedValue&&) = delete;
  ~CountedValue() { --values_alive; }
};
Task<Result<CountedValue>> a_value() {
  co_return CountedValue();
}

TEST(Task, OwnsItsValueFromItsEndToItsOwn) {
  SimLoop sim;
  CancelScope scope;
  const Context context{&sim.loop, &scope};
  {
    const Task<Result<CountedValue>> never_started = a_value();
  }
  EXPECT_EQ(values_alive, 0);
  {
    Task<Result<CountedValue>> not_taken = a_value();
    EXPECT_TRUE(not_taken.start(context, nullptr));
    EXPECT_EQ(values_alive, 1);
    not_taken = a_value();
    EXPECT_EQ(values_alive, 0);
  }
  {
    Task<Result<CountedValue>> task = a_value();
    EXPECT_TRUE(task.start(context, nullptr));
    const Result<CountedValue> value = task.take();
    EXPECT_TRUE(value.ok());
    EXPECT_EQ(values_alive, 2);  // what was moved from is there until the task goes
  }
  EXPECT_EQ(values_alive, 0);
  frames_left = 0;
  Task<Result<CountedValue>> without_frame = a_value();
  frames_left = -1;
  EXPECT_TRUE(without_frame.start(context, nullptr));
  EXPECT_EQ(without_frame.take().error(), err::async_no_frame);
}

Task<Result<CancelScope*>> scope_here() {
  co_return (co_await this_context()).scope;
}

TEST(Task, HasTheContextOfWhoAwaitsIt) {
  SimLoop sim;
  CancelScope outer;
  CancelScope* inner = nullptr;
  const auto nested = [&]() -> Task<Result<CancelScope*>> {
    auto outcome = co_await when_all(scope_here());
    inner = *std::get<0>(outcome.values);
    co_return co_await scope_here();
  };
  EXPECT_EQ(*run(sim.loop, outer, nested()), &outer);
  EXPECT_NE(inner, nullptr);
  EXPECT_NE(inner, &outer);
}

TEST(Task, AMillionReadyAwaitsDoNotGrowTheStack) {
  SimLoop sim;
  EXPECT_EQ(*sim.run(sum_of_ready(1'000'000)), 499'999'500'000);
}

TEST(Task, SleepsOnSimulatedTime) {
  SimLoop sim;
  const Instant start = sim.clock.now();
  EXPECT_EQ(*sim.run(after(3600_s, 7)), 7);
  EXPECT_EQ((sim.clock.now() - start).count_s(), 3600);
  EXPECT_EQ(sim.loop.armed_timers(), 0u);
}

TEST(Timers, FireInTheOrderOfTheirDeadlines) {
  SimLoop sim;
  std::string order;
  std::vector<std::unique_ptr<fake::At>> timers;
  for (int n : {5, 1, 4, 2, 3, 0}) {
    timers.push_back(std::make_unique<fake::At>(sim.loop, sim.after(Duration::seconds(n)),
                                                [&order, n] { order += std::to_string(n); }));
  }
  timers.erase(timers.begin() + 2);  // the one of 4 s: a destroyed timer never fires
  (void)sim.run(after(10_s, 0));
  EXPECT_EQ(order, "01235");
}

TEST(Signal, WakesEveryWaiterOnce) {
  SimLoop sim;
  Signal signal;
  int woken = 0;
  auto waiter = [](Signal& s, int& count) -> Task<Result<void>> {
    KEDGE_CO_CHECK(co_await s.wait());
    ++count;
    co_return Result<void>();
  };
  fake::At notify(sim.loop, sim.after(1_s), [&] { signal.notify_all(); });
  auto both = sim.run(when_all(waiter(signal, woken), waiter(signal, woken)));
  EXPECT_TRUE(std::get<0>(both.values).ok());
  EXPECT_EQ(woken, 2);
}

TEST(Signal, WaitEndsAtItsDeadline) {
  SimLoop sim;
  Signal signal;
  auto waiter = [](Signal& s, Instant deadline) -> Task<Result<void>> {
    co_return co_await s.wait_until(deadline);
  };
  EXPECT_EQ(sim.run(waiter(signal, sim.after(2_s))).error(), err::async_timed_out);
  EXPECT_FALSE(signal.has_waiters());
}

TEST(WhenAny, CancelsAndJoinsTheLosers) {
  SimLoop sim;
  auto outcome = sim.run(when_any(never(), after(2_s, 5), after(4_s, 6)));
  EXPECT_EQ(outcome.first, 1u);
  EXPECT_EQ(std::get<0>(outcome.values).error(), err::async_cancelled);
  EXPECT_EQ(*std::get<1>(outcome.values), 5);
  EXPECT_EQ(std::get<2>(outcome.values).error(), err::async_cancelled);
  EXPECT_EQ(sim.loop.armed_timers(), 0u);
}

TEST(WhenAny, TakesAChildThatIsReadyAtOnce) {
  SimLoop sim;
  auto outcome = sim.run(when_any(never(), ready(1), ready(2)));
  EXPECT_EQ(outcome.first, 1u);
  EXPECT_EQ(*std::get<2>(outcome.values), 2) << "a loser that had ended already keeps its value";
}

TEST(WhenAll, YieldsValuesAndErrorsInOrder) {
  SimLoop sim;
  auto outcome = sim.run(when_all(after(3_s, 1), fails_after(1_s), ready(3)));
  EXPECT_EQ(*std::get<0>(outcome.values), 1);
  EXPECT_EQ(std::get<1>(outcome.values).error(), err::base_invalid);
  EXPECT_EQ(*std::get<2>(outcome.values), 3);
}

Task<Result<void>> ends_after(Duration span, bool well) {
  KEDGE_CO_CHECK(co_await sleep_for(span));
  if (!well) co_return fail(err::base_invalid);
  co_return Result<void>();
}

Result<std::size_t> race(SimLoop& sim, std::vector<std::pair<int, bool>> children) {
  std::vector<Task<Result<void>>> tasks;
  for (auto [seconds, well] : children)
    tasks.push_back(ends_after(Duration::seconds(seconds), well));
  return sim.run(first_success(std::move(tasks)));
}

TEST(FirstSuccess, PassesOverFailuresAndCancelsTheRest) {
  SimLoop sim;
  const Instant start = sim.clock.now();
  EXPECT_EQ(*race(sim, {{1, false}, {100, true}, {3, true}}), 2u);
  EXPECT_EQ((sim.clock.now() - start).count_s(), 3);
  EXPECT_EQ(race(sim, {{2, false}, {1, false}}).error(), err::base_invalid);
  EXPECT_EQ(*race(sim, {{0, true}}), 0u);
  EXPECT_FALSE(race(sim, {}).ok());
  EXPECT_EQ(sim.loop.armed_timers(), 0u);
}

TEST(WithDeadline, CutsOffWhatTakesTooLong) {
  SimLoop sim;
  EXPECT_EQ(sim.run(with_deadline(sim.after(2_s), never())).error(), err::async_timed_out);
  EXPECT_EQ(*sim.run(with_deadline(sim.after(2_s), after(1_s, 9))), 9);
  EXPECT_EQ(sim.run(with_deadline(sim.after(2_s), fails_after(1_s))).error(), err::base_invalid);
  EXPECT_EQ(*sim.run(with_deadline(sim.after(2_s), after(2_s, 4))), 4)
      << "ending in the same turn as the deadline counts as success";
}

TEST(Cancellation, ReachesNestedScopesAndLaterWaits) {
  SimLoop sim;
  fake::At stop(sim.loop, sim.after(1_s), [&] { sim.scope.cancel(); });
  const Instant start = sim.clock.now();
  EXPECT_EQ(sim.run(with_deadline(sim.after(60_s), two_that_never_end())).error(),
            err::async_cancelled);
  EXPECT_EQ((sim.clock.now() - start).count_s(), 1);
  EXPECT_EQ(sim.run(after(5_s, 1)).error(), err::async_cancelled) << "the scope stays cancelled";
}

TEST(Cancellation, ThatArrivesInTheTurnOfCompletionLosesToIt) {
  SimLoop sim;
  Signal signal;
  auto waiter = [](Signal& s) -> Task<Result<int>> {
    KEDGE_CO_CHECK(co_await s.wait());
    co_return 1;
  };
  fake::At both(sim.loop, sim.after(1_s), [&] {
    signal.notify_all();
    sim.scope.cancel();
  });
  EXPECT_EQ(*sim.run(waiter(signal)), 1);
}

Task<Result<int>> race_with_deadline(Instant deadline) {
  co_return co_await with_deadline(deadline, after(1_s, 3));
}

TEST(OutOfMemory, AtAnyFrameIsAnErrorAndNeverAHang) {
  int failed = 0;
  for (int allowed = 0;; ++allowed) {
    SimLoop sim;
    frames_left = allowed;
    const Result<int> result = sim.run(race_with_deadline(sim.after(5_s)));
    frames_left = -1;
    if (result.ok()) {
      EXPECT_EQ(*result, 3);
      break;
    }
    EXPECT_EQ(result.error().kind(), ErrorKind::no_memory) << "after " << allowed << " frames";
    ++failed;
  }
  EXPECT_GT(failed, 3);
}

Task<Result<int>> outside(Loop& loop, int& other) {
  int seen = 0;
  const auto work = [&] {
    EXPECT_FALSE(loop.running());
    CancelScope scope;
    // The loop turns, and others go on.
    seen = *run(loop, scope, after(1_s, 7));
    seen += other;
  };
  co_await outside_loop(work);
  co_return seen;
}

Task<Result<int>> set_soon(int& value) {
  KEDGE_CO_CHECK(co_await sleep_for(500_ms));
  value = 100;
  co_return 0;
}

TEST(OutsideLoop, WorkMayTurnTheLoopItself) {
  SimLoop sim;
  int other = 0;
  auto both = sim.run(when_all(outside(sim.loop, other), set_soon(other)));
  EXPECT_EQ(*std::get<0>(both.values), 107);
  EXPECT_EQ(sim.loop.armed_timers(), 0U);
}

TEST(Yield, LetsOthersRunAndCanBeInterrupted) {
  SimLoop sim;
  auto spinner = []() -> Task<Result<int>> {
    for (;;) KEDGE_CO_CHECK(co_await yield());
  };
  int turns = 0;
  struct Counter final : Poller {
    Counter(int& n, CancelScope& s) : count(n), scope(s) {}
    bool poll() noexcept override {
      if (++count == 100) scope.cancel();
      return false;
    }
    int& count;
    CancelScope& scope;
  } counter(turns, sim.scope);
  sim.loop.add_poller(counter);
  EXPECT_EQ(sim.run(spinner()).error(), err::async_cancelled);
  EXPECT_EQ(turns, 100);
}

}  // namespace
}  // namespace kedge::async
