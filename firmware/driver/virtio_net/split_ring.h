// SPDX-License-Identifier: BSD-2-Clause-Patent
// The split virtqueue, driver side (2.7).
#pragma once

#include "base/bytes.h"
#include "driver/virtio_net/ring.h"

namespace kedge::driver::virtio {

/// Memory of the parts, in the order and alignment that the legacy interface wants (2.7.2), which
/// serves the modern one as well.
struct SplitLayout {
  std::size_t available;
  std::size_t used;
  std::size_t bytes;

  static SplitLayout of(std::uint16_t size) noexcept;
};

class SplitRing {
 public:
  /// `memory` is zeroed, page aligned, SplitLayout::of(size).bytes long; `size` is a power of two.
  void attach(ByteSpan memory, std::uint16_t size, bool event_index) noexcept;

  /// Puts a chain of `pieces` (one or two) that starts at descriptor `head` into the ring; the
  /// second piece uses descriptor head + 1. The device sees it after publish().
  void add(std::uint16_t head, const RingPiece* pieces, unsigned count) noexcept;
  /// Shows the device what was added. True when it wants a notification for it.
  bool publish() noexcept;
  /// The next used buffer, if any. `in_flight`: how many the device may have at most.
  TakeState take(UsedElement& element, std::uint16_t in_flight) noexcept;

 private:
  struct Descriptor {
    std::uint64_t address;
    std::uint32_t length;
    std::uint16_t flags;
    std::uint16_t next;
  };
  static_assert(sizeof(Descriptor) == 16);
  struct Available {
    std::uint16_t flags;
    std::uint16_t index;
    // followed by ring[size], used_event
  };
  struct Used {
    std::uint16_t flags;
    std::uint16_t index;
    // followed by {id, length}[size], avail_event
  };
  friend struct SplitLayout;

  Descriptor* descriptors_ = nullptr;
  Available* available_ = nullptr;
  std::uint16_t* available_ring_ = nullptr;
  const Used* used_ = nullptr;
  const std::uint32_t* used_ring_ = nullptr;        // pairs of id and length
  const std::uint16_t* available_event_ = nullptr;  // written by the device
  std::uint16_t mask_ = 0;
  std::uint16_t next_available_ = 0;
  std::uint16_t published_ = 0;
  std::uint16_t next_used_ = 0;
  std::uint16_t seen_used_ = 0;
  bool event_index_ = false;
};

}  // namespace kedge::driver::virtio
