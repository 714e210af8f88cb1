// SPDX-License-Identifier: BSD-2-Clause-Patent
// SegmentPool: received frames as lwIP's pbufs, without copying them.
//
// Each segment of a frame becomes a custom pbuf that refers to the driver's memory and gives the
// segment back when lwIP or the consumer frees it. The pbuf structs are recycled. Frames are copied
// instead when their headers are not in one piece, or when so many segments are lent out that the
// NIC could run out of them: so an unread connection never stops others.
#pragma once

#include <memory>
#include <vector>

#include "link/device.h"
#include "net/lwip/lwip_headers.h"

namespace kedge::net {

class SegmentPool {
 public:
  SegmentPool() noexcept = default;
  SegmentPool(const SegmentPool&) = delete;
  SegmentPool& operator=(const SegmentPool&) = delete;
  ~SegmentPool();

  /// The frame without its first `skip` bytes as a pbuf chain that owns the frame's segments.
  /// `skip` must be less than the first segment's length. nullptr (and the frame dropped) without
  /// memory.
  pbuf* lend(link::Frame frame, std::uint16_t skip) noexcept;
  /// The same as one pbuf with a copy. At least kLinearBytes of it can be read, zeros if need be.
  static pbuf* copy(link::Frame frame, std::uint16_t skip) noexcept;

  /// Largest headers that lwIP reads without looking: IP and TCP with all their options.
  static constexpr std::uint16_t kLinearBytes = 60 + 60;

  std::size_t lent() const noexcept { return lent_; }

 private:
  struct Lent {
    pbuf_custom custom;  // first: lwIP hands us back a pointer to it
    SegmentPool* pool;
    link::SegmentOwner* owner;
    link::Segment* segment;
    Lent* next_free;
  };
  static constexpr std::size_t kSlabSize = 64;

  static void give_back(pbuf* p) noexcept;
  Lent* take() noexcept;

  std::vector<std::unique_ptr<Lent[]>> slabs_;
  Lent* free_ = nullptr;
  std::size_t lent_ = 0;
};

}  // namespace kedge::net
