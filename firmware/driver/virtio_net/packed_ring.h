// SPDX-License-Identifier: BSD-2-Clause-Patent
// The packed virtqueue, driver side (2.8). All buffers of a ring have as many descriptors: one, or
// two where the device answers. Packed rings exist only with VERSION_1, where the header needs no
// descriptor of its own.
#pragma once

#include "base/bytes.h"
#include "driver/virtio_net/ring.h"

namespace kedge::driver::virtio {

struct PackedLayout {
  std::size_t driver_event;
  std::size_t device_event;
  std::size_t bytes;

  static PackedLayout of(std::uint16_t size) noexcept;
};

class PackedRing {
 public:
  /// `memory` is zeroed, page aligned, PackedLayout::of(size).bytes long; any `size` but 0.
  void attach(ByteSpan memory, std::uint16_t size, bool event_index) noexcept;

  /// Puts a buffer of `count` pieces named `id` into the ring. The device sees it after publish().
  void add(std::uint16_t id, const RingPiece* pieces, unsigned count) noexcept;
  /// Shows the device what was added. True when it wants a notification for it.
  bool publish() noexcept;
  /// The next used buffer, if any. `in_flight`: how many the device may have at most; `count`: the
  /// pieces of each.
  TakeState take(UsedElement& element, std::uint16_t in_flight, unsigned count) noexcept;

 private:
  struct Descriptor {
    std::uint64_t address;
    std::uint32_t length;
    std::uint16_t id;
    std::uint16_t flags;
  };
  static_assert(sizeof(Descriptor) == 16);
  /// struct pvirtq_event_suppress (2.8.10)
  struct Event {
    std::uint16_t offset_wrap;
    std::uint16_t flags;
  };
  static_assert(sizeof(Event) == 4);
  friend struct PackedLayout;

  bool device_wants_notification(std::uint16_t before) const noexcept;

  Descriptor* descriptors_ = nullptr;
  const Event* device_event_ = nullptr;
  std::uint16_t size_ = 0;
  std::uint16_t next_available_ = 0;
  std::uint16_t next_used_ = 0;
  std::uint16_t added_ = 0;        // since the last publish()
  std::uint16_t first_ = 0;        // where the first of them is
  std::uint16_t first_flags_ = 0;  // and its flags, which are written last
  bool available_wrap_ = true;
  bool used_wrap_ = true;
  bool event_index_ = false;
};

}  // namespace kedge::driver::virtio
