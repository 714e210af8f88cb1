// SPDX-License-Identifier: BSD-2-Clause-Patent
// The transmit side: frames are copied into slots of DMA memory, one per ring slot (5.1.6.2).
#pragma once

#include "driver/virtio_net/negotiated.h"
#include "driver/virtio_net/virtqueue.h"
#include "link/device.h"

namespace kedge::driver::virtio {

class TransmitQueue {
 public:
  Result<void> create(port::PciDevice& pci, Transport& transport, const Negotiated& negotiated,
                      std::uint32_t frame_bytes_max) noexcept;
  /// The device must have been reset.
  void destroy() noexcept {
    queue_.destroy();
    memory_.reset();
    unpublished_ = 0;
  }

  /// Copies a frame into the ring, unpublished. Errors: link_busy, link_frame_too_large,
  /// base_invalid (no Ethernet header, or a checksum outside of the frame).
  Result<void> add(std::span<const ByteView> pieces, link::TransmitInfo info,
                   link::Statistics& statistics) noexcept;
  /// Frames that were added since publish().
  std::uint32_t unpublished() const noexcept { return unpublished_; }
  /// Shows the device what was added. True when it wants a notification.
  bool publish() noexcept {
    unpublished_ = 0;
    return queue_.publish();
  }
  /// Takes back the slots of frames that were sent.
  void recycle() noexcept;
  bool idle() const noexcept { return queue_.in_flight() == 0; }
  /// Other than none: the device broke the rules and must be stopped.
  Fault fault() const noexcept { return queue_.fault(); }

 private:
  Virtqueue queue_;
  std::unique_ptr<port::DmaMemory> memory_;  // slot_bytes_ per ring slot
  std::uint32_t slot_bytes_ = 0;
  std::uint32_t frame_bytes_max_ = 0;
  std::uint32_t unpublished_ = 0;
  std::uint16_t header_bytes_ = 0;
  bool checksum_ = false;
};

}  // namespace kedge::driver::virtio
