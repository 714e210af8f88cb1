// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "net/lwip/segment_pool.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "base/assert.h"

namespace kedge::net {

SegmentPool::~SegmentPool() {
  KEDGE_ASSERT(lent_ == 0);
}

SegmentPool::Lent* SegmentPool::take() noexcept {
  if (free_ == nullptr) {
    std::unique_ptr<Lent[]> slab(new (std::nothrow) Lent[kSlabSize]);
    if (slab == nullptr) return nullptr;
    for (std::size_t i = 0; i < kSlabSize; ++i) {
      slab[i].next_free = free_;
      free_ = &slab[i];
    }
    slabs_.push_back(std::move(slab));
  }
  Lent* lent = free_;
  free_ = lent->next_free;
  ++lent_;
  return lent;
}

void SegmentPool::give_back(pbuf* p) noexcept {
  Lent* lent = reinterpret_cast<Lent*>(p);
  lent->segment->next = nullptr;
  lent->owner->release(lent->segment);
  lent->next_free = lent->pool->free_;
  lent->pool->free_ = lent;
  --lent->pool->lent_;
}

pbuf* SegmentPool::lend(link::Frame frame, std::uint16_t skip) noexcept {
  link::SegmentOwner& owner = frame.owner();
  std::uint32_t left = frame.length();
  link::Segment* segment = frame.release();
  pbuf* first = nullptr;
  pbuf* last = nullptr;
  while (segment != nullptr) {
    link::Segment* following = segment->next;
    Lent* lent = take();
    if (lent == nullptr) {
      owner.release(segment);  // with all that follow
      if (first != nullptr) pbuf_free(first);
      return nullptr;
    }
    lent->pool = this;
    lent->owner = &owner;
    lent->segment = segment;
    lent->custom.custom_free_function = give_back;
    const std::uint32_t length = std::min(segment->length, left);
    const auto shown = static_cast<std::uint16_t>(length - skip);
    pbuf* p =
        pbuf_alloced_custom(PBUF_RAW, shown, PBUF_REF, &lent->custom, segment->data + skip, shown);
    p->tot_len = static_cast<std::uint16_t>(left - skip);
    left -= length;
    skip = 0;
    if (last != nullptr) last->next = p;
    if (first == nullptr) first = p;
    last = p;
    segment = following;
  }
  return first;
}

pbuf* SegmentPool::copy(link::Frame frame, std::uint16_t skip) noexcept {
  const std::uint32_t length = frame.length() - skip;
  const auto room = static_cast<std::uint16_t>(std::max<std::uint32_t>(length, kLinearBytes));
  pbuf* p = pbuf_alloc(PBUF_RAW, room, PBUF_RAM);
  if (p == nullptr) return nullptr;
  auto* to = static_cast<std::byte*>(p->payload);
  std::uint32_t left = length;
  for (link::Segment* s = frame.head(); s != nullptr && left > 0; s = s->next) {
    const std::uint16_t hidden =
        static_cast<std::uint16_t>(std::min<std::uint32_t>(skip, s->length));
    const std::uint32_t part = std::min(s->length - hidden, left);
    std::memcpy(to, s->data + hidden, part);
    skip = static_cast<std::uint16_t>(skip - hidden);
    to += part;
    left -= part;
  }
  if (length < room) std::memset(to, 0, room - length + left);
  p->len = p->tot_len = static_cast<std::uint16_t>(length - left);
  return p;
}

}  // namespace kedge::net
