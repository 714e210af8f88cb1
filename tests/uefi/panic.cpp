// SPDX-License-Identifier: BSD-2-Clause-Patent
// A broken invariant ends a program of the tests, which then does not say what it is to say.
#include "base/assert.h"
#include "uefi/raw.h"
#include "uefi/rt/runtime.h"

namespace kedge {

void assertion_failed(const char*, const char*, int) noexcept {
  kedge_runtime_exit(EFI_ABORTED);
}

}  // namespace kedge
