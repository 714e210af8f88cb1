// SPDX-License-Identifier: BSD-2-Clause-Patent
// FailureScreen: tells a person why nothing was booted, and asks what to do next.
#pragma once

#include "async/wait.h"
#include "port/console.h"

namespace kedge::app {

enum class AfterFailure { give_up, retry, shell };

/// Prints the error, its help and its code.
void show_failure(port::Console& console, const Error& error) noexcept;

/// Waits for a key up to `timeout` (none: gives up at once): S starts the shell, R tries again, any
/// other key or the end of the time returns to the firmware.
async::Task<Result<AfterFailure>> ask_after_failure(port::Console& console, port::Input& input,
                                                    Duration timeout) noexcept;

}  // namespace kedge::app
