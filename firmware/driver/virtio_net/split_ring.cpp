// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "driver/virtio_net/split_ring.h"

#include "hw/dma.h"

namespace kedge::driver::virtio {

namespace {

constexpr std::size_t kUsedAlign = 4096;            // 2.7.2
constexpr std::uint16_t kAvailableNoInterrupt = 1;  // VIRTQ_AVAIL_F_NO_INTERRUPT
constexpr std::uint16_t kUsedNoNotify = 1;          // VIRTQ_USED_F_NO_NOTIFY

}  // namespace

SplitLayout SplitLayout::of(std::uint16_t size) noexcept {
  SplitLayout layout{};
  layout.available = sizeof(SplitRing::Descriptor) * size;
  const std::size_t available_end = layout.available + 6 + 2 * std::size_t{size};
  layout.used = (available_end + kUsedAlign - 1) / kUsedAlign * kUsedAlign;
  layout.bytes = layout.used + 6 + 8 * std::size_t{size};
  return layout;
}

void SplitRing::attach(ByteSpan memory, std::uint16_t size, bool event_index) noexcept {
  const SplitLayout layout = SplitLayout::of(size);
  KEDGE_ASSERT(memory.size() >= layout.bytes && size != 0 && (size & (size - 1)) == 0);
  *this = SplitRing();
  descriptors_ = hw::dma_objects<Descriptor>(memory.data(), 0);
  available_ = hw::dma_objects<Available>(memory.data(), layout.available);
  available_ring_ = hw::dma_objects<std::uint16_t>(memory.data(), layout.available + 4);
  used_ = hw::dma_objects<Used>(memory.data(), layout.used);
  used_ring_ = hw::dma_objects<std::uint32_t>(memory.data(), layout.used + 4);
  available_event_ =
      hw::dma_objects<std::uint16_t>(memory.data(), layout.used + 4 + 8 * std::size_t{size});
  mask_ = static_cast<std::uint16_t>(size - 1);
  event_index_ = event_index;
  // No interrupts: nobody would take them. With EVENT_IDX the flag must stay 0 (2.7.7.1), and
  // used_event stands where the index just was, to be passed once in 65536 buffers.
  if (event_index) {
    hw::dma_store(available_ring_[size], 0xffff);
  } else {
    hw::dma_store(available_->flags, kAvailableNoInterrupt);
  }
}

void SplitRing::add(std::uint16_t head, const RingPiece* pieces, unsigned count) noexcept {
  for (unsigned i = 0; i < count; ++i) {
    Descriptor& descriptor = descriptors_[head + i];
    descriptor.address = pieces[i].address;
    descriptor.length = pieces[i].length;
    descriptor.flags = pieces[i].flags;
    descriptor.next = static_cast<std::uint16_t>(head + i + 1);  // of the last: not looked at
  }
  available_ring_[next_available_ & mask_] = head;
  ++next_available_;
}

bool SplitRing::publish() noexcept {
  if (next_available_ == published_) return false;
  const std::uint16_t before = published_;
  hw::dma_write_barrier();  // 2.7.13.3.1
  hw::dma_store(available_->index, next_available_);
  published_ = next_available_;
  hw::dma_full_barrier();  // 2.7.13.4.1: the index must be visible before the wish is read
  if (event_index_) return hw::passed_event(hw::dma_load(*available_event_), published_, before);
  return (hw::dma_load(used_->flags) & kUsedNoNotify) == 0;
}

TakeState SplitRing::take(UsedElement& element, std::uint16_t in_flight) noexcept {
  if (next_used_ == seen_used_) {
    const std::uint16_t index = hw::dma_load(used_->index);
    if (index == next_used_) return TakeState::none;
    if (static_cast<std::uint16_t>(index - next_used_) > in_flight) return TakeState::broken;
    seen_used_ = index;
    hw::dma_read_barrier();
  }
  const std::uint32_t* pair =
      used_ring_ + 2 * std::size_t{static_cast<std::uint16_t>(next_used_ & mask_)};
  element.id = hw::dma_load(pair[0]);
  element.length = hw::dma_load(pair[1]);
  ++next_used_;
  return TakeState::taken;
}

}  // namespace kedge::driver::virtio
