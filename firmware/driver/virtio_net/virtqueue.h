// SPDX-License-Identifier: BSD-2-Clause-Patent
// Virtqueue: a ring of either kind, with the bookkeeping of which buffers the device has.
//
// Buffers live in slots; the caller names each by a cookie. Whatever the device says is checked
// against the slots before the caller sees it.
#pragma once

#include <memory>

#include "driver/virtio_net/negotiated.h"
#include "driver/virtio_net/packed_ring.h"
#include "driver/virtio_net/split_ring.h"
#include "driver/virtio_net/transport.h"

namespace kedge::driver::virtio {

class Virtqueue {
 public:
  struct Setup {
    std::uint16_t index = 0;
    std::uint16_t slots_max = 0;    ///< buffers to have in flight at most
    std::uint16_t spare_bytes = 0;  ///< behind the ring, in memory(), for the caller
    Access access = Access::device_reads;
  };
  /// A used buffer.
  struct Used {
    std::uint16_t cookie = 0;
    std::uint32_t length = 0;  ///< what the device says to have written: not checked
  };

  /// Allocates the ring at the device's full size and hands it to the device.
  Result<void> create(port::PciDevice& pci, Transport& transport, const Negotiated& negotiated,
                      const Setup& setup) noexcept;
  /// Gives the memory back. The device must have been reset.
  void destroy() noexcept {
    memory_.reset();
    cookies_.reset();
    free_.reset();
    slots_ = free_count_ = 0;
    fault_ = Fault::none;
  }

  /// Of the ring; null when there is none.
  const port::DmaMemory* memory() const noexcept { return memory_.get(); }
  std::uint16_t slots() const noexcept { return slots_; }
  std::uint16_t free_slots() const noexcept { return free_count_; }
  std::uint16_t in_flight() const noexcept {
    return static_cast<std::uint16_t>(slots_ - free_count_);
  }
  /// The slot that the next add() takes, for callers whose buffers belong to slots.
  std::uint16_t next_slot() const noexcept {
    KEDGE_ASSERT(free_count_ != 0);
    return free_[free_count_ - 1];
  }
  /// Adds the buffer at `address`; there must be a free slot. `cookie` is not kNoCookie.
  void add(std::uint16_t cookie, port::DeviceAddress address, std::uint32_t length) noexcept;
  /// Shows all added buffers to the device. True when notify() is called for.
  bool publish() noexcept { return packed_ ? packed_ring_.publish() : split_ring_.publish(); }
  /// The next used buffer; its slot is free again. broken: see fault().
  TakeState take(Used& used) noexcept;
  Fault fault() const noexcept { return fault_; }

  static constexpr std::uint16_t kNoCookie = 0xffff;

 private:
  TakeState fail_with(Fault fault) noexcept {
    fault_ = fault;
    return TakeState::broken;
  }

  std::unique_ptr<port::DmaMemory> memory_;
  std::unique_ptr<std::uint16_t[]> cookies_;  // of each slot; kNoCookie: free
  std::unique_ptr<std::uint16_t[]> free_;     // stack of free slots
  SplitRing split_ring_;
  PackedRing packed_ring_;
  std::uint16_t slots_ = 0;
  std::uint16_t free_count_ = 0;
  std::uint16_t header_bytes_ = 0;
  std::uint16_t descriptors_per_slot_ = 1;
  Access access_ = Access::device_reads;
  Fault fault_ = Fault::none;
  bool packed_ = false;
};

}  // namespace kedge::driver::virtio
