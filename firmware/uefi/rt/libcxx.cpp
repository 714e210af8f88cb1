// SPDX-License-Identifier: BSD-2-Clause-Patent
// What libc++'s headers expect in libc++.a, which is not linked: it drags in 170 KB of exception support.
#include <algorithm>
#include <new>
#include <string>

#include "base/assert.h"

_LIBCPP_BEGIN_NAMESPACE_STD

[[noreturn]] void __libcpp_verbose_abort(const char* pattern, ...) {
  // The pattern says which check failed ("vector[] index out of bounds"); its arguments add places only.
  kedge::assertion_failed(pattern, "libc++", 0);
}

// The headers declare this instantiation as one that exists elsewhere.
template class basic_string<char>;

_LIBCPP_END_NAMESPACE_STD

namespace std {
const nothrow_t nothrow{};
}  // namespace std

// A pure virtual function called while its object is made or destroyed.
extern "C" [[noreturn]] void __cxa_pure_virtual() { kedge::assertion_failed("pure virtual call", "libc++", 0); }
