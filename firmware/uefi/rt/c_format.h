// SPDX-License-Identifier: BSD-2-Clause-Patent
// vsnprintf for the C libraries that the firmware links. Our own code uses base/format.h.
#pragma once

#include <cstdarg>
#include <cstddef>

namespace kedge::uefi::rt {

/// Writes at most `size` bytes with the terminating zero and returns the length that the whole text
/// has, as C 7.21.6.12 says. Knows d i u x X o c s p % with flags - 0 # + and space, width,
/// precision (also *), and the lengths hh h l ll z t j. No floating point: returns -1 for what it
/// does not know.
int c_format(char* target, std::size_t size, const char* pattern, std::va_list arguments) noexcept;

}  // namespace kedge::uefi::rt
