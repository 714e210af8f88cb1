// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/smbios.h"

#include <algorithm>
#include <string>

namespace kedge::uefi {
namespace {

constexpr EFI_GUID kSmbios3 = SMBIOS3_TABLE_GUID;
constexpr EFI_GUID kSmbios2 = SMBIOS_TABLE_GUID;
constexpr std::size_t kEntryBytes = 31;  // of a 2.x entry point; that of 3.x is shorter

constexpr std::uint8_t kSystem = 1;
constexpr std::uint8_t kBaseboard = 2;
constexpr std::uint8_t kChassis = 3;
constexpr std::uint8_t kOemStrings = 11;
constexpr std::uint8_t kEndOfTable = 127;

/// One structure: its formatted area and its strings.
struct Structure {
  std::uint8_t type = 0;
  ByteView formatted;  // from the type byte on
  std::vector<std::string_view> strings;

  std::uint8_t byte(std::size_t offset) const noexcept {
    return offset < formatted.size() ? static_cast<std::uint8_t>(formatted[offset]) : 0;
  }
  /// The string whose number stands at `offset`; strings count from one.
  std::string_view text(std::size_t offset) const noexcept {
    const std::uint8_t number = byte(offset);
    if (number == 0 || number > strings.size()) return {};
    std::string_view found = strings[number - 1];
    // Vendors pad with blanks.
    while (found.ends_with(' ')) found.remove_suffix(1);
    return found;
  }
};

std::optional<Structure> next_structure(ByteReader& reader) noexcept {
  const std::size_t left = reader.remaining();
  if (left < 4) return std::nullopt;
  ByteReader header = reader;
  Structure structure;
  structure.type = header.u8();
  const std::uint8_t length = header.u8();
  if (length < 4) return std::nullopt;
  structure.formatted = reader.bytes(length);
  // The strings: each ends in zero, the set in another; no strings are two zeros.
  for (;;) {
    ByteReader look = reader;
    std::size_t size = 0;
    while (look.ok() && look.u8() != 0) ++size;
    if (!look.ok()) return std::nullopt;
    const std::string_view text = as_text(reader.bytes(size));
    reader.skip(1);
    if (size == 0) break;
    structure.strings.push_back(text);
  }
  if (structure.strings.empty()) reader.skip(1);
  if (!reader.ok()) return std::nullopt;
  return structure;
}

void read_system(const Structure& structure, Smbios& found) noexcept {
  found.manufacturer = structure.text(4);
  found.product = structure.text(5);
  found.version = structure.text(6);
  found.serial = structure.text(7);
  found.sku = structure.text(25);
  if (structure.formatted.size() < 24) return;
  std::array<std::byte, 16> uuid;
  std::copy_n(structure.formatted.begin() + 8, uuid.size(), uuid.begin());
  const auto all = [&](std::byte value) {
    return std::all_of(uuid.begin(), uuid.end(), [=](std::byte b) { return b == value; });
  };
  if (!all(std::byte{0}) && !all(std::byte{0xff})) found.uuid = uuid;
}

}  // namespace

Smbios parse_smbios(ByteView table) noexcept {
  Smbios found;
  std::string_view board_asset;
  ByteReader reader(table);
  for (std::size_t i = 0; i < Smbios::kStructuresMax; ++i) {
    const std::optional<Structure> structure = next_structure(reader);
    if (!structure.has_value() || structure->type == kEndOfTable) break;
    if (structure->type == kSystem && found.manufacturer.empty() && !found.uuid.has_value()) {
      read_system(*structure, found);
    } else if (structure->type == kBaseboard && board_asset.empty()) {
      board_asset = structure->text(8);
    } else if (structure->type == kChassis && found.asset.empty()) {
      found.asset = structure->text(8);
    } else if (structure->type == kOemStrings) {
      for (const std::string_view text : structure->strings) {
        if (found.oem_strings.size() < Smbios::kOemStringsMax) found.oem_strings.push_back(text);
      }
    }
  }
  if (found.asset.empty()) found.asset = board_asset;
  return found;
}

SmbiosTable parse_smbios_entry(ByteView entry) noexcept {
  ByteReader reader(entry);
  const std::string_view text = as_text(entry);
  if (text.starts_with("_SM3_")) {  // DSP0134 5.2.2
    reader.skip(0x0c);
    const std::uint32_t bytes = reader.le32();
    return {reader.le64(), reader.ok() ? bytes : 0};
  }
  if (text.starts_with("_SM_")) {  // DSP0134 5.2.1
    reader.skip(0x16);
    const std::uint16_t bytes = reader.le16();
    return {reader.le32(), reader.ok() ? bytes : std::size_t{0}};
  }
  return {};
}

Smbios read_smbios(const Firmware& firmware) noexcept {
  for (const EFI_GUID& guid : {kSmbios3, kSmbios2}) {
    const void* entry = firmware.configuration_table(guid);
    if (entry == nullptr) continue;
    const SmbiosTable table =
        parse_smbios_entry(ByteView(static_cast<const std::byte*>(entry), kEntryBytes));
    if (table.address == 0 || table.bytes == 0) continue;
    return parse_smbios(ByteView(reinterpret_cast<const std::byte*>(table.address),
                                 std::min(table.bytes, Smbios::kTableBytesMax)));
  }
  return {};
}

}  // namespace kedge::uefi
