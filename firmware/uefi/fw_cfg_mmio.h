// SPDX-License-Identifier: BSD-2-Clause-Patent
// MmioFwCfg: fw_cfg's registers where they are mapped into memory (QEMU, docs/specs/fw_cfg.rst).
#pragma once

#include "uefi/fw_cfg.h"
#include "uefi/fw_cfg_place.h"

namespace kedge::uefi {

/// Loads and stores of device memory, in the CPU's byte order.
class DeviceMemory {
 public:
  virtual void write16(std::uint64_t address, std::uint16_t value) noexcept = 0;
  virtual std::uint8_t read8(std::uint64_t address) noexcept = 0;
  virtual std::uint64_t read64(std::uint64_t address) noexcept = 0;

 protected:
  ~DeviceMemory() = default;
};

/// Looks for the device when it is first wanted, and again until the platform has told where it is;
/// reads zeros till then, which no signature is.
class MmioFwCfg final : public FwCfgIo {
 public:
  MmioFwCfg(const Firmware& firmware, DeviceMemory& memory) noexcept
      : firmware_(&firmware), memory_(&memory) {}

  void select(std::uint16_t key) noexcept override;
  void read(ByteSpan out) noexcept override;

 private:
  const Firmware* firmware_;
  DeviceMemory* memory_;
  std::optional<FwCfgPlace> place_;
};

}  // namespace kedge::uefi
