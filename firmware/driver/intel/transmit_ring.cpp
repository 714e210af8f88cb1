// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "driver/intel/transmit_ring.h"

#include "driver/common/transmit_frame.h"
#include "hw/dma.h"
#include "link/link_errors.h"

namespace kedge::driver::intel {

namespace {

/// 8254x 3.4: with head and tail equal the ring is empty, so one descriptor stays unused.
constexpr std::uint32_t kInUseMax = kTransmitDescriptors - 1;
/// A frame takes its data descriptor and sometimes a context descriptor before it.
constexpr std::uint32_t kDescriptorsPerFrame = 2;
constexpr std::uint32_t kFrameBytesMax = 1500 + kEthernetHeader + kVlanTag;
static_assert(kFrameBytesMax <= kTransmitSlotBytes);

/// Where TCP and UDP have their checksums: the advanced context names the protocol instead.
constexpr std::uint16_t kTcpChecksum = 16;
constexpr std::uint16_t kUdpChecksum = 6;
/// TUCSS and TUCSO are bytes (8254x 3.3.6).
constexpr std::uint32_t kContextOffsetMax = 255;

}  // namespace

Result<void> TransmitRing::create(port::PciDevice& pci) noexcept {
  destroy();
  KEDGE_TRY(ring_memory_, pci.allocate_dma(kTransmitDescriptors * sizeof(TransmitDescriptor)));
  KEDGE_TRY(slots_, pci.allocate_dma(std::size_t{kTransmitDescriptors} * kTransmitSlotBytes));
  descriptors_ = hw::dma_objects<TransmitDescriptor>(ring_memory_->cpu().data(), 0);
  return {};
}

void TransmitRing::destroy() noexcept {
  ring_memory_.reset();
  slots_.reset();
  descriptors_ = nullptr;
  tail_ = in_use_ = unpublished_ = 0;
  context_ = {};
}

void TransmitRing::describe(port::BarWindow& registers) noexcept {
  const RingRegs ring = chip_.transmit_ring();
  const auto address = static_cast<std::uint64_t>(ring_memory_->device());
  hw::write(registers, ring.address_low(), static_cast<std::uint32_t>(address));
  hw::write(registers, ring.address_high(), static_cast<std::uint32_t>(address >> 32));
  hw::write(registers, ring.length(), kTransmitDescriptors * sizeof(TransmitDescriptor));
  hw::write(registers, ring.head(), 0);
  hw::write(registers, ring.tail(), 0);
}

bool TransmitRing::can_insert(link::TransmitInfo info, std::uint32_t length) const noexcept {
  const std::uint32_t field = std::uint32_t{info.checksum_start} + info.checksum_offset;
  if (info.checksum_start < kEthernetHeader || field + 2 > length) return false;
  if (!chip_.advanced()) return field <= kContextOffsetMax;
  return info.checksum_offset == kTcpChecksum || info.checksum_offset == kUdpChecksum;
}

/// The chip keeps a context until the next: one is written only where something changes.
void TransmitRing::add_context(link::TransmitInfo info) noexcept {
  if (info.checksum_start == context_.checksum_start &&
      info.checksum_offset == context_.checksum_offset) {
    return;
  }
  context_ = info;
  const bool tcp = info.checksum_offset == kTcpChecksum;
  TransmitDescriptor context{};
  if (chip_.advanced()) {
    context.word0 =
        kEthernetHeader << TransmitBits::kMacLengthShift | (info.checksum_start - kEthernetHeader);
    context.word2 = TransmitBits::kContextAdvanced | TransmitBits::kExtension |
                    (tcp ? TransmitBits::kContextL4Tcp : 0);
  } else {
    // TUCSE 0: up to the end of the frame.
    const std::uint32_t field = std::uint32_t{info.checksum_start} + info.checksum_offset;
    context.word1 = info.checksum_start | field << 8;
    context.word2 = TransmitBits::kExtension | (tcp ? TransmitBits::kContextTcp : 0);
  }
  put(context, true);
}

void TransmitRing::put(const TransmitDescriptor& descriptor, bool context) noexcept {
  contexts_[tail_] = context;
  descriptors_[tail_] = descriptor;
  tail_ = (tail_ + 1) % kTransmitDescriptors;
  ++in_use_;
}

Result<void> TransmitRing::add(std::span<const ByteView> pieces, link::TransmitInfo info,
                               link::Statistics& statistics) noexcept {
  KEDGE_TRY(const std::uint32_t length, frame_length(pieces, kFrameBytesMax));
  const bool insert = info.checksum_start != 0;
  if (insert && !can_insert(info, length)) return fail(err::base_invalid);
  if (in_use_ + kDescriptorsPerFrame > kInUseMax) recycle();
  if (in_use_ + kDescriptorsPerFrame > kInUseMax) {
    ++statistics.transmit_busy;
    return fail(err::link_busy);
  }

  if (insert) add_context(info);
  const std::size_t offset = std::size_t{tail_} * kTransmitSlotBytes;
  const std::uint32_t bytes = copy_frame(pieces, slots_->cpu().data() + offset);
  const auto address = static_cast<std::uint64_t>(slots_->device(offset));
  TransmitDescriptor data{};
  data.word0 = static_cast<std::uint32_t>(address);
  data.word1 = static_cast<std::uint32_t>(address >> 32);
  data.word2 = bytes | TransmitBits::kExtension | TransmitBits::kEndOfPacket |
               TransmitBits::kInsertFcs | TransmitBits::kReportStatus |
               (chip_.advanced() ? TransmitBits::kDataAdvanced : TransmitBits::kDataExtended);
  data.word3 = (insert ? TransmitBits::kInsertTransportChecksum : 0) |
               (chip_.advanced() ? bytes << TransmitBits::kPayloadLengthShift : 0);
  put(data, false);
  ++unpublished_;
  ++statistics.transmitted_frames;
  statistics.transmitted_bytes += bytes;
  return {};
}

void TransmitRing::publish(port::BarWindow& registers) noexcept {
  unpublished_ = 0;
  hw::dma_write_barrier();
  hw::write(registers, chip_.transmit_ring().tail(), tail_);
}

void TransmitRing::recycle() noexcept {
  // Frames end in the order in which they were given. A context descriptor is not reported: it is
  // done when the frame behind it is.
  std::uint32_t passed = 0;
  std::uint32_t index = (tail_ + kTransmitDescriptors - in_use_) % kTransmitDescriptors;
  for (std::uint32_t left = in_use_; left != 0; --left) {
    ++passed;
    const std::uint32_t word3 = hw::dma_load(descriptors_[index].word3);
    if (!contexts_[index]) {
      if ((word3 & TransmitBits::kDone) == 0) return;
      in_use_ -= passed;
      passed = 0;
    }
    index = (index + 1) % kTransmitDescriptors;
  }
}

}  // namespace kedge::driver::intel
