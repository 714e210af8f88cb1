// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "driver/virtio_net/transmit_queue.h"

#include <algorithm>

#include "driver/common/transmit_frame.h"
#include "link/link_errors.h"

namespace kedge::driver::virtio {

namespace {

/// A boot client sends requests and acknowledgements: this is plenty.
constexpr std::uint32_t kTransmitSlotsMax = 256;
constexpr std::uint32_t kTransmitBytesMax = 1024 * 1024;
constexpr std::uint32_t kTransmitSlotsMin = 4;
constexpr std::uint32_t kSlotAlign = 64;

}  // namespace

Result<void> TransmitQueue::create(port::PciDevice& pci, Transport& transport,
                                   const Negotiated& negotiated,
                                   std::uint32_t frame_bytes_max) noexcept {
  destroy();
  frame_bytes_max_ = frame_bytes_max;
  header_bytes_ = negotiated.header_bytes();
  checksum_ = negotiated.has(Feature::kCsum);
  slot_bytes_ = (frame_bytes_max + header_bytes_ + kSlotAlign - 1) / kSlotAlign * kSlotAlign;
  const std::uint32_t slots =
      std::clamp(kTransmitBytesMax / slot_bytes_, kTransmitSlotsMin, kTransmitSlotsMax);
  KEDGE_CHECK(queue_.create(pci, transport, negotiated,
                            {.index = kTransmitQueue,
                             .slots_max = static_cast<std::uint16_t>(slots),
                             .access = Access::device_reads}));
  KEDGE_TRY(memory_, pci.allocate_dma(std::size_t{queue_.slots()} * slot_bytes_));
  return {};
}

Result<void> TransmitQueue::add(std::span<const ByteView> pieces, link::TransmitInfo info,
                                link::Statistics& statistics) noexcept {
  KEDGE_TRY(const std::uint32_t length, frame_length(pieces, frame_bytes_max_));
  NetHeader header;
  if (info.checksum_start != 0) {
    const std::size_t field = std::size_t{info.checksum_start} + info.checksum_offset;
    if (!checksum_ || field + 2 > length) return fail(err::base_invalid);
    header.flags = NetHeader::kNeedsCsum;
    header.csum_start = info.checksum_start;
    header.csum_offset = info.checksum_offset;
  }
  if (queue_.free_slots() == 0) recycle();
  if (queue_.free_slots() == 0) {
    ++statistics.transmit_busy;
    return fail(err::link_busy);
  }

  const std::uint16_t slot = queue_.next_slot();
  const std::size_t offset = std::size_t{slot} * slot_bytes_;
  std::byte* const start = memory_->cpu().data() + offset;
  header.write(ByteSpan(start, header_bytes_));
  const std::uint32_t bytes = copy_frame(pieces, start + header_bytes_);
  queue_.add(slot, memory_->device(offset), header_bytes_ + bytes);
  ++unpublished_;
  ++statistics.transmitted_frames;
  statistics.transmitted_bytes += bytes;
  return {};
}

void TransmitQueue::recycle() noexcept {
  Virtqueue::Used used;
  // The length is not looked at: old devices put something else there (5.1.6.1).
  while (queue_.take(used) == TakeState::taken) {
  }
}

}  // namespace kedge::driver::virtio
