// SPDX-License-Identifier: BSD-2-Clause-Patent
// BarWindow: a part of a BAR as register space for hw::read and hw::write.
#pragma once

#include "hw/register.h"
#include "port/pci_device.h"

namespace kedge::port {

class BarWindow {
 public:
  BarWindow() noexcept = default;
  BarWindow(PciDevice& pci, std::uint8_t bar, std::uint32_t base, std::uint32_t length) noexcept
      : pci_(&pci), base_(base), length_(length), bar_(bar) {}

  std::uint32_t length() const noexcept { return length_; }
  /// True when `bytes` at `offset` are inside; a length read from the device decides, so ask.
  bool holds(std::uint64_t offset, std::uint32_t bytes) const noexcept {
    return bytes <= length_ && offset <= length_ - bytes;
  }

  std::uint8_t read8(std::uint32_t offset) noexcept { return pci_->bar_read8(bar_, at(offset)); }
  std::uint16_t read16(std::uint32_t offset) noexcept { return pci_->bar_read16(bar_, at(offset)); }
  std::uint32_t read32(std::uint32_t offset) noexcept { return pci_->bar_read32(bar_, at(offset)); }
  void write8(std::uint32_t offset, std::uint8_t value) noexcept {
    pci_->bar_write8(bar_, at(offset), value);
  }
  void write16(std::uint32_t offset, std::uint16_t value) noexcept {
    pci_->bar_write16(bar_, at(offset), value);
  }
  void write32(std::uint32_t offset, std::uint32_t value) noexcept {
    pci_->bar_write32(bar_, at(offset), value);
  }

 private:
  std::uint64_t at(std::uint32_t offset) const noexcept {
    return static_cast<std::uint64_t>(base_) + offset;
  }

  PciDevice* pci_ = nullptr;
  std::uint32_t base_ = 0;
  std::uint32_t length_ = 0;
  std::uint8_t bar_ = 0;
};
static_assert(hw::RegisterIo<BarWindow>);

}  // namespace kedge::port
