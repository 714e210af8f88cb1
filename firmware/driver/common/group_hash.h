// SPDX-License-Identifier: BSD-2-Clause-Patent
// Group hashes: the 64 bits by which chips tell multicast frames that may be wanted from others.
#pragma once

#include <cstdint>

#include "link/device.h"

namespace kedge::driver {

/// Which six coefficients of an address's CRC (IEEE 802.3, 3.2.9, without its last step) number a
/// bit of the table: the first one named is the number's highest bit.
enum class HashOrder : std::uint8_t { x31_to_x26, x0_to_x5 };

/// The table that passes what `filter` wants; all ones for all groups.
std::uint64_t group_hash(const link::ReceiveFilter& filter, HashOrder order) noexcept;

}  // namespace kedge::driver
