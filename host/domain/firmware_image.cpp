// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "domain/firmware_image.h"

#include <lzma.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "support/pattern.h"

namespace kedge::host {
namespace {

using Guid = std::array<std::uint8_t, 16>;

// LzmaDecompress of edk2 (MdeModulePkg): a section whose data is an .lzma file.
constexpr Guid kLzmaSection = {0x98, 0x58, 0x4e, 0xee, 0x14, 0x39, 0x59, 0x42,
                               0x9d, 0x6e, 0xdc, 0x7b, 0xd7, 0x94, 0x03, 0xcf};
// UEFI 2.10, 37.5: EFI_RNG_PROTOCOL.
constexpr Guid kRngProtocol = {0xa5, 0xbc, 0x52, 0x31, 0xde, 0xea, 0x3d, 0x43,
                               0x86, 0x2e, 0xc0, 0x1c, 0xdc, 0x29, 0x1f, 0x44};
// Firmware volume header: signature at 40, length at 32, header length at 48.
constexpr std::string_view kVolumeSignature = "_FVH";
constexpr std::size_t kVolumeSignatureOffset = 40;
constexpr std::size_t kFileHeaderBytes = 24;
constexpr std::size_t kLargeFileHeaderBytes = 32;
constexpr std::uint8_t kLargeFile = 0x01;        // FFS_ATTRIB_LARGE_FILE
constexpr std::uint8_t kSectionGuidDefined = 2;  // EFI_SECTION_GUID_DEFINED
constexpr std::uint8_t kSectionName = 0x15;      // EFI_SECTION_USER_INTERFACE
constexpr std::size_t kSectionsPerFileMax = 64;

std::string_view text_of(const Guid& guid) {
  return {reinterpret_cast<const char*>(guid.data()), guid.size()};
}

std::size_t u24(ByteView bytes, std::size_t at) {
  return std::to_integer<std::size_t>(bytes[at]) |
         std::to_integer<std::size_t>(bytes[at + 1]) << 8 |
         std::to_integer<std::size_t>(bytes[at + 2]) << 16;
}

std::size_t number(ByteView bytes, std::size_t at, std::size_t count) {
  std::size_t value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    value |= std::to_integer<std::size_t>(bytes[at + i]) << (8 * i);
  }
  return value;
}

std::optional<std::string> unpack_lzma(ByteView packed) {
  lzma_stream stream = LZMA_STREAM_INIT;
  constexpr std::uint64_t kMemoryMax = 256U << 20;
  if (lzma_alone_decoder(&stream, kMemoryMax) != LZMA_OK) return std::nullopt;
  std::string plain;
  stream.next_in = reinterpret_cast<const std::uint8_t*>(packed.data());
  stream.avail_in = packed.size();
  lzma_ret result = LZMA_OK;
  constexpr std::size_t kStep = 4U << 20;
  while (result == LZMA_OK && plain.size() < kFirmwareUnpackedBytesMax) {
    const std::size_t done = plain.size();
    plain.resize(done + kStep);
    stream.next_out = reinterpret_cast<std::uint8_t*>(plain.data()) + done;
    stream.avail_out = kStep;
    result = lzma_code(&stream, LZMA_RUN);
    const std::size_t got = kStep - stream.avail_out;
    plain.resize(done + got);
    if (got == 0 && result == LZMA_OK) break;
  }
  lzma_end(&stream);
  if (result != LZMA_STREAM_END) return std::nullopt;
  return plain;
}

// The bytes with all compressed sections unpacked behind them.
std::vector<std::string> unpacked_sections(ByteView file) {
  std::vector<std::string> parts;
  const std::string_view text = as_text(file);
  std::size_t tried = 0;
  constexpr std::size_t kGuidOffset = 4;  // behind the section's length and type
  for (std::size_t at = text.find(text_of(kLzmaSection));
       at != std::string_view::npos && tried < kFirmwareSectionsMax;
       at = text.find(text_of(kLzmaSection), at + 1)) {
    if (at < kGuidOffset || at + 20 > file.size()) continue;
    const std::size_t begin = at - kGuidOffset;
    if (std::to_integer<std::uint8_t>(file[at - 1]) != kSectionGuidDefined) continue;
    const std::size_t bytes = u24(file, begin);
    const std::size_t data = number(file, at + 16, 2);
    if (data < 24 || data >= bytes || bytes > file.size() - begin) continue;
    ++tried;
    if (auto plain = unpack_lzma(file.subspan(begin + data, bytes - data))) {
      parts.push_back(*std::move(plain));
    }
  }
  return parts;
}

// The name in a file's user interface section; ASCII only.
std::string file_name(ByteView body) {
  std::size_t at = 0;
  for (std::size_t i = 0; i < kSectionsPerFileMax && at + 4 <= body.size(); ++i) {
    const std::size_t bytes = u24(body, at);
    if (bytes < 4 || bytes > body.size() - at) return {};
    if (std::to_integer<std::uint8_t>(body[at + 3]) == kSectionName) {
      std::string name;
      for (std::size_t c = at + 4; c + 1 < at + bytes; c += 2) {
        const auto letter = static_cast<char>(number(body, c, 2) & 0x7f);
        if (letter == '\0') break;
        name += letter;
      }
      return name;
    }
    at = (at + bytes + 3) & ~std::size_t{3};
  }
  return {};
}

void read_volume(ByteView volume, std::size_t& files, FirmwareImage& image) {
  std::size_t at = number(volume, 48, 2);
  while (at + kFileHeaderBytes <= volume.size() && files++ < kFirmwareFilesMax) {
    at = (at + 7) & ~std::size_t{7};
    if (at + kLargeFileHeaderBytes > volume.size()) return;
    std::size_t bytes = u24(volume, at + 20);
    std::size_t header = kFileHeaderBytes;
    if ((std::to_integer<std::uint8_t>(volume[at + 19]) & kLargeFile) != 0) {
      bytes = number(volume, at + 24, 8);
      header = kLargeFileHeaderBytes;
    }
    if (bytes <= header || bytes > volume.size() - at) return;
    const ByteView body = volume.subspan(at + header, bytes - header);
    std::string name = file_name(body);
    if (name == "Ip4Dxe" || name == "Ip6Dxe") {
      image.stack_needs_random |= as_text(body).contains(text_of(kRngProtocol));
    }
    if (!name.empty()) image.drivers.insert(std::move(name));
    at += bytes;
  }
}

void read_volumes(ByteView bytes, std::size_t& files, FirmwareImage& image) {
  const std::string_view text = as_text(bytes);
  for (std::size_t at = text.find(kVolumeSignature); at != std::string_view::npos;
       at = text.find(kVolumeSignature, at + 1)) {
    if (at < kVolumeSignatureOffset) continue;
    const std::size_t begin = at - kVolumeSignatureOffset;
    if (begin + 56 > bytes.size()) return;
    const std::size_t length = number(bytes, begin + 32, 8);
    if (length < 56 || length > bytes.size() - begin) continue;
    read_volume(bytes.subspan(begin, length), files, image);
  }
}

// Distributions put their package's version into PcdFirmwareVersionString, which is UTF-16 text.
std::string find_version(ByteView bytes) {
  static const Pattern kVersion = Pattern::must_compile("^(edk2-)?(stable)?20[12][0-9](\\.|[01])");
  const std::string_view text = as_text(bytes);
  using namespace std::string_view_literals;
  for (std::size_t at = text.find("2\0000\000"sv); at != std::string_view::npos;
       at = text.find("2\0000\000"sv, at + 1)) {
    std::size_t begin = at;
    constexpr std::size_t kPrefixMax = 12;
    const auto is_letter = [&](std::size_t p) {
      return p + 1 < text.size() && text[p + 1] == '\0' && text[p] > ' ' && text[p] <= '~';
    };
    while (begin >= 2 && at - begin < 2 * kPrefixMax && is_letter(begin - 2)) begin -= 2;
    std::string word;
    constexpr std::size_t kVersionMax = 64;
    for (std::size_t p = begin; is_letter(p) && word.size() < kVersionMax; p += 2) word += text[p];
    constexpr std::size_t kVersionMin = 7;
    if (word.size() >= kVersionMin && kVersion.search(word)) return word;
  }
  return {};
}

}  // namespace

bool is_firmware_image(ByteView file) {
  // AArch64's images have code in front of their volume.
  constexpr std::size_t kSearched = 64U << 10;
  return as_text(file.first(std::min(file.size(), kSearched))).contains(kVolumeSignature);
}

Outcome<FirmwareImage> read_firmware_image(ByteView file) {
  if (file.size() > kFirmwareBytesMax) return failure("too large for a firmware image");
  FirmwareImage image;
  std::size_t files = 0;
  read_volumes(file, files, image);
  for (const std::string& part : unpacked_sections(file)) {
    read_volumes(as_byte_view(part), files, image);
    if (image.version.empty()) image.version = find_version(as_byte_view(part));
  }
  if (image.drivers.empty()) return failure("no firmware volume with drivers was found in it");
  return image;
}

}  // namespace kedge::host
