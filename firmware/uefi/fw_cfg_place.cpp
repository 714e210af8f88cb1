// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/fw_cfg_place.h"

#include <algorithm>

namespace kedge::uefi {
namespace {

// UEFI 2.10, 4.6.1.
constexpr EFI_GUID kAcpi = {
    0x8868e871, 0xe4f1, 0x11d3, {0xbc, 0x22, 0x00, 0x80, 0xc7, 0x3c, 0x88, 0x81}};
constexpr EFI_GUID kDeviceTree = {
    0xb1b621d5, 0xf19c, 0x41a5, {0x83, 0x0b, 0xd9, 0x15, 0x2c, 0x69, 0xaa, 0xe0}};

constexpr std::size_t kTreeBytesMax = 2 * 1024 * 1024;  // QEMU's have at most one mebibyte
constexpr std::size_t kTableBytesMax = 1024 * 1024;
// ACPI 6.5: 5.2.5.3, 5.2.6, 5.2.8, 5.2.9.
constexpr std::size_t kRootPointerBytes = 36;
constexpr std::size_t kHeaderBytes = 36;
constexpr std::size_t kDsdtField = 40;
constexpr std::size_t kExtendedDsdtField = 140;
constexpr std::size_t kTablesMax = 256;

ByteView memory(const void* address, std::size_t bytes) noexcept {
  return {static_cast<const std::byte*>(address), bytes};
}

bool adds_up(ByteView bytes) noexcept {
  unsigned sum = 0;
  for (const std::byte byte : bytes) sum += std::to_integer<unsigned>(byte);
  return (sum & 0xff) == 0;
}

// The table at `address`; empty when something else is there.
ByteView table_at(std::uint64_t address, std::string_view signature) noexcept {
  if (address == 0) return {};
  const void* const place = reinterpret_cast<const void*>(address);
  ByteReader header(memory(place, kHeaderBytes));
  if (as_text(header.bytes(signature.size())) != signature) return {};
  const std::uint32_t bytes = header.le32();
  if (bytes < kHeaderBytes || bytes > kTableBytesMax) return {};
  const ByteView table = memory(place, bytes);
  return adds_up(table) ? table : ByteView();
}

std::uint64_t dsdt_address(ByteView description) noexcept {
  ByteReader reader(description);
  reader.skip(kExtendedDsdtField);
  if (const std::uint64_t address = reader.le64(); reader.ok() && address != 0) return address;
  ByteReader old(description);
  old.skip(kDsdtField);
  return old.le32();
}

std::optional<FwCfgPlace> find_by_acpi(const void* root_pointer) noexcept {
  const ByteView root = memory(root_pointer, kRootPointerBytes);
  if (!as_text(root).starts_with("RSD PTR ") || !adds_up(root)) return std::nullopt;
  ByteReader reader(root);
  reader.skip(24);
  ByteReader tables(table_at(reader.le64(), "XSDT"));
  tables.skip(kHeaderBytes);
  for (std::size_t i = 0; i < kTablesMax && tables.ok(); ++i) {
    const ByteView description = table_at(tables.le64(), "FACP");
    if (description.empty()) continue;
    const ByteView dsdt = table_at(dsdt_address(description), "DSDT");
    if (dsdt.empty()) return std::nullopt;
    return find_fw_cfg_in_aml(dsdt.subspan(kHeaderBytes));
  }
  return std::nullopt;
}

}  // namespace

std::optional<FwCfgPlace> find_fw_cfg(const Firmware& firmware) noexcept {
  if (const void* tree = firmware.configuration_table(kDeviceTree); tree != nullptr) {
    ByteReader header(memory(tree, 8));
    header.skip(4);
    const std::size_t bytes = std::min<std::size_t>(header.be32(), kTreeBytesMax);
    if (const auto found = find_fw_cfg_in_device_tree(memory(tree, bytes))) return found;
  }
  const void* root_pointer = firmware.configuration_table(kAcpi);
  if (root_pointer == nullptr) return std::nullopt;
  return find_by_acpi(root_pointer);
}

}  // namespace kedge::uefi
