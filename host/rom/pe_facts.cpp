// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "rom/pe_facts.h"

#include <fmt/format.h>

#include <algorithm>

#include "rom/code_references.h"

namespace kedge::host {
namespace {

// The PE format specification, "Optional Header" and "Section Table".
constexpr std::size_t kPeOffsetField = 0x3c;
constexpr std::uint16_t kPe32Plus = 0x20b;
constexpr std::size_t kSecurityDirectory = 4;
constexpr std::size_t kRelocationDirectory = 5;
constexpr std::size_t kDebugDirectory = 6;
constexpr std::uint32_t kExecutable = 0x20000000;
constexpr std::uint32_t kWritable = 0x80000000;
constexpr std::uint32_t kCodeView = 2;
constexpr std::size_t kDebugEntryBytes = 28;
constexpr std::size_t kDebugEntriesMax = 16;
constexpr std::uint32_t kCodeViewRsds = 0x53445352;  // "RSDS": GUID, age, name
constexpr std::uint32_t kCodeViewNb10 = 0x3031424e;  // "NB10": offset, time, age, name
constexpr std::size_t kGuidCopiesMax = 8;
constexpr std::size_t kPathBytesMax = 512;

struct Directory {
  std::uint32_t address = 0;
  std::uint32_t bytes = 0;
};

// What files say may reach a terminal.
std::string printable(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if ((c < ' ' && c != '\n') || c > '~') c = '?';
  }
  return result;
}

std::string until_zero(ByteView bytes) {
  const std::string_view text = as_text(bytes.first(std::min(bytes.size(), kPathBytesMax)));
  return printable(text.substr(0, text.find('\0')));
}

void read_code_view(ByteView pe, std::uint32_t offset, PeFacts& facts) {
  ByteReader reader(pe);
  reader.skip(offset);
  const std::uint32_t signature = reader.le32();
  if (signature == kCodeViewRsds) {
    for (const std::byte byte : reader.bytes(16)) {
      facts.build_id += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
    }
    reader.skip(4);
    // Linkers without an id to write leave zeros.
    if (facts.build_id.find_first_not_of('0') == std::string::npos) facts.build_id.clear();
  } else if (signature == kCodeViewNb10) {
    reader.skip(12);
  } else {
    return;
  }
  facts.debug_path = until_zero(reader.rest());
}

std::size_t file_offset_of(const PeFacts& facts, std::uint32_t address) {
  for (const PeSection& section : facts.sections) {
    if (address >= section.address && address - section.address < section.file_bytes) {
      return std::size_t{section.file_offset} + (address - section.address);
    }
  }
  return address;  // headers are at the same place in the file and in memory
}

void read_debug(ByteView pe, const Directory& debug, PeFacts& facts) {
  if (debug.address == 0) return;
  ByteReader reader(pe);
  reader.skip(file_offset_of(facts, debug.address));
  const std::size_t entries = std::min(debug.bytes / kDebugEntryBytes, kDebugEntriesMax);
  for (std::size_t i = 0; i < entries && reader.ok(); ++i) {
    reader.skip(12);
    const std::uint32_t type = reader.le32();
    reader.skip(8);
    const std::uint32_t offset = reader.le32();
    if (reader.ok() && type == kCodeView) read_code_view(pe, offset, facts);
  }
}

// X.520's commonName, 2.5.4.3, as DER writes an attribute with it: the identifier, then a string.
std::vector<std::string> common_names(ByteView der) {
  constexpr std::string_view kCommonName = "\x06\x03\x55\x04\x03";
  constexpr std::uint8_t kStrings[] = {0x0c, 0x13, 0x14, 0x16};  // UTF-8, printable, T61, IA5
  constexpr std::size_t kNameBytesMax = 127;  // longer ones have a length of two bytes
  std::vector<std::string> names;
  const std::string_view text = as_text(der);
  for (std::size_t at = text.find(kCommonName);
       at != std::string_view::npos && names.size() < kSignatureNamesMax;
       at = text.find(kCommonName, at + 1)) {
    ByteReader reader(der.subspan(at + kCommonName.size()));
    const std::uint8_t type = reader.u8();
    const std::size_t bytes = reader.u8();
    if (bytes > kNameBytesMax || std::ranges::find(kStrings, type) == std::end(kStrings)) continue;
    std::string name = printable(as_text(reader.bytes(bytes)));
    if (reader.ok() && std::ranges::find(names, name) == names.end()) {
      names.push_back(std::move(name));
    }
  }
  return names;
}

// The one directory whose address is a place in the file.
void read_signatures(ByteView pe, const Directory& security, PeFacts& facts) {
  constexpr std::uint16_t kPkcs7 = 2;
  constexpr std::size_t kEntryHeaderBytes = 8;
  if (security.address == 0 || security.address > pe.size()) return;
  const std::size_t end =
      std::min<std::uint64_t>(pe.size(), std::uint64_t{security.address} + security.bytes);
  std::size_t at = security.address;
  while (at + kEntryHeaderBytes <= end && facts.signatures.size() < kPeSignaturesMax) {
    ByteReader reader(pe.subspan(at, end - at));
    const std::size_t bytes = reader.le32();
    reader.skip(2);
    const std::uint16_t type = reader.le16();
    if (bytes <= kEntryHeaderBytes || bytes > end - at) return;
    facts.signatures.push_back(
        {.offset = at,
         .bytes = bytes,
         .type = type == kPkcs7 ? "PKCS#7" : fmt::format("type {:#06x}", type),
         .names = common_names(reader.bytes(bytes - kEntryHeaderBytes))});
    at += (bytes + 7) & ~std::size_t{7};
  }
}

void read_sections(ByteReader& reader, std::size_t count, PeFacts& facts) {
  for (std::size_t i = 0; i < count; ++i) {
    PeSection section{.name = until_zero(reader.bytes(8))};
    section.memory_bytes = reader.le32();
    section.address = reader.le32();
    section.file_bytes = reader.le32();
    section.file_offset = reader.le32();
    reader.skip(12);
    const std::uint32_t flags = reader.le32();
    section.writable = (flags & kWritable) != 0;
    section.executable = (flags & kExecutable) != 0;
    if (reader.ok()) facts.sections.push_back(std::move(section));
  }
}

}  // namespace

