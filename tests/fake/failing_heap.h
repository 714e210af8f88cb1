// SPDX-License-Identifier: BSD-2-Clause-Patent
// failing_heap.cpp replaces operator new in a program whose allocations are to fail. Only those
// that ask with std::nothrow can: for the others the firmware's heap ends the program
// (uefi/rt/new.cpp).
#pragma once

namespace kedge::fake {

/// Defined by the program: asked before each such allocation.
bool allocation_fails() noexcept;

}  // namespace kedge::fake
