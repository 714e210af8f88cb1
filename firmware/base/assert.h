// SPDX-License-Identifier: BSD-2-Clause-Patent
// Assertions: for our own bugs only. Input from network, disk or firmware never asserts.
#pragma once

namespace kedge {

/// Reports a broken invariant and does not return. Each final program supplies it: the firmware
/// prints the place and returns to the boot manager, host programs abort.
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line) noexcept;

/// What KEDGE_ASSERT calls. It is assertion_failed (assert.cpp) unless the program has its own:
/// images without room for texts (option KEDGE_ASSERT_TEXTS) leave them out when they are linked,
/// so that all images consist of the same objects.
[[noreturn]] void broken_invariant(const char* expression, const char* file, int line) noexcept;

}  // namespace kedge

// Stays on in release builds: a wrong boot is worse than a late one.
#define KEDGE_ASSERT(expression)       \
  ((expression) ? static_cast<void>(0) \
                : ::kedge::broken_invariant(#expression, __FILE_NAME__, __LINE__))
