// SPDX-License-Identifier: BSD-2-Clause-Patent
// What every driver does with a frame to transmit: check its length, copy it, pad it.
#pragma once

#include <span>

#include "base/bytes.h"
#include "base/result.h"

namespace kedge::driver {

inline constexpr std::uint32_t kEthernetHeader = 14;
inline constexpr std::uint32_t kVlanTag = 4;
inline constexpr std::uint32_t kFrameMin = 60;  // IEEE 802.3, without FCS

/// Length of the pieces together. Errors: link_frame_too_large, base_invalid (no Ethernet header).
Result<std::uint32_t> frame_length(std::span<const ByteView> pieces,
                                   std::uint32_t frame_bytes_max) noexcept;

/// Copies the pieces to `target`, which has room for kFrameMin bytes and for all of them, and pads
/// with zeros to kFrameMin. Returns the length with padding.
std::uint32_t copy_frame(std::span<const ByteView> pieces, std::byte* target) noexcept;

}  // namespace kedge::driver
