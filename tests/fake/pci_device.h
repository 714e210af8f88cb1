// SPDX-License-Identifier: BSD-2-Clause-Patent
// FakePciDevice: configuration space, BAR dispatch and DMA memory for models of devices.
//
// Device addresses differ from CPU addresses, every block is a heap block of its own (so that
// AddressSanitizer guards it), and what a model does through dma() is checked: inside one block,
// and only while bus mastering is on.
#pragma once

#include <array>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "port/pci_device.h"

namespace kedge::fake {

class FakePciDevice : public port::PciDevice {
 public:
  /// Where device addresses begin; blocks follow each other on page boundaries with a gap.
  static constexpr std::uint64_t kFirstAddress = 0x1'0000'0000;
  static constexpr std::uint64_t kFirstAddress32 = 0x1000'0000;

  std::array<std::uint8_t, 256> config{};
  /// Broken rules of driver or model, in words. Tests expect it to stay empty.
  std::vector<std::string> violations;
  /// The allocation that fails, counted down; negative: none.
  int allocations_left = -1;
  /// Allocations larger than this fail.
  std::size_t allocation_bytes_max = SIZE_MAX;
  std::uint64_t next_address = kFirstAddress;
  std::uint64_t bar_accesses = 0;
  std::uint64_t stalled_us = 0;

  virtual ~FakePciDevice();

  bool bus_master() const { return bus_master_; }
  std::size_t dma_blocks() const { return blocks_.size(); }
  std::size_t dma_bytes() const;
  /// The device's access to memory; empty, and a violation, when it is not allowed.
  ByteSpan dma(std::uint64_t address, std::size_t length);
  /// All memory that is shared now, by device address.
  const std::map<std::uint64_t, ByteSpan>& dma_map() const { return blocks_; }

  void put_config16(std::uint16_t offset, std::uint16_t value);
  void put_config32(std::uint16_t offset, std::uint32_t value);

  std::uint8_t config_read8(std::uint16_t offset) noexcept override;
  std::uint16_t config_read16(std::uint16_t offset) noexcept override;
  std::uint32_t config_read32(std::uint16_t offset) noexcept override;
  void config_write8(std::uint16_t offset, std::uint8_t value) noexcept override;
  void config_write16(std::uint16_t offset, std::uint16_t value) noexcept override;
  void config_write32(std::uint16_t offset, std::uint32_t value) noexcept override;
  std::uint8_t bar_read8(std::uint8_t bar, std::uint64_t offset) noexcept override;
  std::uint16_t bar_read16(std::uint8_t bar, std::uint64_t offset) noexcept override;
  std::uint32_t bar_read32(std::uint8_t bar, std::uint64_t offset) noexcept override;
  void bar_write8(std::uint8_t bar, std::uint64_t offset, std::uint8_t value) noexcept override;
  void bar_write16(std::uint8_t bar, std::uint64_t offset, std::uint16_t value) noexcept override;
  void bar_write32(std::uint8_t bar, std::uint64_t offset, std::uint32_t value) noexcept override;
  void bar_read_port32(std::uint8_t bar, std::uint64_t offset,
                       std::span<std::uint32_t> values) noexcept override {
    for (std::uint32_t& value : values) value = bar_read32(bar, offset);
  }
  void bar_write_port32(std::uint8_t bar, std::uint64_t offset,
                        std::span<const std::uint32_t> values) noexcept override {
    for (const std::uint32_t value : values) bar_write32(bar, offset, value);
  }
  Result<std::unique_ptr<port::DmaMemory>> allocate_dma(std::size_t bytes) noexcept override;
  /// Blocks for a device of 32 bits lie where only those reach.
  void set_dma_reach(port::DmaReach reach) noexcept override {
    next_address = reach == port::DmaReach::bits32 ? kFirstAddress32 : kFirstAddress;
  }
  Result<void> enable(bool bus_master) noexcept override;
  void stall_us(std::uint32_t microseconds) noexcept override { stalled_us += microseconds; }

 protected:
  /// Register accesses; `width` in bytes.
  virtual std::uint32_t bar_read(unsigned bar, std::uint64_t offset, unsigned width) = 0;
  virtual void bar_write(unsigned bar, std::uint64_t offset, unsigned width,
                         std::uint32_t value) = 0;
  void violation(std::string text) { violations.push_back(std::move(text)); }

 private:
  class Memory;
  std::map<std::uint64_t, ByteSpan> blocks_;
  bool bus_master_ = false;
  bool enabled_ = false;
};

}  // namespace kedge::fake
