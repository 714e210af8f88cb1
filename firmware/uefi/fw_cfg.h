// SPDX-License-Identifier: BSD-2-Clause-Patent
// FwCfg: the files that QEMU's user gives a machine with -fw_cfg (QEMU, docs/specs/fw_cfg.rst).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "uefi/firmware.h"

namespace kedge::uefi {

/// The device's two registers.
class FwCfgIo {
 public:
  /// Makes an item the current one, from its beginning.
  virtual void select(std::uint16_t key) noexcept = 0;
  /// The next bytes of the current item; zeros behind its end.
  virtual void read(ByteSpan out) noexcept = 0;

 protected:
  ~FwCfgIo() = default;
};

/// On x86 by I/O ports, where the CPU says that it runs below a hypervisor: a real machine may have
/// anything at those ports; else nullptr. Elsewhere by memory, where the platform says that the
/// device is (MmioFwCfg). `firmware` must outlive the driver.
FwCfgIo* real_fw_cfg(const Firmware& firmware) noexcept;

class FwCfg {
 public:
  static constexpr std::size_t kFilesMax = 1024;

  struct File {
    std::string name;
    std::uint32_t bytes;
    std::uint16_t key;
  };

  /// Nothing when there is no device, or another one than QEMU's.
  static std::optional<FwCfg> open(const Firmware& firmware, FwCfgIo* io) noexcept;

  /// The files whose names begin so.
  std::vector<File> list(std::string_view prefix) noexcept;
  /// The file's first bytes, at most `bytes_max`.
  std::vector<std::byte> read(const File& file, std::size_t bytes_max) noexcept;

 private:
  FwCfg(const Firmware& firmware, FwCfgIo& io) noexcept : firmware_(&firmware), io_(&io) {}

  const Firmware* firmware_;
  FwCfgIo* io_;
};

}  // namespace kedge::uefi
