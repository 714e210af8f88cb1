// SPDX-License-Identifier: BSD-2-Clause-Patent
// Smbios: what the machine says of itself (DMTF DSP0134), for DHCP option 97 and settings.
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "uefi/firmware.h"

namespace kedge::uefi {

struct Smbios {
  static constexpr std::size_t kTableBytesMax = 1024 * 1024;
  static constexpr std::size_t kStructuresMax = 4096;
  static constexpr std::size_t kOemStringsMax = 64;

  /// As the table has it, which is the order that DHCP option 97 wants. Absent when the machine has
  /// none (all zeros or all ones).
  std::optional<std::array<std::byte, 16>> uuid;
  std::string_view manufacturer;
  std::string_view product;
  std::string_view version;
  std::string_view serial;
  std::string_view sku;
  std::string_view asset;                     ///< of the chassis, else of the board
  std::vector<std::string_view> oem_strings;  ///< type 11: how hosts talk to their VMs
};

/// Reads the structure table; the views point into it. Malformed ends are where reading stops.
Smbios parse_smbios(ByteView table) noexcept;

/// The table behind an entry point of either version; empty when it is neither. Exposed for tests.
struct SmbiosTable {
  std::uint64_t address = 0;
  std::size_t bytes = 0;
};
SmbiosTable parse_smbios_entry(ByteView entry) noexcept;

/// Of this machine; everything is empty when its firmware has no SMBIOS. The views stay valid.
Smbios read_smbios(const Firmware& firmware) noexcept;

}  // namespace kedge::uefi
