// SPDX-License-Identifier: BSD-2-Clause-Patent
// Assertions: for our own bugs only. Input from network, disk or firmware never asserts.
#pragma once

namespace kedge {

/// Reports a broken invariant and does not return. Each final program supplies it: the firmware
/// prints the place and returns to the boot manager, host programs abort.
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line) noexcept;

/// The same for images that have no room for texts (option KEDGE_ASSERT_TEXTS): the place is the
/// caller's address in the image, which the map and the debug file beside it know, and the line.
[[noreturn]] void assertion_failed_here(int line) noexcept;

}  // namespace kedge

#ifdef KEDGE_NO_ASSERT_TEXTS
#define KEDGE_ASSERTION_FAILED(expression) ::kedge::assertion_failed_here(__LINE__)
#else
#define KEDGE_ASSERTION_FAILED(expression) \
  ::kedge::assertion_failed(#expression, __FILE_NAME__, __LINE__)
#endif

// Stays on in release builds: a wrong boot is worse than a late one.
#define KEDGE_ASSERT(expression) \
  ((expression) ? static_cast<void>(0) : KEDGE_ASSERTION_FAILED(expression))
