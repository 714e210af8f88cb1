// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "driver/virtio_net/receive_queue.h"

#include <algorithm>

#include "driver/common/transmit_frame.h"

namespace kedge::driver::virtio {

namespace {

/// Free slots that make a refill in the middle of a poll worth its barrier.
constexpr std::uint16_t kRefillBatchMin = 16;

/// With fewer than these (memory is very short) there is no receiving at all.
constexpr std::uint32_t kBuffersMin = 32;

constexpr std::uint32_t round_up(std::uint32_t value, std::uint32_t to) noexcept {
  return (value + to - 1) / to * to;
}

}  // namespace

Result<void> ReceiveQueue::create(port::PciDevice& pci, Transport& transport,
                                  const Negotiated& negotiated, const Setup& setup) noexcept {
  destroy();
  negotiated_ = negotiated;
  KEDGE_CHECK(queue_.create(
      pci, transport, negotiated,
      {.index = kReceiveQueue, .slots_max = kReceiveSlotsMax, .access = Access::device_writes}));
  posted_bytes_ = negotiated.mergeable() ? kMergeableBufferBytes
                                         : round_up(setup.frame_bytes_max + NetHeader::kSize, 2048);
  const std::uint32_t slots = queue_.slots();
  const std::uint32_t spare = static_cast<std::uint32_t>(setup.spare_bytes / posted_bytes_);
  const std::uint32_t wanted = std::min(slots + spare, ReceivePool::kBuffersMax);
  KEDGE_TRY(pool_, ReceivePool::create(pci, wanted, std::min(slots, kBuffersMin), posted_bytes_));
  low_water_ = static_cast<std::uint16_t>((std::min(slots, pool_->count()) + 1) / 2);
  return {};
}

void ReceiveQueue::destroy() noexcept {
  if (pool_ != nullptr) {
    drop_partial();
    std::exchange(pool_, nullptr)->detach();
  }
  queue_.destroy();
  transport_ = nullptr;
  partial_ = {};
  fault_ = Fault::none;
}

void ReceiveQueue::refill() noexcept {
  while (queue_.free_slots() != 0) {
    const std::uint16_t buffer = pool_->take();
    if (buffer == ReceivePool::kNone) break;
    queue_.add(buffer, pool_->address(buffer), posted_bytes_);
  }
  if (queue_.publish() && transport_ != nullptr) transport_->notify(kReceiveQueue);
}

std::uint32_t ReceiveQueue::poll(link::Receiver& receiver, std::uint32_t budget,
                                 link::Statistics& statistics) noexcept {
  const std::uint16_t batch = std::max<std::uint16_t>(kRefillBatchMin, queue_.slots() / 4);
  std::uint32_t delivered = 0;
  bool is_empty = false;
  Virtqueue::Used used;
  while (delivered < budget && fault_ == Fault::none) {
    const TakeState state = queue_.take(used);
    if (state == TakeState::none) {
      is_empty = true;
      break;
    }
    if (state == TakeState::broken) {
      fault_ = queue_.fault();
      break;
    }
    if (used.length > posted_bytes_) {
      fault_ = Fault::length_too_large;
      pool_->put(used.cookie);
      break;
    }
    if (partial_.missing == 0) {
      accept_first(used.cookie, used.length);
    } else {
      accept_next(used.cookie, used.length);
    }
    if (fault_ != Fault::none) break;
    if (partial_.missing == 0 && finish_frame(receiver, statistics)) ++delivered;
    // Not only at the end: the device should fill buffers while the stack takes frames.
    if (queue_.free_slots() >= batch) refill();
  }
  // An empty ring is a good time for it. Who takes one frame a call, as Simple Network does, would
  // pay with a notification for each buffer whenever the device is waiting for buffers.
  const bool is_due = is_empty || queue_.free_slots() >= std::max(1, queue_.slots() / 4);
  if (fault_ == Fault::none && is_due && queue_.free_slots() != 0) refill();
  return delivered;
}

void ReceiveQueue::accept_first(std::uint16_t buffer, std::uint32_t length) noexcept {
  const std::uint16_t header_bytes = negotiated_.header_bytes();
  if (length < header_bytes) {
    fault_ = Fault::length_too_small;
    pool_->put(buffer);
    return;
  }
  const NetHeader header = NetHeader::parse(ByteView(pool_->data(buffer), header_bytes));
  const std::uint16_t buffers = negotiated_.mergeable() ? header.num_buffers : std::uint16_t{1};
  if (buffers == 0 || buffers > queue_.slots()) {
    fault_ = Fault::buffer_count;
    pool_->put(buffer);
    return;
  }
  partial_ = {};
  partial_.info = info_of(header);
  partial_.missing = static_cast<std::uint16_t>(buffers - 1);
  // Whoever takes frames may rely on an Ethernet header in one piece.
  partial_.spoilt = length - header_bytes < kEthernetHeader;
  pool_->append(partial_.chain, buffer, header_bytes, length - header_bytes);
}

void ReceiveQueue::accept_next(std::uint16_t buffer, std::uint32_t length) noexcept {
  if (length == 0) {
    fault_ = Fault::length_too_small;
    pool_->put(buffer);
    return;
  }
  --partial_.missing;
  pool_->append(partial_.chain, buffer, 0, length);
}

// 5.1.6.4.2: what was not negotiated is not believed.
link::ReceiveInfo ReceiveQueue::info_of(const NetHeader& header) const noexcept {
  link::ReceiveInfo info;
  if (negotiated_.has(Feature::kGuestCsum)) {
    info.checksum_partial = (header.flags & NetHeader::kNeedsCsum) != 0;
    info.checksum_verified = (header.flags & NetHeader::kDataValid) != 0;
  }
  const auto gso = static_cast<std::uint8_t>(header.gso_type & ~NetHeader::kGsoEcn);
  if ((gso == NetHeader::kGsoTcp4 && negotiated_.has(Feature::kGuestTso4)) ||
      (gso == NetHeader::kGsoTcp6 && negotiated_.has(Feature::kGuestTso6))) {
    info.segment_bytes = header.gso_size;
  }
  return info;
}

/// Hands the frame on, or drops it. True when it was delivered.
bool ReceiveQueue::finish_frame(link::Receiver& receiver, link::Statistics& statistics) noexcept {
  ReceivePool::Chain chain = std::exchange(partial_.chain, {});
  if (partial_.spoilt || chain.length > kMergedFrameMax) {
    ++statistics.receive_errors;
    pool_->release(chain.head);
    return false;
  }
  return pool_->deliver(chain, partial_.info, queue_.in_flight(), low_water_, receiver, statistics);
}

void ReceiveQueue::drop_partial() noexcept {
  if (partial_.chain.head != nullptr) pool_->release(std::exchange(partial_.chain, {}).head);
  partial_.missing = 0;
}

}  // namespace kedge::driver::virtio
