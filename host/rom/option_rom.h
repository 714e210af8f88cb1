// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// The structure of PCI option ROMs: PCI Firmware Specification 3.0, 5.1 (headers), and UEFI 2.10,
// 14.4.2 (EFI images in them).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "support/outcome.h"

namespace kedge::host {

inline constexpr std::size_t kRomBytesMax = 64U << 20;
inline constexpr std::size_t kRomImagesMax = 64;
inline constexpr std::size_t kRomUnit = 512;  // lengths in headers count these
inline constexpr std::size_t kDeviceIdsMax = 1024;
inline constexpr std::uint16_t kRomSignature = 0xaa55;
inline constexpr std::uint32_t kEfiRomSignature = 0x0ef1;
inline constexpr std::uint32_t kPciDataSignature = 0x52494350;  // "PCIR"

enum class CodeType : std::uint8_t { pc_bios = 0, open_firmware = 1, hp_pa_risc = 2, efi = 3 };
std::string code_type_name(CodeType type);

// The PCI data structure ("PCIR").
struct PciData {
  std::size_t offset = 0;  // in the image
  std::uint16_t vendor = 0;
  std::uint16_t device = 0;
  std::vector<std::uint16_t> more_devices;  // the device list of revision 3
  std::uint16_t length = 0;
  std::uint8_t revision = 0;
  std::uint32_t class_code = 0;
  std::size_t image_bytes = 0;
  std::uint16_t code_revision = 0;
  CodeType type = CodeType::pc_bios;
  bool last = false;
};

struct EfiRomHeader {
  std::size_t initialization_bytes = 0;
  std::uint16_t subsystem = 0;
  std::uint16_t machine = 0;
  std::uint16_t compression = 0;
  std::size_t image_offset = 0;
};

struct RomImage {
  std::size_t offset = 0;        // in the file
  ByteView bytes;                // as long as its header says, or as the file is
  std::size_t header_bytes = 0;  // BIOS images: the length in the header's third byte
  std::optional<PciData> pci;    // none: an ISA expansion ROM, which no PCI firmware loads
  std::optional<EfiRomHeader> efi;
  std::uint8_t sum = 0;      // of all bytes; 0 is right for BIOS images
  bool is_plain_pe = false;  // the file is no ROM but a PE image

  bool is_efi() const { return efi.has_value() || is_plain_pe; }
};

// Something that is wrong, at an offset of the file.
struct RomProblem {
  std::size_t offset = 0;
  std::string what;
};

// Views into the file's bytes, which must outlive it.
struct OptionRom {
  std::vector<RomImage> images;
  std::vector<RomProblem> problems;  // why the chain of images ends early
  std::size_t chain_bytes = 0;       // what follows is padding or appended data
  ByteView file;
};

// Reads the chain of images. Fails when not even the first is one; the failure names the offset.
// A PE image (an .efi file) is accepted as the only image.
Outcome<OptionRom> parse_option_rom(ByteView file);

// The PE image: unpacked if need be. Fails for images that are not EFI's.
Outcome<std::string> pe_of(const RomImage& image);

// The ROM BAR that QEMU gives a file of this size without `romsize`: the next power of two.
std::size_t qemu_bar_bytes(std::size_t file_bytes);

}  // namespace kedge::host
