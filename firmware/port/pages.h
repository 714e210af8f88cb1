// SPDX-License-Identifier: BSD-2-Clause-Patent
// Pages: large blocks of memory for downloaded images, from the firmware's page allocator.
#pragma once

#include "base/bytes.h"
#include "base/result.h"

namespace kedge::port {

inline constexpr std::size_t kPageBytes = 4096;

class Pages {
 public:
  /// `bytes` rounded up to pages, page aligned; base_no_memory when there is no such run.
  virtual Result<ByteSpan> allocate(std::size_t bytes) noexcept = 0;
  /// Gives back exactly what allocate returned.
  virtual void release(ByteSpan block) noexcept = 0;

 protected:
  ~Pages() = default;
};

}  // namespace kedge::port
