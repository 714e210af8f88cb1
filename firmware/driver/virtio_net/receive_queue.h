// SPDX-License-Identifier: BSD-2-Clause-Patent
// The receive side: keeps the ring filled, makes frames of used buffers (5.1.6.3, 5.1.6.4).
#pragma once

#include "driver/common/receive_pool.h"
#include "driver/virtio_net/negotiated.h"
#include "driver/virtio_net/virtqueue.h"

namespace kedge::driver::virtio {

class ReceiveQueue {
 public:
  struct Setup {
    std::uint32_t frame_bytes_max = 0;  ///< of a frame that is not merged, with its Ethernet header
    std::uint32_t spare_bytes = 0;      ///< of buffers beyond those in the ring
  };

  ReceiveQueue() noexcept = default;
  ReceiveQueue(const ReceiveQueue&) = delete;
  ReceiveQueue& operator=(const ReceiveQueue&) = delete;
  ~ReceiveQueue() { destroy(); }

  Result<void> create(port::PciDevice& pci, Transport& transport, const Negotiated& negotiated,
                      const Setup& setup) noexcept;
  /// The device must have been reset. Frames that are lent out stay readable.
  void destroy() noexcept;

  /// Gives the device all free buffers, and notifies it where it wants that.
  void refill() noexcept;
  /// The device may be notified (after DRIVER_OK), or may not any more.
  void connect(Transport* transport) noexcept { transport_ = transport; }
  /// Delivers up to `budget` frames and refills the ring on the way.
  std::uint32_t poll(link::Receiver& receiver, std::uint32_t budget,
                     link::Statistics& statistics) noexcept;
  /// Buffers in the pool, those that are lent out included.
  std::uint16_t buffers() const noexcept {
    return pool_ != nullptr ? static_cast<std::uint16_t>(pool_->count()) : std::uint16_t{0};
  }
  /// Other than none: the device broke the rules and must be stopped.
  Fault fault() const noexcept { return fault_; }

 private:
  struct Partial {
    ReceivePool::Chain chain;
    link::ReceiveInfo info;
    std::uint16_t missing = 0;  // buffers of the frame that have not come yet
    bool spoilt = false;
  };

  void accept_first(std::uint16_t buffer, std::uint32_t length) noexcept;
  void accept_next(std::uint16_t buffer, std::uint32_t length) noexcept;
  bool finish_frame(link::Receiver& receiver, link::Statistics& statistics) noexcept;
  link::ReceiveInfo info_of(const NetHeader& header) const noexcept;
  void drop_partial() noexcept;

  Virtqueue queue_;
  ReceivePool* pool_ = nullptr;
  Transport* transport_ = nullptr;
  Negotiated negotiated_;
  Partial partial_;
  std::uint32_t posted_bytes_ = 0;  // of a buffer, as given to the device
  std::uint16_t low_water_ = 0;
  Fault fault_ = Fault::none;
};

/// Buffers that one frame of 64 KiB spans are few, yet a small frame does not waste much.
inline constexpr std::uint32_t kMergeableBufferBytes = 4096;
/// Buffers given to the device at most, even when its ring is larger.
inline constexpr std::uint16_t kReceiveSlotsMax = 1024;
/// 5.1.6.3.1: the largest frame that a device may merge, with its Ethernet header and VLAN tag.
inline constexpr std::uint32_t kMergedFrameMax = 65535 + 14 + 4;

}  // namespace kedge::driver::virtio
