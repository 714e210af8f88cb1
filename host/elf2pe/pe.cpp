// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "elf2pe/pe.h"

#include <algorithm>
#include <string_view>

#include "base/bytes.h"
#include "base/format.h"

namespace kedge::host::elf2pe {
namespace {

// Names and numbers of the PE/COFF specification, chapters 2 to 4.
constexpr std::uint32_t kFileAlignment = 512;
constexpr std::uint32_t kSectionAlignment = 4096;
constexpr std::uint32_t kPeOffset = 64;  // right behind the DOS header, which nothing runs
constexpr std::uint16_t kOptionalHeaderBytes = 240;
constexpr std::uint32_t kDirectoryCount = 16;
constexpr std::uint32_t kBaseRelocationDirectory = 5;
constexpr std::uint32_t kSectionHeaderBytes = 40;
constexpr std::uint32_t kCode = 0x20, kInitialized = 0x40, kDiscardable = 0x02000000,
                        kExecute = 0x20000000, kRead = 0x40000000, kWrite = 0x80000000;
constexpr std::uint16_t kExecutableImage = 0x0002, kLineNumbersStripped = 0x0004,
                        kLargeAddressAware = 0x0020, kDebugStripped = 0x0200;
constexpr std::uint16_t kHighEntropy = 0x0020, kDynamicBase = 0x0040, kNxCompatible = 0x0100;
constexpr unsigned kDir64 = 10;  // IMAGE_REL_BASED_DIR64

struct Section {
  std::string_view name;
  std::uint32_t address;
  std::uint32_t memory_bytes;
  std::uint32_t flags;
  std::vector<std::byte> data;
  std::uint32_t file_offset = 0;

