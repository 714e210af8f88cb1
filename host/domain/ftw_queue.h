// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// The queue in which edk2 notes its fault tolerant writes (MdeModulePkg: SystemNvDataGuid.h,
// FaultTolerantWrite.h). New content goes to the spare area first; a write that was interrupted
// behind that is completed from there when the firmware starts next.
#pragma once

#include <cstddef>
#include <optional>

#include "base/bytes.h"

namespace kedge::host {

// Flash images have their variables, and the blocks about them, at the beginning.
inline constexpr std::size_t kFtwSearchedBytes = 4U << 20;
inline constexpr std::size_t kFtwEntriesMax = 4096;

// Where the queue has its unfinished write whose data are whole in the spare area; none: there is
// no such write, or no sound queue.
std::optional<std::size_t> find_pending_write(ByteView file);

}  // namespace kedge::host
