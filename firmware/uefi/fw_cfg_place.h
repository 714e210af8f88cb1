// SPDX-License-Identifier: BSD-2-Clause-Patent
// Where QEMU's fw_cfg device has its registers, on machines that map them into memory. The platform
// must say so: nobody reads an address on the chance that the device is there.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "uefi/firmware.h"

namespace kedge::uefi {

struct FwCfgPlace {
  /// The data register's eight bytes and the selector's two (Linux, qemu,fw-cfg-mmio.yaml).
  static constexpr std::uint64_t kBytesMin = 10;

  std::uint64_t address = 0;
  std::uint64_t bytes = 0;

  /// Registers can be there: room for them, aligned, no wrap-around.
  bool is_usable() const noexcept {
    return bytes >= kBytesMin && address != 0 && address % 8 == 0 && address + bytes > address;
  }
  bool operator==(const FwCfgPlace&) const = default;
};

/// By a flattened device tree (Devicetree Specification 0.4, chapter 5): a child of the root that
/// is compatible with "qemu,fw-cfg-mmio".
std::optional<FwCfgPlace> find_fw_cfg_in_device_tree(ByteView tree) noexcept;

/// By the code of a definition block (ACPI 6.5, chapter 20): a device whose _HID is "QEMU0002" and
/// whose _CRS is a fixed memory range. The code is not run: what it computes is not seen.
std::optional<FwCfgPlace> find_fw_cfg_in_aml(ByteView code) noexcept;

/// On this machine: by the firmware's device tree, else by the DSDT of its ACPI tables. The
/// firmware may install these late.
std::optional<FwCfgPlace> find_fw_cfg(const Firmware& firmware) noexcept;

}  // namespace kedge::uefi