  std::uint32_t file_bytes() const { return static_cast<std::uint32_t>(data.size()); }
};

std::uint32_t round_up(std::size_t value, std::uint32_t unit) {
  return static_cast<std::uint32_t>((value + unit - 1) / unit * unit);
}

std::uint16_t machine_number(Machine machine) {
  switch (machine) {
    case Machine::x86_64:
      return 0x8664;
    case Machine::aarch64:
      return 0xAA64;
    case Machine::riscv64:
      return 0x5064;
    case Machine::loongarch64:
      return 0x6264;
  }
  throw InputError("unknown machine");
}

void append_le16(std::vector<std::byte>& bytes, unsigned value) {
  bytes.push_back(static_cast<std::byte>(value & 0xFF));
  bytes.push_back(static_cast<std::byte>(value >> 8 & 0xFF));
}

void append_le32(std::vector<std::byte>& bytes, std::uint32_t value) {
  append_le16(bytes, value & 0xFFFF);
  append_le16(bytes, value >> 16);
}

// PE/COFF 5.6: one block for each page, padded to 32 bits.
std::vector<std::byte> base_relocations(const std::vector<std::uint64_t>& addresses) {
  std::vector<std::byte> bytes;
  for (std::size_t i = 0; i < addresses.size();) {
    const std::uint64_t page = addresses[i] / kPageBytes;
    std::size_t end = i;
    while (end < addresses.size() && addresses[end] / kPageBytes == page) ++end;
    const std::size_t count = end - i;
    append_le32(bytes, static_cast<std::uint32_t>(page * kPageBytes));
    append_le32(bytes, static_cast<std::uint32_t>(8 + (count + count % 2) * 2));
    for (; i < end; ++i)
      append_le16(bytes, kDir64 << 12 | static_cast<unsigned>(addresses[i] % kPageBytes));
    if (count % 2 != 0) append_le16(bytes, 0);
  }
  // No block at all would mean that the image cannot be moved.
  if (bytes.empty()) {
    append_le32(bytes, 0);
    append_le32(bytes, 8);
  }
  return bytes;
}

std::string_view name_of(const Segment& segment, bool first_of_its_kind) {
  if (segment.executable) return first_of_its_kind ? ".text" : ".text2";
  if (segment.writable) return first_of_its_kind ? ".data" : ".data2";
  return first_of_its_kind ? ".rdata" : ".relro";
}

std::uint32_t flags_of(const Segment& segment) {
  if (segment.executable) return kCode | kExecute | kRead;
  return kInitialized | kRead | (segment.writable ? kWrite : 0);
}

std::vector<Section> make_sections(const Image& image, const PeOptions& options) {
  std::vector<Section> sections;
  for (const Segment& segment : image.segments) {
    const std::uint32_t flags = flags_of(segment);
    const bool first =
        std::ranges::none_of(sections, [&](const Section& other) { return other.flags == flags; });
    Section section{name_of(segment, first), static_cast<std::uint32_t>(segment.address),
                    static_cast<std::uint32_t>(segment.memory_bytes), flags, segment.data};
    // Zeros at the end come from the loader.
    while (!section.data.empty() && section.data.back() == std::byte{0}) section.data.pop_back();
    sections.push_back(std::move(section));
  }
  const auto add = [&](std::string_view name, std::uint32_t flags, std::vector<std::byte> data) {
    const Section& last = sections.back();
    const std::uint32_t address =
        round_up(std::size_t{last.address} + last.memory_bytes, kSectionAlignment);
    const auto bytes = static_cast<std::uint32_t>(data.size());
    sections.push_back({name, address, bytes, flags, std::move(data)});
  };
  add(".reloc", kInitialized | kDiscardable | kRead, base_relocations(image.relocations));
  if (!options.sbat.empty()) {
    const ByteView text = as_byte_view(options.sbat);
    add(".sbat", kInitialized | kRead, {text.begin(), text.end()});
  }
  return sections;
}

struct Totals {
  std::uint32_t code = 0;
  std::uint32_t data = 0;
  std::uint32_t zeros = 0;
};

Totals add_up(const std::vector<Section>& sections) {
  Totals totals;
  for (const Section& section : sections) {
    const std::uint32_t in_file = round_up(section.file_bytes(), kFileAlignment);
    ((section.flags & kCode) != 0 ? totals.code : totals.data) += in_file;
    if (section.memory_bytes > in_file)
      totals.zeros += round_up(section.memory_bytes - in_file, kFileAlignment);
  }
  return totals;
}

void write_optional_header(ByteWriter& out, const Image& image, const PeOptions& options,
                           const std::vector<Section>& sections, std::uint32_t header_bytes) {
  const Totals totals = add_up(sections);
  const auto code =
      std::ranges::find_if(sections, [](const Section& s) { return (s.flags & kCode) != 0; });
  const Section& last = sections.back();
  out.le16(0x020B);  // PE32+
  out.le16(0);       // linker version
  out.le32(totals.code);
  out.le32(totals.data);
  out.le32(totals.zeros);
  out.le32(static_cast<std::uint32_t>(image.entry));
  out.le32(code->address);
  out.le64(0);  // image base: there is none to prefer
  out.le32(kSectionAlignment);
  out.le32(kFileAlignment);
  out.zeros(8);  // operating system and image version
  out.le32(0);   // subsystem version
  out.le32(0);   // reserved
  out.le32(round_up(std::size_t{last.address} + last.memory_bytes, kSectionAlignment));
  out.le32(header_bytes);
  out.le32(0);  // checksum: UEFI asks for none
  out.le16(static_cast<std::uint16_t>(options.subsystem));
  out.le16(kHighEntropy | kDynamicBase | kNxCompatible);
  out.zeros(4 * 8);  // stack and heap: the firmware's
  out.le32(0);       // reserved
  out.le32(kDirectoryCount);
  const auto relocations = std::ranges::find(sections, std::string_view(".reloc"), &Section::name);
  for (std::uint32_t i = 0; i < kDirectoryCount; ++i) {
    const bool is_relocations = i == kBaseRelocationDirectory;
    out.le32(is_relocations ? relocations->address : 0);
    out.le32(is_relocations ? relocations->memory_bytes : 0);
  }
}

void write_headers(ByteWriter& out, const Image& image, const PeOptions& options,
                   const std::vector<Section>& sections, std::uint32_t header_bytes) {
  out.text("MZ");
  out.zeros(kPeOffset - 2 - 4);
  out.le32(kPeOffset);
  out.text(std::string_view("PE\0\0", 4));
  out.le16(machine_number(image.machine));
  out.le16(static_cast<std::uint16_t>(sections.size()));
  out.le32(options.timestamp);
  out.zeros(8);  // symbols
  out.le16(kOptionalHeaderBytes);
  out.le16(kExecutableImage | kLineNumbersStripped | kLargeAddressAware | kDebugStripped);
  write_optional_header(out, image, options, sections, header_bytes);
  for (const Section& section : sections) {
    out.text(section.name);
    out.zeros(8 - section.name.size());
    out.le32(section.memory_bytes);
    out.le32(section.address);
    out.le32(round_up(section.file_bytes(), kFileAlignment));
    out.le32(section.file_offset);
    out.zeros(12);  // relocations and line numbers of object files
    out.le32(section.flags);
  }
}

}  // namespace

std::vector<std::byte> write_pe(const Image& image, const PeOptions& options) {
  std::vector<Section> sections = make_sections(image, options);
  const std::size_t headers =
      kPeOffset + 4 + 20 + kOptionalHeaderBytes + sections.size() * kSectionHeaderBytes;
  const std::uint32_t header_bytes = round_up(headers, kFileAlignment);
  if (header_bytes > sections.front().address) {
    throw InputError(
        kedge::format("the first segment is at {:x}, but the PE headers take {:x} bytes; link with "
                      "--image-base=0x1000",
                      sections.front().address, header_bytes));
  }
  std::uint32_t file_bytes = header_bytes;
  for (Section& section : sections) {
    if (section.data.empty()) continue;
    section.file_offset = file_bytes;
    file_bytes += round_up(section.data.size(), kFileAlignment);
  }
  std::vector<std::byte> file(file_bytes);
  ByteWriter out(std::span(file).first(header_bytes));
  write_headers(out, image, options, sections, header_bytes);
  if (!out.ok()) throw InputError("the PE headers do not fit");
  for (const Section& section : sections) {
    std::ranges::copy(section.data, file.begin() + section.file_offset);
  }
  return file;
}

}  // namespace kedge::host::elf2pe
