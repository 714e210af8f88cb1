// SPDX-License-Identifier: BSD-2-Clause-Patent
// What libc++'s headers expect in libc++.a, which is not linked: it drags in 170 KB of exception
// support.
#include <algorithm>
#include <new>
#include <string>

#include "base/assert.h"

_LIBCPP_BEGIN_NAMESPACE_STD

[[noreturn]] void __libcpp_verbose_abort(const char* pattern, ...) {
  // The pattern says which check failed ("vector[] index out of bounds"); its arguments add places
  // only.
  kedge::assertion_failed(pattern, "libc++", 0);
}

// The headers declare this instantiation as one that exists elsewhere.
template class basic_string<char>;
template basic_string<char> operator+(const char*, const basic_string<char>&);

// std::sort of integers, too, is declared as existing elsewhere. Heap sort is small and has no bad
// case.
template <class Compare, class Iterator>
void __sort(Iterator first, Iterator last, Compare) {
  std::make_heap(first, last);
  std::sort_heap(first, last);
}
template void __sort<__less<char>&, char*>(char*, char*, __less<char>&);
template void __sort<__less<signed char>&, signed char*>(signed char*, signed char*,
                                                         __less<signed char>&);
template void __sort<__less<unsigned char>&, unsigned char*>(unsigned char*, unsigned char*,
                                                             __less<unsigned char>&);
template void __sort<__less<short>&, short*>(short*, short*, __less<short>&);
template void __sort<__less<unsigned short>&, unsigned short*>(unsigned short*, unsigned short*,
                                                               __less<unsigned short>&);
template void __sort<__less<int>&, int*>(int*, int*, __less<int>&);
template void __sort<__less<unsigned>&, unsigned*>(unsigned*, unsigned*, __less<unsigned>&);
template void __sort<__less<long>&, long*>(long*, long*, __less<long>&);
template void __sort<__less<unsigned long>&, unsigned long*>(unsigned long*, unsigned long*,
                                                             __less<unsigned long>&);
template void __sort<__less<long long>&, long long*>(long long*, long long*, __less<long long>&);
template void __sort<__less<unsigned long long>&, unsigned long long*>(unsigned long long*,
                                                                       unsigned long long*,
                                                                       __less<unsigned long long>&);

_LIBCPP_END_NAMESPACE_STD

namespace std {
const nothrow_t nothrow{};
}  // namespace std

// A pure virtual function called while its object is made or destroyed.
extern "C" [[noreturn]] void __cxa_pure_virtual() {
  kedge::assertion_failed("pure virtual call", "libc++", 0);
}
