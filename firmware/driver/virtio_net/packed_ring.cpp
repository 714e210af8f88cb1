// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "driver/virtio_net/packed_ring.h"

#include "hw/dma.h"
#include "hw/register.h"

namespace kedge::driver::virtio {

namespace {

constexpr std::uint16_t kAvailable = 1u << 7;  // VIRTQ_DESC_F_AVAIL
constexpr std::uint16_t kUsed = 1u << 15;      // VIRTQ_DESC_F_USED

constexpr std::uint16_t kEventDisable = 1;  // RING_EVENT_FLAGS_DISABLE
constexpr std::uint16_t kEventAt = 2;       // RING_EVENT_FLAGS_DESC; 0 is always
constexpr hw::Field<std::uint16_t> kEventFlags{0, 2};
constexpr hw::Field<std::uint16_t> kEventOffset{0, 15};
constexpr hw::Field<std::uint16_t> kEventWrap{15, 1};

}  // namespace

PackedLayout PackedLayout::of(std::uint16_t size) noexcept {
  PackedLayout layout{};
  layout.driver_event = sizeof(PackedRing::Descriptor) * size;
  layout.device_event = layout.driver_event + sizeof(PackedRing::Event);
  layout.bytes = layout.device_event + sizeof(PackedRing::Event);
  return layout;
}

void PackedRing::attach(ByteSpan memory, std::uint16_t size, bool event_index) noexcept {
  const PackedLayout layout = PackedLayout::of(size);
  KEDGE_ASSERT(memory.size() >= layout.bytes && size != 0);
  *this = PackedRing();
  descriptors_ = hw::dma_objects<Descriptor>(memory.data(), 0);
  device_event_ = hw::dma_objects<Event>(memory.data(), layout.device_event);
  size_ = size;
  event_index_ = event_index;
  // No interrupts, ever.
  hw::dma_store(hw::dma_objects<Event>(memory.data(), layout.driver_event)->flags, kEventDisable);
}

void PackedRing::add(std::uint16_t id, const RingPiece* pieces, unsigned count) noexcept {
  for (const RingPiece* piece = pieces; piece != pieces + count; ++piece) {
    Descriptor& descriptor = descriptors_[next_available_];
    descriptor.address = piece->address;
    descriptor.length = piece->length;
    descriptor.id = id;
    // Available: AVAIL is the driver's wrap counter and USED is its inverse (2.8.1).
    const auto flags =
        static_cast<std::uint16_t>(piece->flags | (available_wrap_ ? kAvailable : kUsed));
    if (added_ == 0) {
      first_ = next_available_;
      first_flags_ = flags;
    } else {
      hw::dma_store(descriptor.flags, flags);
    }
    ++added_;
    if (++next_available_ == size_) {
      next_available_ = 0;
      available_wrap_ = !available_wrap_;
    }
  }
}

bool PackedRing::publish() noexcept {
  if (added_ == 0) return false;
  // The device takes descriptors in order, so the whole batch appears with its first flags.
  hw::dma_write_barrier();
  hw::dma_store(descriptors_[first_].flags, first_flags_);
  hw::dma_full_barrier();  // 2.8.21
  const auto before = static_cast<std::uint16_t>(next_available_ - added_);
  added_ = 0;
  return device_wants_notification(before);
}

bool PackedRing::device_wants_notification(std::uint16_t before) const noexcept {
  const std::uint16_t flags = kEventFlags.get(hw::dma_load(device_event_->flags));
  if (flags == kEventDisable) return false;
  if (flags != kEventAt || !event_index_) return true;
  hw::dma_read_barrier();  // the device writes flags after the offset
  const std::uint16_t offset_wrap = hw::dma_load(device_event_->offset_wrap);
  std::uint16_t event = kEventOffset.get(offset_wrap);
  if ((kEventWrap.get(offset_wrap) != 0) != available_wrap_) {
    event = static_cast<std::uint16_t>(event - size_);  // of the lap before
  }
  return hw::passed_event(event, next_available_, before);
}

TakeState PackedRing::take(UsedElement& element, std::uint16_t in_flight, unsigned count) noexcept {
  const Descriptor& descriptor = descriptors_[next_used_];
  const std::uint16_t flags = hw::dma_load(descriptor.flags);
  const bool available = (flags & kAvailable) != 0;
  const bool used = (flags & kUsed) != 0;
  if (available != used || used != used_wrap_) return TakeState::none;
  if (in_flight == 0) return TakeState::broken;
  hw::dma_read_barrier();
  element.id = hw::dma_load(descriptor.id);
  element.length = hw::dma_load(descriptor.length);
  // The device writes into the first of a buffer's descriptors and skips the others (2.8.6).
  next_used_ = static_cast<std::uint16_t>(next_used_ + count);
  if (next_used_ >= size_) {
    next_used_ = static_cast<std::uint16_t>(next_used_ - size_);
    used_wrap_ = !used_wrap_;
  }
  return TakeState::taken;
}

}  // namespace kedge::driver::virtio
