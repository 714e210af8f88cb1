// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "driver/common/transmit_frame.h"

#include <cstring>

#include "link/link_errors.h"

namespace kedge::driver {

Result<std::uint32_t> frame_length(std::span<const ByteView> pieces,
                                   std::uint32_t frame_bytes_max) noexcept {
  std::size_t length = 0;
  for (const ByteView piece : pieces) length += piece.size();
  if (length > frame_bytes_max) return fail(err::link_frame_too_large);
  if (length < kEthernetHeader) return fail(err::base_invalid);
  return static_cast<std::uint32_t>(length);
}

std::uint32_t copy_frame(std::span<const ByteView> pieces, std::byte* target) noexcept {
  std::uint32_t length = 0;
  for (const ByteView piece : pieces) {
    if (piece.empty()) continue;
    std::memcpy(target + length, piece.data(), piece.size());
    length += static_cast<std::uint32_t>(piece.size());
  }
  if (length >= kFrameMin) return length;
  std::memset(target + length, 0, kFrameMin - length);
  return kFrameMin;
}

}  // namespace kedge::driver
