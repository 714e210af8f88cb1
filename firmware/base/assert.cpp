// SPDX-License-Identifier: BSD-2-Clause-Patent
// In a file of its own: the linker takes it only for programs that do not define this themselves.
#include "base/assert.h"

namespace kedge {

void broken_invariant(const char* expression, const char* file, int line) noexcept {
  assertion_failed(expression, file, line);
}

}  // namespace kedge
