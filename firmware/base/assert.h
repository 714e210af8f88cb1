// SPDX-License-Identifier: BSD-2-Clause-Patent
// Assertions: for our own bugs only. Input from network, disk or firmware never asserts.
#pragma once

namespace kedge {

/// Reports a broken invariant and does not return. Each final program supplies it: the firmware
/// prints the place and returns to the boot manager, host programs abort.
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line) noexcept;

}  // namespace kedge

// Stays on in release builds: a wrong boot is worse than a late one.
#define KEDGE_ASSERT(expression)       \
  ((expression) ? static_cast<void>(0) \
                : ::kedge::assertion_failed(#expression, __FILE_NAME__, __LINE__))
