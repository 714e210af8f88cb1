// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "link/heap_frames.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "base/assert.h"

namespace kedge::link {

HeapFrames::~HeapFrames() {
  KEDGE_ASSERT(outstanding_ == 0);
}

Segment* HeapFrames::allocate(std::uint32_t bytes) noexcept {
  void* block = ::operator new(sizeof(Segment) + bytes, std::nothrow);
  if (block == nullptr) return nullptr;
  ++outstanding_;
  auto* segment = new (block) Segment;
  segment->data = static_cast<std::byte*>(block) + sizeof(Segment);
  return segment;
}

void HeapFrames::release(Segment* chain) noexcept {
  while (chain != nullptr) {
    Segment* next = chain->next;
    ::operator delete(chain);
    --outstanding_;
    chain = next;
  }
}

Frame HeapFrames::make(std::span<const ByteView> pieces, ReceiveInfo info,
                       std::uint32_t segment_bytes) noexcept {
  std::uint32_t left = 0;
  for (const ByteView piece : pieces) left += static_cast<std::uint32_t>(piece.size());
  const std::uint32_t length = left;
  Segment* head = nullptr;
  Segment** link = &head;
  std::size_t piece = 0;
  std::size_t offset = 0;
  while (left > 0) {
    const std::uint32_t room = segment_bytes != 0 ? std::min(segment_bytes, left) : left;
    Segment* segment = allocate(room);
    if (segment == nullptr) {
      release(head);
      return Frame(*this, nullptr, 0, info);
    }
    while (segment->length < room) {
      const std::size_t part =
          std::min<std::size_t>(room - segment->length, pieces[piece].size() - offset);
      if (part > 0)
        std::memcpy(segment->data + segment->length, pieces[piece].data() + offset, part);
      segment->length += static_cast<std::uint32_t>(part);
      offset += part;
      if (offset == pieces[piece].size()) {
        ++piece;
        offset = 0;
      }
    }
    left -= room;
    *link = segment;
    link = &segment->next;
  }
  return Frame(*this, head, length, info);
}

ByteSpan copy_bytes(const Frame& frame, ByteSpan out) noexcept {
  std::size_t size = 0;
  for (const Segment* s = frame.head(); s != nullptr; s = s->next) {
    KEDGE_ASSERT(s->length <= out.size() - size);
    std::memcpy(out.data() + size, s->data, s->length);
    size += s->length;
  }
  return out.first(size);
}

}  // namespace kedge::link
