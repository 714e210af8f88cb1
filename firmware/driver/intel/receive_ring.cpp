// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "driver/intel/receive_ring.h"

#include <algorithm>

#include "driver/common/transmit_frame.h"
#include "hw/dma.h"

namespace kedge::driver::intel {

namespace {

/// 8254x 3.2.6: with head and tail equal the ring is empty, so one descriptor is never given out.
constexpr std::uint32_t kPostedMax = kReceiveDescriptors - 1;
/// Free descriptors that are worth a write of the tail register.
constexpr std::uint32_t kRefillBatch = 32;
/// With fewer than these (memory is very short) there is no receiving at all.
constexpr std::uint32_t kBuffersMin = 2 * kRefillBatch;

constexpr std::uint32_t next(std::uint32_t index) noexcept {
  return (index + 1) % kReceiveDescriptors;
}

}  // namespace

Result<void> ReceiveRing::create(port::PciDevice& pci, std::uint32_t spare_bytes) noexcept {
  destroy();
  KEDGE_TRY(memory_, pci.allocate_dma(kReceiveDescriptors * sizeof(ReceiveDescriptor)));
  descriptors_ = hw::dma_objects<ReceiveDescriptor>(memory_->cpu().data(), 0);
  const std::uint32_t wanted = kReceiveDescriptors + spare_bytes / kReceiveBufferBytes;
  KEDGE_TRY(pool_, ReceivePool::create(pci, wanted, kBuffersMin, kReceiveBufferBytes));
  low_water_ = std::min(kReceiveDescriptors, pool_->count()) / 2;
  return {};
}

void ReceiveRing::destroy() noexcept {
  if (pool_ != nullptr) std::exchange(pool_, nullptr)->detach();
  memory_.reset();
  descriptors_ = nullptr;
  head_ = posted_ = 0;
  fault_ = Fault::none;
}

void ReceiveRing::describe(port::BarWindow& registers) noexcept {
  const RingRegs ring = chip_.receive_ring();
  const auto address = static_cast<std::uint64_t>(memory_->device());
  hw::write(registers, ring.address_low(), static_cast<std::uint32_t>(address));
  hw::write(registers, ring.address_high(), static_cast<std::uint32_t>(address >> 32));
  hw::write(registers, ring.length(), kReceiveDescriptors * sizeof(ReceiveDescriptor));
  if (chip_.advanced()) hw::write(registers, ring.split_control(), kSrrctlOneBuffer);
  hw::write(registers, ring.head(), 0);
  hw::write(registers, ring.tail(), 0);
}

void ReceiveRing::refill(port::BarWindow& registers) noexcept {
  std::uint32_t tail = (head_ + posted_) % kReceiveDescriptors;
  const std::uint32_t before = tail;
  while (posted_ < kPostedMax) {
    const std::uint16_t buffer = pool_->take();
    if (buffer == ReceivePool::kNone) break;
    buffers_[tail] = buffer;
    descriptors_[tail] = {static_cast<std::uint64_t>(pool_->address(buffer)), 0, 0};
    tail = next(tail);
    ++posted_;
  }
  if (tail == before) return;
  hw::dma_write_barrier();
  hw::write(registers, chip_.receive_ring().tail(), tail);
}

ReceiveRing::Received ReceiveRing::load(std::uint32_t index) const noexcept {
  const ReceiveDescriptor& cell = descriptors_[index];
  Received received{};
  if (chip_.legacy_receive()) {
    // Length and checksum, then status, errors and the VLAN tag.
    const std::uint32_t word3 = hw::dma_load(cell.word3);
    received.status = (word3 & 0xff) | (word3 & 0xff00) << 16;
    hw::dma_read_barrier();
    received.length = hw::dma_load(cell.word2) & 0xffff;
  } else {
    // Status and errors, then length and the VLAN tag.
    received.status = hw::dma_load(cell.word2);
    hw::dma_read_barrier();
    received.length = hw::dma_load(cell.word3) & 0xffff;
  }
  return received;
}

std::uint32_t ReceiveRing::poll(port::BarWindow& registers, link::Receiver& receiver,
                                std::uint32_t budget, link::Statistics& statistics) noexcept {
  std::uint32_t delivered = 0;
  while (delivered < budget && posted_ != 0) {
    const Received received = load(head_);
    if ((received.status & ReceiveStatus::kDone) == 0) break;
    const std::uint16_t buffer = buffers_[head_];
    head_ = next(head_);
    --posted_;
    if (accept(received, buffer, receiver, statistics)) ++delivered;
    if (fault_ != Fault::none) return delivered;
    // Not only at the end: the device should fill buffers while the stack takes frames.
    if (kPostedMax - posted_ >= kRefillBatch) refill(registers);
  }
  return delivered;
}

bool ReceiveRing::accept(const Received& received, std::uint16_t buffer, link::Receiver& receiver,
                         link::Statistics& statistics) noexcept {
  if (received.length > kReceiveBufferBytes) fault_ = Fault::length_too_large;
  if ((received.status & ReceiveStatus::kEndOfPacket) == 0) fault_ = Fault::frame_without_end;
  if (fault_ != Fault::none) {
    pool_->put(buffer);
    return false;
  }
  // Whoever takes frames may rely on an Ethernet header.
  if ((received.status & ReceiveStatus::kFrameErrors) != 0 || received.length < kEthernetHeader) {
    ++statistics.receive_errors;
    pool_->put(buffer);
    return false;
  }
  constexpr std::uint32_t kJudged = ReceiveStatus::kIgnoreChecksum |
                                    ReceiveStatus::kTransportChecked |
                                    ReceiveStatus::kTransportError;
  link::ReceiveInfo info;
  info.checksum_verified = (received.status & kJudged) == ReceiveStatus::kTransportChecked;
  ReceivePool::Chain chain;
  pool_->append(chain, buffer, 0, received.length);
  return pool_->deliver(chain, info, posted_, low_water_, receiver, statistics);
}

}  // namespace kedge::driver::intel
