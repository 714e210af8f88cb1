// SPDX-License-Identifier: BSD-2-Clause-Patent
// The words of a broken invariant. Without the formatter: nothing else in a ROM that is only a
// driver needs that, and it would be a tenth of what such a ROM has to spare.
#pragma once

#include <cstdint>

#include "base/format.h"

namespace kedge {

/// Digits of `number` to the base 10 or 16.
inline void put_number(TextSink& sink, std::uint64_t number, unsigned base) noexcept {
  char digits[20];
  char* const end = digits + sizeof(digits);
  char* first = end;
  do {
    *--first = "0123456789abcdef"[number % base];
    number /= base;
  } while (number != 0);
  sink.append({first, end});
}

/// One line that a person can report.
inline void put_bug(TextSink& sink, const char* who, const char* expression, const char* file,
                    int line) noexcept {
  for (const char* part : {"\n", who, ": ", expression, " (", file, ":"}) sink.append(part);
  put_number(sink, static_cast<std::uint64_t>(line), 10);
  sink.append("). Please report this line.\n");
}

}  // namespace kedge
