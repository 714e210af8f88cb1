// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "driver/virtio_net/virtqueue.h"

#include <algorithm>
#include <bit>
#include <new>

namespace kedge::driver::virtio {

namespace {

/// Rings larger than this bring nothing; where the interface lets the driver choose, it stops here.
constexpr std::uint16_t kRingSizeChosenMax = 4096;

Result<std::uint16_t> choose_size(Transport& transport, std::uint16_t index, bool packed) noexcept {
  const std::uint16_t offered = transport.queue_size(index);
  if (offered == 0) return fail(err::virtio_no_queue, index);
  if (offered > kRingSizeMax) return fail(err::virtio_bad_queue_size, offered);
  if (packed) return std::min(offered, kRingSizeChosenMax);
  if (transport.queue_size_settable()) return std::min(std::bit_floor(offered), kRingSizeChosenMax);
  if (!std::has_single_bit(offered)) return fail(err::virtio_bad_queue_size, offered);
  return offered;
}

RingAddresses split_addresses(const port::DmaMemory& memory, std::uint16_t size) noexcept {
  const SplitLayout layout = SplitLayout::of(size);
  return {memory.device(), memory.device(layout.available), memory.device(layout.used)};
}

RingAddresses packed_addresses(const port::DmaMemory& memory, std::uint16_t size) noexcept {
  const PackedLayout layout = PackedLayout::of(size);
  return {memory.device(), memory.device(layout.driver_event), memory.device(layout.device_event)};
}

}  // namespace

// Not on the way of frames, unlike the rest of this file.
[[clang::minsize]] Result<void> Virtqueue::create(port::PciDevice& pci, Transport& transport,
                                                  const Negotiated& negotiated,
                                                  const Setup& setup) noexcept {
  KEDGE_TRY(const std::uint16_t size, choose_size(transport, setup.index, negotiated.packed()));
  destroy();
  header_bytes_ = negotiated.separate_header() ? negotiated.header_bytes() : std::uint16_t{0};
  access_ = setup.access;
  descriptors_per_slot_ = header_bytes_ != 0 || access_ == Access::device_answers ? 2 : 1;
  packed_ = negotiated.packed();
  slots_ = std::min(static_cast<std::uint16_t>(size / descriptors_per_slot_), setup.slots_max);
  if (slots_ == 0) return fail(err::virtio_bad_queue_size, size);

  const std::size_t bytes = packed_ ? PackedLayout::of(size).bytes : SplitLayout::of(size).bytes;
  KEDGE_TRY(memory_, pci.allocate_dma(bytes + setup.spare_bytes));
  cookies_.reset(new (std::nothrow) std::uint16_t[slots_]);
  free_.reset(new (std::nothrow) std::uint16_t[slots_]);
  if (cookies_ == nullptr || free_ == nullptr) return fail(err::base_no_memory);
  std::fill_n(cookies_.get(), slots_, kNoCookie);
  // Slot 0 is taken first: the ring is filled in the order of memory.
  for (std::uint16_t i = 0; i < slots_; ++i) free_[i] = static_cast<std::uint16_t>(slots_ - 1 - i);
  free_count_ = slots_;

  const bool event_index = negotiated.has(Feature::kEventIdx);
  if (packed_) {
    packed_ring_.attach(memory_->cpu(), size, event_index);
    return transport.enable_queue(setup.index, size, packed_addresses(*memory_, size));
  }
  split_ring_.attach(memory_->cpu(), size, event_index);
  return transport.enable_queue(setup.index, size, split_addresses(*memory_, size));
}

void Virtqueue::add(std::uint16_t cookie, port::DeviceAddress address,
                    std::uint32_t length) noexcept {
  const std::uint16_t slot = next_slot();
  KEDGE_ASSERT(cookie != kNoCookie);
  --free_count_;
  cookies_[slot] = cookie;
  const auto start = static_cast<std::uint64_t>(address);
  // 5.1.6.6: legacy devices without ANY_LAYOUT expect the header by itself.
  const std::uint32_t first = access_ == Access::device_answers ? length - 1 : header_bytes_;
  const auto flags = static_cast<std::uint16_t>(access_);
  const RingPiece pieces[2] = {
      {start, first, static_cast<std::uint16_t>(flags >> 8)},
      {start + first, length - first, static_cast<std::uint16_t>(flags & 0xff)}};
  const RingPiece* const used = pieces + 2 - descriptors_per_slot_;
  const auto id = static_cast<std::uint16_t>(slot * descriptors_per_slot_);
  if (packed_) {
    packed_ring_.add(id, used, descriptors_per_slot_);
  } else {
    split_ring_.add(id, used, descriptors_per_slot_);
  }
}

TakeState Virtqueue::take(Used& used) noexcept {
  UsedElement element;
  const TakeState state = packed_ ? packed_ring_.take(element, in_flight(), descriptors_per_slot_)
                                  : split_ring_.take(element, in_flight());
  if (state == TakeState::none) return state;
  if (state == TakeState::broken) return fail_with(Fault::used_index_jump);
  const std::uint32_t slot = element.id / descriptors_per_slot_;
  if (slot >= slots_ || slot * descriptors_per_slot_ != element.id) {
    return fail_with(Fault::id_out_of_range);
  }
  if (cookies_[slot] == kNoCookie) return fail_with(Fault::id_not_in_flight);
  used.cookie = cookies_[slot];
  used.length = element.length;
  cookies_[slot] = kNoCookie;
  free_[free_count_++] = static_cast<std::uint16_t>(slot);
  return TakeState::taken;
}

}  // namespace kedge::driver::virtio
