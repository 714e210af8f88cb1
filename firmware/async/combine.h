// SPDX-License-Identifier: BSD-2-Clause-Patent
// when_all, when_any, with_deadline: children run under their parent and never outlive it.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <tuple>
#include <vector>

#include "async/wait.h"

namespace kedge::async {

/// What when_any yields: which child ended first, and the values of all (losers that were cancelled
/// carry err::async_cancelled).
template <class... Ts>
struct AnyOf {
  AnyOf(std::size_t first_ended, Result<Ts>... results) noexcept
      : first(first_ended), values(std::move(results)...) {}
  /// All failed alike: the combination itself could not be allocated.
  AnyOf(Error error) noexcept : first(0), values(Result<Ts>(error)...) {}  // NOLINT: by design

  std::size_t first;
  std::tuple<Result<Ts>...> values;
};

/// What when_all yields: the values in the order of the children.
template <class... Ts>
struct AllOf {
  AllOf(std::size_t, Result<Ts>... results) noexcept : values(std::move(results)...) {}
  AllOf(Error error) noexcept : values(Result<Ts>(error)...) {}  // NOLINT: by design

  std::tuple<Result<Ts>...> values;
};

namespace detail {

/// What the children of one combination share.
struct Join {
  std::size_t finished = 0;
  std::size_t first = 0;
  Signal ended;
};

/// Awaits one child and counts its end; itself a task, so that the end is noticed in the loop.
template <class T>
Task<void> run_child(Task<Result<T>>& child, std::optional<Result<T>>& value, std::size_t index,
                     Join& join) noexcept {
  value.emplace(co_await std::move(child));
  if (join.finished++ == 0) join.first = index;
  join.ended.notify_all();
}

template <class T>
void start_child(Task<void>& runner, const Context& context, std::optional<Result<T>>& value,
                 Join& join) noexcept {
  if (!runner.valid()) {
    value.emplace(fail(err::async_no_frame));
    ++join.finished;
  } else {
    (void)runner.start(context, nullptr);
  }
}

/// Runs the children under \p scope until \p goal of them have ended, cancels, joins the rest.
template <class Outcome, class... Ts>
Task<Outcome> combine(std::size_t goal, Task<Result<Ts>>... children) noexcept {
  const Context outer = co_await this_context();
  CancelScope scope(outer.scope);
  Join join;
  std::tuple<std::optional<Result<Ts>>...> values;
  auto runners = [&]<std::size_t... I>(std::index_sequence<I...>) {
    return std::array<Task<void>, sizeof...(Ts)>{
        run_child(children, std::get<I>(values), I, join)...};
  }(std::index_sequence_for<Ts...>());
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (start_child(runners[I], Context{outer.loop, &scope}, std::get<I>(values), join), ...);
  }(std::index_sequence_for<Ts...>());
  while (join.finished < goal) (void)co_await join.ended.wait_uncancelled();
  if (goal < sizeof...(Ts)) scope.cancel();
  while (join.finished < sizeof...(Ts)) (void)co_await join.ended.wait_uncancelled();
  co_return std::apply([&](auto&... value) { return Outcome(join.first, std::move(*value)...); },
                       values);
}

inline Task<Result<void>> sleep_task(Instant until) noexcept {
  co_return co_await sleep_until(until);
}

}  // namespace detail

/// Runs all children; when the first ends, the others are cancelled. Returns after all have ended.
template <class... Ts>
Task<AnyOf<Ts...>> when_any(Task<Result<Ts>>... children) noexcept {
  return detail::combine<AnyOf<Ts...>, Ts...>(1, std::move(children)...);
}

/// Runs all children to their end; the values come in order.
template <class... Ts>
Task<AllOf<Ts...>> when_all(Task<Result<Ts>>... children) noexcept {
  return detail::combine<AllOf<Ts...>, Ts...>(sizeof...(Ts), std::move(children)...);
}

/// Runs any number of children side by side until one succeeds; the others are cancelled and
/// joined. Returns the index of the first success, or, when all have failed, the error of the first
/// child.
inline Task<Result<std::size_t>> first_success(std::vector<Task<Result<void>>> children) noexcept {
  const Context outer = co_await this_context();
  CancelScope scope(outer.scope);
  detail::Join join;
  std::vector<std::optional<Result<void>>> values(children.size());
  std::vector<Task<void>> runners;
  for (std::size_t i = 0; i < children.size(); ++i) {
    runners.push_back(detail::run_child(children[i], values[i], i, join));
    detail::start_child(runners.back(), Context{outer.loop, &scope}, values[i], join);
  }
  const auto succeeded = [](const std::optional<Result<void>>& value) {
    return value.has_value() && value->ok();
  };
  std::size_t winner = values.size();
  while (winner == values.size() && join.finished < values.size()) {
    winner = static_cast<std::size_t>(std::ranges::find_if(values, succeeded) - values.begin());
    if (winner == values.size()) (void)co_await join.ended.wait_uncancelled();
  }
  scope.cancel();
  while (join.finished < values.size()) (void)co_await join.ended.wait_uncancelled();
  if (winner == values.size()) {
    winner = static_cast<std::size_t>(std::ranges::find_if(values, succeeded) - values.begin());
  }
  if (winner < values.size()) co_return winner;
  if (values.empty()) co_return fail(err::base_invalid);
  co_return values.front()->error();
}

/// Runs `task`; when `deadline` passes first, cancels it, waits for its end and yields
/// err::async_timed_out.
template <class T>
Task<Result<T>> with_deadline(Instant deadline, Task<Result<T>> task) noexcept {
  auto outcome = co_await when_any(std::move(task), detail::sleep_task(deadline));
  Result<T>& value = std::get<0>(outcome.values);
  // The task may have ended well in the very turn in which its time ran out: then it counts.
  if (value.ok() || outcome.first == 0) co_return std::move(value);
  Result<void>& timer = std::get<1>(outcome.values);
  if (!timer.ok()) co_return timer.error();
  co_return fail(err::async_timed_out);
}

}  // namespace kedge::async
