// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "base/error.h"

#include "base/assert.h"

namespace kedge {

Error Error::with_context(StaticText what) const noexcept {
  Error copy = *this;
  if (rest_.context != 0) return copy;
  const std::intptr_t distance =
      reinterpret_cast<std::intptr_t>(what.get()) - reinterpret_cast<std::intptr_t>(site_);
  copy.rest_.context = static_cast<std::int32_t>(distance);
  KEDGE_ASSERT(copy.rest_.context == distance);
  return copy;
}

}  // namespace kedge
