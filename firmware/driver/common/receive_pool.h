// SPDX-License-Identifier: BSD-2-Clause-Patent
// ReceivePool: the DMA buffers that frames arrive in, lent to the stack and taken back.
//
// The buffers are one block of memory. Buffers that follow each other and hold one frame become
// one Segment: the device fills buffers in the order in which they were posted, freed buffers are
// posted again in the order in which they came back, so a frame of 64 KiB usually is one piece.
//
// The pool outlives its device while frames are lent out: it deletes itself after the last one.
#pragma once

#include <memory>

#include "link/device.h"
#include "port/pci_device.h"

namespace kedge::driver {

class ReceivePool final : public link::SegmentOwner {
 public:
  static constexpr std::uint16_t kNone = 0xffff;
  static constexpr std::uint32_t kBuffersMax = 0xfffe;

  /// `count` buffers of `buffer_bytes` each; fewer, but at least `count_min`, when memory is short.
  /// Errors: base_no_memory. The pool is given back by detach().
  static Result<ReceivePool*> create(port::PciDevice& pci, std::uint32_t count,
                                     std::uint32_t count_min, std::uint32_t buffer_bytes) noexcept;

  std::uint32_t count() const noexcept { return count_; }
  std::uint32_t buffer_bytes() const noexcept { return buffer_bytes_; }
  std::uint32_t free_count() const noexcept { return recycled_count_ + (count_ - fresh_); }

  /// A free buffer, or kNone.
  std::uint16_t take() noexcept;
  void put(std::uint16_t buffer) noexcept;
  port::DeviceAddress address(std::uint16_t buffer) const noexcept {
    return memory_->device(std::size_t{buffer} * buffer_bytes_);
  }
  std::byte* data(std::uint16_t buffer) const noexcept {
    return memory_->cpu().data() + std::size_t{buffer} * buffer_bytes_;
  }

  /// A chain of segments while it is built; what is in it no longer counts as free.
  struct Chain {
    link::Segment* head = nullptr;
    link::Segment* tail = nullptr;
    std::uint32_t length = 0;
    std::uint32_t buffers = 0;
  };
  /// Appends bytes `offset`..`offset + length` of a buffer taken from this pool.
  void append(Chain& chain, std::uint16_t buffer, std::uint32_t offset,
              std::uint32_t length) noexcept;
  /// Hands the chain to the receiver as a frame and counts it. A stack that keeps frames back,
  /// waiting for one that was lost, must not thereby keep the lost one from coming: with fewer than
  /// `low_water` buffers free or `posted` (given to the device), the frame is copied to the heap
  /// and the device has its buffers again. False when it was dropped for want of memory.
  bool deliver(Chain& chain, const link::ReceiveInfo& info, std::uint32_t posted,
               std::uint32_t low_water, link::Receiver& receiver,
               link::Statistics& statistics) noexcept;

  /// Takes a chain, or a part of one, back.
  void release(link::Segment* chain) noexcept override;
  /// The device is done with the pool: it goes when nothing is lent out any more.
  void detach() noexcept;

  /// Limit of the copies: enough for the receive windows of a few connections.
  static constexpr std::uint32_t kCopiedBytesMax = 8 * 1024 * 1024;

 private:
  /// What is known of a buffer; its Segment when it is the first of a piece.
  struct Record : link::Segment {
    std::uint16_t buffers = 0;  // in this piece
  };
  struct Copied : link::Segment {
    std::uint32_t bytes = 0;
  };

  ReceivePool() noexcept = default;
  ~ReceivePool() = default;
  bool owns(const link::Segment* segment) const noexcept;
  /// Moves the chain's bytes to memory of the heap and frees its buffers. False when there is no
  /// memory, or too much is out already; then the chain is as it was.
  bool copy_out(Chain& chain) noexcept;

  std::unique_ptr<port::DmaMemory> memory_;
  std::unique_ptr<Record[]> records_;
  std::unique_ptr<std::uint16_t[]> recycled_;  // queue of buffers that came back, count_ long
  std::uint32_t count_ = 0;
  std::uint32_t buffer_bytes_ = 0;
  std::uint32_t fresh_ = 0;  // buffers from here on were never used: kept for when they are needed
  std::uint32_t recycled_head_ = 0;
  std::uint32_t recycled_count_ = 0;
  std::uint32_t pieces_out_ = 0;  // segments that are in chains
  std::uint32_t copied_bytes_ = 0;
  bool detached_ = false;
  bool told_starved_ = false;
};

}  // namespace kedge::driver
