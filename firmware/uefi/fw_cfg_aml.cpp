// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/fw_cfg_place.h"

namespace kedge::uefi {
namespace {

// ACPI 6.5, 20.2 and 20.3: the opcodes of what QEMU says about the device.
constexpr std::byte kExtended{0x5b};
constexpr std::byte kDevice{0x82};
constexpr std::uint8_t kName = 0x08;
constexpr std::uint8_t kMethod = 0x14;
constexpr std::uint8_t kZero = 0x00;
constexpr std::uint8_t kOne = 0x01;
constexpr std::uint8_t kOnes = 0xff;
constexpr std::uint8_t kByte = 0x0a;
constexpr std::uint8_t kWord = 0x0b;
constexpr std::uint8_t kDoubleWord = 0x0c;
constexpr std::uint8_t kQuadWord = 0x0e;
constexpr std::uint8_t kString = 0x0d;
constexpr std::uint8_t kBuffer = 0x11;
constexpr std::uint8_t kPackage = 0x12;

// 6.4: resource descriptors.
constexpr std::uint8_t kLargeItem = 0x80;
constexpr std::uint8_t kEndTag = 0x0f;
constexpr std::uint8_t kMemory32Fixed = 0x86;
constexpr std::uint8_t kQuadWordAddress = 0x8a;
constexpr std::uint8_t kMemoryRange = 0;

constexpr std::string_view kHardwareId = "QEMU0002";
constexpr std::size_t kNameBytes = 4;
// QEMU's whole device has about 60 bytes.
constexpr std::size_t kDeviceBytesMax = 1024;
constexpr unsigned kTermsMax = 32;
constexpr unsigned kResourcesMax = 16;
constexpr std::uint64_t kPresent = 1;  // 6.3.7: bit 0 of _STA

struct Value {
  std::uint64_t integer = 0;
  std::string_view text;
  ByteView buffer;
};

// 20.2.4: the rest of a package that begins with its length.
ByteReader package(ByteReader& reader) noexcept {
  const std::uint8_t lead = reader.u8();
  const unsigned more = lead >> 6;
  std::size_t bytes = more == 0 ? lead & 0x3fU : lead & 0x0fU;
  for (unsigned i = 0; i < more; ++i) bytes |= std::size_t{reader.u8()} << (4 + 8 * i);
  if (bytes <= more) reader.fail();
  return reader.sub(bytes - 1 - more);
}

// Constants only; anything else fails the reader.
Value value(ByteReader& reader, bool is_buffer_size = false) noexcept {
  Value found;
  const std::uint8_t operation = reader.u8();
  switch (operation) {
    case kZero:
      break;
    case kOne:
      found.integer = 1;
      break;
    case kOnes:
      found.integer = ~std::uint64_t{0};
      break;
    case kByte:
      found.integer = reader.u8();
      break;
    case kWord:
      found.integer = reader.le16();
      break;
    case kDoubleWord:
      found.integer = reader.le32();
      break;
    case kQuadWord:
      found.integer = reader.le64();
      break;
    default:
      if (is_buffer_size) {
        reader.fail();
      } else if (operation == kString) {
        ByteReader look = reader;
        const std::string_view rest = as_text(look.rest());
        const std::size_t size = rest.find('\0');
        if (size == std::string_view::npos) reader.fail();
        found.text = rest.substr(0, size);
        reader.skip(found.text.size() + 1);
      } else if (operation == kBuffer) {
        ByteReader inside = package(reader);
        (void)value(inside, true);  // the bytes that are there say it, too
        if (!inside.ok()) reader.fail();
        found.buffer = inside.rest();
      } else if (operation == kPackage) {
        (void)package(reader);
      } else {
        reader.fail();
      }
  }
  return found;
}

std::optional<FwCfgPlace> place(ByteView resources) noexcept {
  ByteReader reader(resources);
  for (unsigned i = 0; i < kResourcesMax; ++i) {
    const std::uint8_t tag = reader.u8();
    const bool large = (tag & kLargeItem) != 0;
    ByteReader item = reader.sub(large ? reader.le16() : tag & 7U);
    if (!reader.ok() || (!large && tag >> 3 == kEndTag)) return std::nullopt;
    FwCfgPlace found;
    if (tag == kMemory32Fixed) {  // 6.4.3.4
      item.skip(1);
      found.address = item.le32();
      found.bytes = item.le32();
    } else if (tag == kQuadWordAddress) {  // 6.4.3.5.1
      const bool is_memory = item.u8() == kMemoryRange;
      item.skip(2 + 8);
      found.address = item.le64();
      item.skip(8);
      const std::uint64_t translation = item.le64();
      found.bytes = item.le64();
      if (!is_memory || translation != 0) continue;
    } else {
      continue;
    }
    if (item.ok() && found.is_usable()) return found;
  }
  return std::nullopt;
}

// The content of a device's package: its name, then terms.
std::optional<FwCfgPlace> read_device(ByteReader reader) noexcept {
  if (reader.remaining() > kDeviceBytesMax) return std::nullopt;
  reader.skip(kNameBytes);
  bool is_device = false;
  bool is_present = true;
  ByteView resources;
  for (unsigned i = 0; i < kTermsMax && reader.ok() && !reader.at_end(); ++i) {
    const std::uint8_t operation = reader.u8();
    if (operation == kMethod) {
      (void)package(reader);
      continue;
    }
    if (operation != kName) return std::nullopt;
    const std::string_view name = as_text(reader.bytes(kNameBytes));
    const Value found = value(reader);
    if (!reader.ok()) return std::nullopt;
    if (name == "_HID") is_device = found.text == kHardwareId;
    if (name == "_STA") is_present = (found.integer & kPresent) != 0;
    if (name == "_CRS") resources = found.buffer;
  }
  if (!reader.ok() || !reader.at_end() || !is_device || !is_present) return std::nullopt;
  return place(resources);
}

}  // namespace

std::optional<FwCfgPlace> find_fw_cfg_in_aml(ByteView code) noexcept {
  for (std::size_t i = 0; i + 2 < code.size(); ++i) {
    if (code[i] != kExtended || code[i + 1] != kDevice) continue;
    ByteReader reader(code.subspan(i + 2));
    const ByteReader inside = package(reader);
    if (!reader.ok()) continue;
    if (const auto found = read_device(inside)) return found;
  }
  return std::nullopt;
}

}  // namespace kedge::uefi
