// SPDX-License-Identifier: BSD-2-Clause-Patent
// Resolver: what turns names into addresses. client/dns implements it, the application gives it to
// the stack, and Stack::resolve delegates to it (net/ is below client/ and must not know it).
#pragma once

#include <string>
#include <vector>

#include "async/task.h"
#include "base/time.h"
#include "wire/ip.h"

namespace kedge::net {

class Resolver {
 public:
  /// DNS servers in the order in which they should be asked, and the domains to append.
  virtual void configure(std::vector<wire::IpAddress> servers,
                         std::vector<std::string> search) noexcept = 0;
  /// The addresses of `name`, best first, at least one. `name` is not an address literal.
  virtual async::Task<Result<std::vector<wire::IpAddress>>> resolve(std::string name,
                                                                    Instant deadline) noexcept = 0;

 protected:
  ~Resolver() = default;
};

}  // namespace kedge::net