ByteView PeSection::data(ByteView pe) const {
  if (file_offset >= pe.size()) return {};
  const std::size_t most = memory_bytes == 0 ? file_bytes : std::min(memory_bytes, file_bytes);
  return pe.subspan(file_offset, std::min<std::size_t>(most, pe.size() - file_offset));
}

Outcome<PeFacts> read_pe_facts(ByteView pe) {
  const auto info = image::PeInfo::parse(pe);
  if (!info) return failure(std::string(info.error().site().text));
  PeFacts facts{.info = *info};
  ByteReader reader(pe);  // PeInfo::parse() has looked at all of the headers' places
  reader.skip(kPeOffsetField);
  const std::uint32_t offset = reader.le32();
  ByteReader headers(pe);
  headers.skip(offset + 6);
  const std::uint16_t sections = headers.le16();
  headers.skip(12);
  const std::uint16_t optional_bytes = headers.le16();
  headers.skip(2);
  ByteReader optional = headers.sub(optional_bytes);
  const bool wide = optional.le16() == kPe32Plus;
  optional.skip(30);
  facts.section_alignment = optional.le32();
  optional.skip(wide ? 72 : 56);
  const std::uint32_t count = optional.le32();
  std::array<Directory, 16> directories;
  for (std::size_t i = 0; i < std::min<std::size_t>(count, directories.size()); ++i) {
    directories[i].address = optional.le32();
    directories[i].bytes = optional.le32();
  }
  read_sections(headers, sections, facts);
  facts.relocation_bytes = directories[kRelocationDirectory].bytes;
  read_debug(pe, directories[kDebugDirectory], facts);
  read_signatures(pe, directories[kSecurityDirectory], facts);
  for (const PeSection& section : facts.sections) {
    if (section.name == ".sbat") {
      const std::string_view text = as_text(section.data(pe));
      facts.sbat = printable(text.substr(0, text.find('\0')));
    }
  }
  return facts;
}

GuidUse find_guid(ByteView pe, const PeFacts& facts, const GuidBytes& guid) {
  GuidUse use;
  const std::string_view text = as_text(pe);
  const std::string_view wanted = as_text(std::as_bytes(std::span(guid)));
  std::size_t copies = 0;
  use.uses = count_references(facts.info.machine, {}, 0, 0);
  for (std::size_t at = text.find(wanted); at != std::string_view::npos;
       at = text.find(wanted, at + wanted.size())) {
    use.carried = true;
    if (!use.uses || ++copies > kGuidCopiesMax) return use;
    const auto holder = std::ranges::find_if(facts.sections, [at](const PeSection& section) {
      return at >= section.file_offset && at - section.file_offset < section.file_bytes;
    });
    if (holder == facts.sections.end()) continue;
    const auto address = static_cast<std::uint32_t>(holder->address + (at - holder->file_offset));
    std::size_t budget = pe.size();  // sections of damaged images may overlap
    for (const PeSection& section : facts.sections) {
      if (!section.executable) continue;
      const ByteView code = section.data(pe);
      if (code.size() > budget) break;
      budget -= code.size();
      *use.uses += *count_references(facts.info.machine, code, section.address, address);
    }
  }
  return use;
}

}  // namespace kedge::host
