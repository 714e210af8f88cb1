// SPDX-License-Identifier: BSD-2-Clause-Patent
// PciDevice: what a NIC driver needs of its PCI function and of DMA memory.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "base/bytes.h"
#include "base/result.h"

namespace kedge::port {

/// An address as the device sees it. Never the same type as a CPU pointer.
enum class DeviceAddress : std::uint64_t {};

/// Memory that CPU and device both see coherently. Owned; given back when destroyed, which may be
/// long after the driver stopped (frames lent to the stack): the PciDevice outlives its memory.
class DmaMemory {
 public:
  DmaMemory(const DmaMemory&) = delete;
  DmaMemory& operator=(const DmaMemory&) = delete;
  virtual ~DmaMemory() = default;

  ByteSpan cpu() const noexcept { return cpu_; }
  DeviceAddress device(std::size_t offset = 0) const noexcept {
    return DeviceAddress{static_cast<std::uint64_t>(device_) + offset};
  }

 protected:
  DmaMemory(ByteSpan cpu, DeviceAddress device) noexcept : cpu_(cpu), device_(device) {}

 private:
  ByteSpan cpu_;
  DeviceAddress device_;
};

/// Which addresses a device can put into its descriptors.
enum class DmaReach : std::uint8_t { bits64, bits32 };

/// One PCI function. BAR accesses have the width of the call; offsets are within the BAR, which may
/// lie in memory or in I/O space: the implementation knows which. Where nothing answers, reads give
/// all ones. Register accesses and stall_us are legal at any TPL.
class PciDevice {
 public:
  virtual std::uint8_t config_read8(std::uint16_t offset) noexcept = 0;
  virtual std::uint16_t config_read16(std::uint16_t offset) noexcept = 0;
  virtual std::uint32_t config_read32(std::uint16_t offset) noexcept = 0;
  virtual void config_write8(std::uint16_t offset, std::uint8_t value) noexcept = 0;
  virtual void config_write16(std::uint16_t offset, std::uint16_t value) noexcept = 0;
  virtual void config_write32(std::uint16_t offset, std::uint32_t value) noexcept = 0;

  virtual std::uint8_t bar_read8(std::uint8_t bar, std::uint64_t offset) noexcept = 0;
  virtual std::uint16_t bar_read16(std::uint8_t bar, std::uint64_t offset) noexcept = 0;
  virtual std::uint32_t bar_read32(std::uint8_t bar, std::uint64_t offset) noexcept = 0;
  virtual void bar_write8(std::uint8_t bar, std::uint64_t offset, std::uint8_t value) noexcept = 0;
  virtual void bar_write16(std::uint8_t bar, std::uint64_t offset,
                           std::uint16_t value) noexcept = 0;
  virtual void bar_write32(std::uint8_t bar, std::uint64_t offset,
                           std::uint32_t value) noexcept = 0;

  /// Reads or writes one 32-bit register again and again: the data port of a chip without DMA.
  /// Where nothing answers, reads give all ones.
  virtual void bar_read_port32(std::uint8_t bar, std::uint64_t offset,
                               std::span<std::uint32_t> values) noexcept = 0;
  virtual void bar_write_port32(std::uint8_t bar, std::uint64_t offset,
                                std::span<const std::uint32_t> values) noexcept = 0;

  /// Coherent (common buffer) DMA memory, zeroed, page aligned.
  virtual Result<std::unique_ptr<DmaMemory>> allocate_dma(std::size_t bytes) noexcept = 0;
  /// From now on enable() and allocate_dma() keep to what the device reaches (at first: bits64).
  virtual void set_dma_reach(DmaReach reach) noexcept = 0;
  /// Makes the BARs answer, and lets the device master the bus, or not.
  virtual Result<void> enable(bool bus_master) noexcept = 0;
  /// Busy-waits; for delays that the datasheet asks for, at most some milliseconds.
  virtual void stall_us(std::uint32_t microseconds) noexcept = 0;

 protected:
  ~PciDevice() = default;
};

}  // namespace kedge::port
