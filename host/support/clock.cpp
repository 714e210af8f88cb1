// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "support/clock.h"

#include <algorithm>

namespace kedge::host {

int poll_timeout(Instant deadline) {
  constexpr std::chrono::milliseconds kLongest = std::chrono::hours(24);
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - now());
  return static_cast<int>(std::clamp(left, std::chrono::milliseconds::zero(), kLongest).count());
}

}  // namespace kedge::host
