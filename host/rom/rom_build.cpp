// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "rom/rom_build.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <numeric>

#include "image/pe.h"
#include "rom/efi_compression.h"

namespace kedge::host {
namespace {

constexpr std::size_t kPciDataOffset = 0x1c;
constexpr std::uint16_t kPciDataBytes = 0x1c;
constexpr std::size_t kUnitsMax = 0xffff;
constexpr char kPadding = '\xff';
constexpr std::uint8_t kLast = 0x80;

std::size_t round_up(std::size_t value, std::size_t unit) {
  return (value + unit - 1) / unit * unit;
}

// PCI Firmware 3.0, 5.1, and UEFI 2.10, table 14.7.
Outcome<std::string> efi_image(const RomRecipe& recipe, const std::string& pe, bool last) {
  const auto info = image::PeInfo::parse(as_byte_view(pe));
  if (!info) return failure("a driver is not a PE image");
  if (!info->is_efi_driver()) {
    return failure("a driver has another subsystem than EFI's drivers have (11, 12)",
                   "The firmware would skip it: option ROMs hold drivers, no applications.");
  }
  std::string data = pe;
  if (recipe.compress) {
    KEDGE_HOST_TRY(data, efi_compress(as_byte_view(pe)));
  }
  // The list of devices ends with a zero and stands behind the PCI data structure.
  const std::size_t list = kPciDataOffset + kPciDataBytes;
  const std::size_t start = round_up(list + 2 * (recipe.devices.size() + 1), 8);
  const std::size_t units = round_up(start + data.size(), kRomUnit) / kRomUnit;
  if (units > kUnitsMax)
    return failure("a driver is larger than an image of a ROM may be (32 MiB)");
  std::string image(units * kRomUnit, '\0');
  ByteWriter out(std::as_writable_bytes(std::span(image)));
  out.le16(kRomSignature);
  out.le16(static_cast<std::uint16_t>(units));
  out.le32(kEfiRomSignature);
  out.le16(static_cast<std::uint16_t>(info->subsystem));
  out.le16(static_cast<std::uint16_t>(info->machine));
  out.le16(recipe.compress ? 1 : 0);
  out.zeros(8);
  out.le16(static_cast<std::uint16_t>(start));
  out.le16(kPciDataOffset);
  out.zeros(2);
  out.le32(kPciDataSignature);
  out.le16(recipe.vendor);
  out.le16(recipe.devices.front());
  out.le16(kPciDataBytes);
  out.le16(kPciDataBytes);
  out.u8(3);
  out.le16(static_cast<std::uint16_t>(recipe.class_code));
  out.u8(static_cast<std::uint8_t>(recipe.class_code >> 16U));
  out.le16(static_cast<std::uint16_t>(units));
  out.le16(0);
  out.u8(static_cast<std::uint8_t>(CodeType::efi));
  out.u8(last ? kLast : 0);
  out.zeros(6);
  for (const std::uint16_t device : recipe.devices) out.le16(device);
  out.zeros(start - out.size());
  out.text(data);
  if (!out.finish().ok()) return failure("the driver does not fit into its image");
  return image;
}

// The BIOS image, untouched unless it is marked as the last: then without the mark, its checksum
// mended.
Outcome<std::string> bios_image(const std::string& file) {
  KEDGE_HOST_TRY(const OptionRom rom, parse_option_rom(as_byte_view(file)));
  const RomImage& first = rom.images.front();
  if (!first.pci || first.pci->type != CodeType::pc_bios || first.sum != 0 ||
      first.bytes.size() != first.pci->image_bytes) {
    return failure("the BIOS ROM does not begin with a sound BIOS image",
                   "`kedge rom verify` says what is wrong with it.");
  }
  std::string image(as_text(first.bytes));
  if (!first.pci->last) return image;
  constexpr std::size_t kEntryOffset = 3;
  constexpr unsigned char kNearJump = 0xe9;
  if (static_cast<unsigned char>(image[kEntryOffset]) != kNearJump) {
    return failure("the BIOS image is marked as the last, and where its checksum is is not known",
                   "Take the BIOS image of a ROM that has an EFI image behind it.");
  }
  // Only the indicator's bit and the checksum's byte change: the byte behind the entry point's jump
  // (offset 6) is where BIOS ROMs keep it.
  char& indicator = image[first.pci->offset + 0x15];
  indicator = static_cast<char>(static_cast<unsigned char>(indicator) & ~kLast);
  image[6] = static_cast<char>(static_cast<unsigned char>(image[6]) + kLast);
  return image;
}

}  // namespace

Outcome<void> add_id(const MarkedId& id, RomRecipe& recipe) {
  if (recipe.vendor != 0 && recipe.vendor != id.vendor) {
    return failure("the ids have different vendors, and a ROM has one",
                   "Name the ids of one NIC with --id.");
  }
  recipe.vendor = id.vendor;
  if (std::ranges::find(recipe.devices, id.device) == recipe.devices.end()) {
    recipe.devices.push_back(id.device);
  }
  return {};
}

Outcome<void> add_marked_ids(RomRecipe& recipe) {
  for (const std::string& driver : recipe.drivers) {
    const auto marker = find_image_marker(as_byte_view(driver));
    if (!marker || marker->ids.empty()) {
      return failure("a driver does not say for which NICs it is", "Name their ids with --id.");
    }
    for (const MarkedId& id : marker->ids) KEDGE_HOST_CHECK(add_id(id, recipe));
  }
  return {};
}

Outcome<std::string> build_rom(const RomRecipe& recipe) {
  if (recipe.drivers.empty()) return failure("no driver to pack");
  if (recipe.devices.empty() || recipe.devices.size() > kDeviceIdsMax ||
      std::ranges::find(recipe.devices, 0) != recipe.devices.end()) {
    return failure("device ids are missing, too many, or zero");
  }
  std::string rom;
  if (!recipe.bios.empty()) {
    KEDGE_HOST_TRY(rom, bios_image(recipe.bios));
  }
  for (std::size_t i = 0; i < recipe.drivers.size(); ++i) {
    KEDGE_HOST_TRY(const std::string image,
                   efi_image(recipe, recipe.drivers[i], i + 1 == recipe.drivers.size()));
    rom += image;
  }
  if (recipe.size == 0) return rom;
  if (!std::has_single_bit(recipe.size)) {
    return failure(fmt::format("{} is no power of two, which sizes of ROMs are", recipe.size));
  }
  if (rom.size() > recipe.size) {
    return failure(fmt::format("the images take {} bytes, {} more than the size class {}",
                               rom.size(), rom.size() - recipe.size, recipe.size));
  }
  rom.resize(recipe.size, kPadding);
  return rom;
}

}  // namespace kedge::host
