// SPDX-License-Identifier: BSD-2-Clause-Patent
// failing_heap.cpp replaces operator new in a program whose allocations are to fail. Only those
// that ask with std::nothrow can: the others live on the reserve of the firmware's heap then
// (uefi/rt/heap.h), so what they take is counted.
#pragma once

#include <cstddef>

namespace kedge::fake {

/// Defined by the program: asked before each such allocation.
bool allocation_fails() noexcept;

/// Of the plain forms of operator new, as long as `counting`.
struct ReserveUse {
  bool counting = false;
  std::size_t bytes = 0;      ///< held now
  std::size_t bytes_max = 0;  ///< the most there ever was
};
extern ReserveUse reserve_use;

}  // namespace kedge::fake
