// SPDX-License-Identifier: BSD-2-Clause-Patent
// interruptible: lets Ctrl-C end a task while no script runs.
#pragma once

#include "async/combine.h"
#include "port/console.h"

namespace kedge::app {

/// Ends with success when Ctrl-C is pressed; other keys are thrown away.
inline async::Task<Result<void>> wait_for_interrupt(port::Input& input) noexcept {
  for (;;) {
    const Result<port::Key> key = co_await input.read_key(Instant::never());
    if (key.ok() && key->code == port::Key::kCtrlC) co_return Result<void>();
    // Without a keyboard nobody interrupts, and nothing must end because of it.
    if (!key.ok()) co_return co_await async::sleep_until(Instant::never());
  }
}

/// The task's own result, async_cancelled when Ctrl-C came first.
template <class T>
async::Task<Result<T>> interruptible(port::Input& input, async::Task<Result<T>> task) noexcept {
  auto outcome = co_await async::when_any(std::move(task), wait_for_interrupt(input));
  co_return std::move(std::get<0>(outcome.values));
}

}  // namespace kedge::app
