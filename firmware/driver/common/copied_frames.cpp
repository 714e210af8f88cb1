// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "driver/common/copied_frames.h"

#include <new>

namespace kedge::driver {

CopiedFrames* CopiedFrames::create() noexcept {
  return new (std::nothrow) CopiedFrames;
}

void CopiedFrames::detach() noexcept {
  detached_ = true;
  if (frames_.outstanding() == 0) delete this;
}

link::Frame CopiedFrames::make(std::span<const ByteView> pieces, link::ReceiveInfo info) noexcept {
  if (frames_.outstanding() >= kFramesMax) return link::Frame(*this, nullptr, 0, {});
  link::Frame copy = frames_.make(pieces, info);
  const std::uint32_t length = copy.length();
  return link::Frame(*this, copy.release(), length, info);
}

void CopiedFrames::release(link::Segment* chain) noexcept {
  frames_.release(chain);
  if (detached_ && frames_.outstanding() == 0) delete this;
}

}  // namespace kedge::driver
