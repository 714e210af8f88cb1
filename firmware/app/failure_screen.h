// SPDX-License-Identifier: BSD-2-Clause-Patent
// FailureScreen: tells a person why nothing was booted, and asks what to do next.
#pragma once

#include "async/wait.h"
#include "port/console.h"

namespace kedge::app {

enum class AfterFailure { give_up, retry, shell };

/// Whether a script has told the reason and the help already, with file and line.
enum class Explained : bool { no, yes };

/// Prints the error and its code, and its help unless that stands above already.
void show_failure(port::Console& console, const Error& error, Explained explained) noexcept;

/// Waits for a key up to `timeout` (none: gives up at once): S starts the shell, R tries again, any
/// other key or the end of the time returns to the firmware.
async::Task<Result<AfterFailure>> ask_after_failure(port::Console& console, port::Input& input,
                                                    Duration timeout) noexcept;

}  // namespace kedge::app
