// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "rom/option_rom.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <numeric>

#include "rom/efi_compression.h"

namespace kedge::host {
namespace {

constexpr std::size_t kPciPointerField = 0x18;
constexpr std::uint8_t kLastImage = 0x80;
constexpr std::size_t kBarBytesMin = 2048;  // PCI Local Bus 3.0, 6.2.5.2
constexpr std::uint16_t kDosMagic = 0x5a4d;

std::uint16_t le16_at(ByteView bytes, std::size_t offset) {
  ByteReader reader(bytes);
  reader.skip(offset);
  return reader.le16();
}

void read_device_list(ByteView image, std::size_t offset, PciData& data) {
  ByteReader reader(image);
  reader.skip(offset);
  while (data.more_devices.size() < kDeviceIdsMax) {
    const std::uint16_t device = reader.le16();
    if (!reader.ok() || device == 0) return;  // zero ends the list
    data.more_devices.push_back(device);
  }
}

// `rest` is the file from the image on.
Outcome<PciData> read_pci_data(ByteView rest, std::size_t pointer, std::size_t file_offset) {
  ByteReader reader(rest);
  reader.skip(pointer);
  if (reader.le32() != kPciDataSignature || !reader.ok()) {
    return failure(
        fmt::format("offset {:#x}: no PCI data structure (\"PCIR\") where the header at "
                    "{:#x} points to",
                    file_offset + pointer, file_offset));
  }
  PciData data{.offset = pointer, .vendor = reader.le16(), .device = reader.le16()};
  const std::uint16_t list = reader.le16();
  data.length = reader.le16();
  data.revision = reader.u8();
  data.class_code = reader.le16();
  data.class_code |= static_cast<std::uint32_t>(reader.u8()) << 16U;
  data.image_bytes = reader.le16() * kRomUnit;
  data.code_revision = reader.le16();
  data.type = CodeType{reader.u8()};
  data.last = (reader.u8() & kLastImage) != 0;
  if (!reader.ok()) {
    return failure(
        fmt::format("offset {:#x}: the PCI data structure is cut off", file_offset + pointer));
  }
  // Before revision 3 the field pointed to vital product data.
  if (data.revision >= 3 && list != 0) read_device_list(rest, pointer + list, data);
  return data;
}

EfiRomHeader read_efi_header(ByteView rest) {
  ByteReader reader(rest);
  reader.skip(2);
  EfiRomHeader header{.initialization_bytes = reader.le16() * kRomUnit};
  reader.skip(4);  // the signature
  header.subsystem = reader.le16();
  header.machine = reader.le16();
  header.compression = reader.le16();
  reader.skip(8);
  header.image_offset = reader.le16();
  return header;
}

Outcome<RomImage> read_image(ByteView file, std::size_t offset) {
  const ByteView rest = file.subspan(offset);
  if (rest.size() < kPciPointerField + 2) {
    return failure(
        fmt::format("offset {:#x}: {} bytes, too few for a ROM header", offset, rest.size()));
  }
  if (le16_at(rest, 0) != kRomSignature) {
    return failure(
        fmt::format("offset {:#x}: no option ROM: it begins with {:02x} {:02x}, not 55 aa", offset,
                    std::to_integer<unsigned>(rest[0]), std::to_integer<unsigned>(rest[1])));
  }
  RomImage image{.offset = offset};
  image.header_bytes = std::to_integer<std::size_t>(rest[2]) * kRomUnit;
  const std::size_t pointer = le16_at(rest, kPciPointerField);
  std::size_t bytes = image.header_bytes;
  if (pointer != 0) {
    KEDGE_HOST_TRY(image.pci, read_pci_data(rest, pointer, offset));
    bytes = image.pci->image_bytes;
    ByteReader reader(rest);
    reader.skip(4);
    if (image.pci->type == CodeType::efi && reader.le32() == kEfiRomSignature) {
      image.efi = read_efi_header(rest);
    }
  }
  image.bytes = rest.first(std::min(bytes, rest.size()));
  image.sum =
      std::accumulate(image.bytes.begin(), image.bytes.end(), std::uint8_t{0},
                      [](std::uint8_t sum, std::byte byte) {
                        return static_cast<std::uint8_t>(sum + std::to_integer<std::uint8_t>(byte));
                      });
  return image;
}

void end_chain(OptionRom& rom, std::size_t offset, std::string what) {
  rom.problems.push_back({offset, std::move(what)});
}

}  // namespace

std::string code_type_name(CodeType type) {
  switch (type) {
    case CodeType::pc_bios:
      return "BIOS";
    case CodeType::open_firmware:
      return "Open Firmware";
    case CodeType::hp_pa_risc:
      return "PA-RISC";
    case CodeType::efi:
      return "EFI";
  }
  return fmt::format("type {}", static_cast<unsigned>(type));
}

Outcome<OptionRom> parse_option_rom(ByteView file) {
  OptionRom rom{.file = file};
  if (file.size() > kRomBytesMax) {
    return failure(fmt::format("larger than {} bytes, which no option ROM is", kRomBytesMax));
  }
  if (le16_at(file, 0) == kDosMagic) {
    rom.images.push_back({.bytes = file, .is_plain_pe = true});
    rom.chain_bytes = file.size();
    return rom;
  }
  for (;;) {
    auto image = read_image(file, rom.chain_bytes);
    if (!image) {
      if (rom.images.empty()) return std::unexpected(image.error());
      end_chain(rom, rom.chain_bytes,
                "no image here, and the one before was not marked as the last");
      rom.problems.push_back({rom.chain_bytes, image.error().what});
      return rom;
    }
    const std::size_t bytes = image->pci ? image->pci->image_bytes : image->header_bytes;
    const std::size_t here = rom.chain_bytes;
    const bool last = !image->pci || image->pci->last;
    const std::size_t present = image->bytes.size();
    rom.images.push_back(*std::move(image));
    rom.chain_bytes += present;
    if (bytes == 0) {
      end_chain(rom, here, "the image's length is zero; some firmware hangs on this");
      return rom;
    }
    if (present < bytes) {
      end_chain(
          rom, here,
          fmt::format("the image should have {} bytes; the file ends after {}", bytes, present));
      return rom;
    }
    if (last) return rom;
    if (rom.images.size() == kRomImagesMax) {
      end_chain(rom, here, fmt::format("more than {} images", kRomImagesMax));
      return rom;
    }
    if (rom.chain_bytes == file.size()) {
      end_chain(rom, here, "the file ends here, and the image is not marked as the last");
      return rom;
    }
  }
}

Outcome<std::string> pe_of(const RomImage& image) {
  if (image.is_plain_pe) return std::string(as_text(image.bytes));
  if (!image.efi) return failure(fmt::format("offset {:#x}: not an EFI image", image.offset));
  const EfiRomHeader& header = *image.efi;
  const std::size_t end = std::min(header.initialization_bytes, image.bytes.size());
  if (header.image_offset >= end) {
    return failure(fmt::format("offset {:#x}: the EFI image would begin at {:#x} of {:#x} bytes",
                               image.offset + 0x16, header.image_offset, end));
  }
  const ByteView data = image.bytes.subspan(header.image_offset, end - header.image_offset);
  if (header.compression == 0) return std::string(as_text(data));
  if (header.compression != 1) {
    return failure(fmt::format("offset {:#x}: compression type {} is not known (0 and 1 are)",
                               image.offset + 0x0c, header.compression));
  }
  auto plain = efi_decompress(data);
  if (!plain) {
    return failure(fmt::format("image data at offset {:#x}: {}", image.offset + header.image_offset,
                               plain.error().what),
                   plain.error().advice);
  }
  return plain;
}

std::size_t qemu_bar_bytes(std::size_t file_bytes) {
  return std::max(kBarBytesMin, std::bit_ceil(file_bytes));
}

}  // namespace kedge::host
