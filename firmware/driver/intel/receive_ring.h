// SPDX-License-Identifier: BSD-2-Clause-Patent
// The receive side: a ring of descriptors, each with a buffer of the pool for one frame.
#pragma once

#include <array>

#include "driver/common/receive_pool.h"
#include "driver/intel/chip.h"
#include "port/bar_window.h"

namespace kedge::driver::intel {

/// 8254x 13.4.29: RDLEN is a multiple of 128 bytes.
inline constexpr std::uint32_t kReceiveDescriptors = 256;
/// RCTL.BSIZE, SRRCTL.BSIZEPACKET.
inline constexpr std::uint32_t kReceiveBufferBytes = 2048;

class ReceiveRing {
 public:
  explicit ReceiveRing(const Chip& chip) noexcept : chip_(chip) {}
  ReceiveRing(const ReceiveRing&) = delete;
  ReceiveRing& operator=(const ReceiveRing&) = delete;
  ~ReceiveRing() { destroy(); }

  /// Memory for the ring and its buffers, `spare_bytes` of them beyond the ring.
  /// Errors: base_no_memory.
  Result<void> create(port::PciDevice& pci, std::uint32_t spare_bytes) noexcept;
  /// The device must have been reset. Frames that are lent out stay readable.
  void destroy() noexcept;

  /// Tells the device where the ring is. The receiver is still off.
  void describe(port::BarWindow& registers) noexcept;
  /// Gives the device all free buffers.
  void refill(port::BarWindow& registers) noexcept;
  /// Delivers up to `budget` frames and refills the ring on the way.
  std::uint32_t poll(port::BarWindow& registers, link::Receiver& receiver, std::uint32_t budget,
                     link::Statistics& statistics) noexcept;

  /// Buffers in the pool, those that are lent out included.
  std::uint16_t buffers() const noexcept {
    return pool_ != nullptr ? static_cast<std::uint16_t>(pool_->count()) : std::uint16_t{0};
  }
  /// Other than none: the device broke the rules and must be stopped.
  Fault fault() const noexcept { return fault_; }

 private:
  struct Received {
    std::uint32_t status;
    std::uint32_t length;
  };
  Received load(std::uint32_t index) const noexcept;
  bool accept(const Received& received, std::uint16_t buffer, link::Receiver& receiver,
              link::Statistics& statistics) noexcept;

  const Chip& chip_;
  std::unique_ptr<port::DmaMemory> memory_;
  ReceiveDescriptor* descriptors_ = nullptr;
  ReceivePool* pool_ = nullptr;
  std::array<std::uint16_t, kReceiveDescriptors> buffers_{};
  std::uint32_t head_ = 0;    // the next that the device finishes
  std::uint32_t posted_ = 0;  // from head_ on
  std::uint32_t low_water_ = 0;
  Fault fault_ = Fault::none;
};

}  // namespace kedge::driver::intel
