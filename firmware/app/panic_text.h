// SPDX-License-Identifier: BSD-2-Clause-Patent
// The words of a broken invariant. Without the formatter: nothing else in a ROM that is only a
// driver needs that, and such a ROM is nearly full (docs/size.md).
#pragma once

#include "base/format.h"

namespace kedge {

/// One line that a person can report.
inline void put_bug(TextSink& sink, const char* who, const char* expression, const char* file,
                    int line) noexcept {
  for (const char* part : {"\n", who, ": ", expression, " (", file, ":"}) sink.append(part);
  char buffer[kDigitsMax];
  sink.append(digits_of(static_cast<std::uint64_t>(line), 10, buffer));
  sink.append("). Please report this line.\n");
}

}  // namespace kedge
