// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "link/tap.h"

namespace kedge::link {

std::uint32_t Tap::poll(Receiver& receiver, std::uint32_t budget) noexcept {
  receiver_ = &receiver;
  const std::uint32_t count = inner().poll(*this, budget);
  receiver_ = nullptr;
  return count;
}

void Tap::receive(Frame frame) noexcept {
  ByteView pieces[kPiecesMax];
  std::size_t count = 0;
  for (const Segment* s = frame.head(); s != nullptr && count < kPiecesMax; s = s->next) {
    pieces[count++] = ByteView(s->data, s->length);
  }
  observer_.observe(Direction::received, clock_.now(), std::span(pieces, count));
  receiver_->receive(std::move(frame));
}

Result<void> Tap::transmit(std::span<const ByteView> pieces, TransmitInfo info) noexcept {
  KEDGE_CHECK(inner().transmit(pieces, info));
  observer_.observe(Direction::transmitted, clock_.now(), pieces);
  return {};
}

}  // namespace kedge::link
