// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// UEFI variables as OVMF and AAVMF keep them in a flash image (edk2: VariableFormat.h, with the
// spare area of its fault tolerant writes), raw or in a qcow2 image, and as QEMU's uefi-vars device
// keeps them in JSON.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "support/outcome.h"

namespace kedge::host {

inline constexpr std::size_t kVariableStoreBytesMax = 128U << 20;  // AAVMF fills up to 64 MiB
inline constexpr std::size_t kVariablesMax = 4096;
inline constexpr std::size_t kVariableNameMax = 512;  // characters

using EfiGuid = std::array<std::uint8_t, 16>;
// "8be4df61-93ca-11d2-aa0d-00e098032b8c"
std::string format_guid(const EfiGuid& guid);
// The bytes in memory of a GUID's text; zeros for what is none.
EfiGuid parse_guid(std::string_view text);

struct EfiVariable {
  std::string name;  // UTF-8
  EfiGuid vendor{};
  std::uint32_t attributes = 0;
  std::string data;
  std::size_t offset = 0;  // of its header in the file; 0 in JSON
};

struct VariableStore {
  std::string form;         // "authenticated variables, 256 KiB store", for people
  bool from_spare = false;  // a write was interrupted, and the spare area counts
  std::vector<EfiVariable> variables;
  std::vector<std::string> problems;  // damage behind which nothing was read, with offsets
  std::size_t end = 0;  // where the next variable would stand in a flash image; 0: in none

  // Variables of UEFI's own vendor GUID have `vendor` empty.
  const EfiVariable* find(std::string_view name, std::string_view vendor = {}) const;
};

// Fails when the file is no variable store; the failure names an offset.
Outcome<VariableStore> parse_variable_store(ByteView file);

// UTF-16 (little endian) to UTF-8; ends at the first zero.
std::string utf16_text(ByteView bytes);

}  // namespace kedge::host
