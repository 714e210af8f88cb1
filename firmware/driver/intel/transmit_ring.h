// SPDX-License-Identifier: BSD-2-Clause-Patent
// The transmit side: frames are copied into slots of DMA memory, one per descriptor.
#pragma once

#include <array>
#include <memory>
#include <span>

#include "driver/intel/chip.h"
#include "link/device.h"
#include "port/bar_window.h"

namespace kedge::driver::intel {

inline constexpr std::uint32_t kTransmitDescriptors = 256;
inline constexpr std::uint32_t kTransmitSlotBytes = 1536;

class TransmitRing {
 public:
  explicit TransmitRing(const Chip& chip) noexcept : chip_(chip) {}

  /// Memory for the ring and its slots. Errors: base_no_memory.
  Result<void> create(port::PciDevice& pci) noexcept;
  /// The device must have been reset.
  void destroy() noexcept;
  /// Tells the device where the ring is. The transmitter is still off.
  void describe(port::BarWindow& registers) noexcept;

  /// Copies a frame into the ring, unpublished. Errors: link_busy, link_frame_too_large,
  /// base_invalid (no Ethernet header, or a checksum that the chip cannot insert).
  Result<void> add(std::span<const ByteView> pieces, link::TransmitInfo info,
                   link::Statistics& statistics) noexcept;
  /// Frames that were added since publish().
  std::uint32_t unpublished() const noexcept { return unpublished_; }
  /// Shows the device what was added.
  void publish(port::BarWindow& registers) noexcept;
  /// Takes back the slots of frames that were sent.
  void recycle() noexcept;

 private:
  bool can_insert(link::TransmitInfo info, std::uint32_t length) const noexcept;
  void add_context(link::TransmitInfo info) noexcept;
  void put(const TransmitDescriptor& descriptor, bool context) noexcept;

  const Chip& chip_;
  std::unique_ptr<port::DmaMemory> ring_memory_;
  std::unique_ptr<port::DmaMemory> slots_;
  TransmitDescriptor* descriptors_ = nullptr;
  std::array<bool, kTransmitDescriptors> contexts_{};
  std::uint32_t tail_ = 0;    // the next that we write
  std::uint32_t in_use_ = 0;  // up to tail_, not yet known to be sent
  std::uint32_t unpublished_ = 0;
  link::TransmitInfo context_;  // what the chip was last told to insert
};

}  // namespace kedge::driver::intel
