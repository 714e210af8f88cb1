// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "support/outcome.h"

#include <cerrno>
#include <cstring>

namespace kedge::host {

std::unexpected<Failure> errno_failure(std::string what, std::string advice) {
  const int error = errno;
  what += ": ";
  what += std::strerror(error);
  return failure(std::move(what), std::move(advice));
}

}  // namespace kedge::host
