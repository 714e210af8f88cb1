// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <algorithm>
#include <cstdint>
#include <map>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "base/format.h"
#include "elf2pe/elf.h"
#include "elf2pe/function_order.h"

namespace kedge::host::elf2pe {
namespace {

// Names and numbers of the System V gABI, chapter 4.
constexpr std::uint32_t kElfMagic = 0x464C457F;
constexpr std::uint32_t kProgramData = 1;        // SHT_PROGBITS
constexpr std::uint32_t kSymbolTable = 2;        // SHT_SYMTAB
constexpr std::uint32_t kStringTable = 3;        // SHT_STRTAB
constexpr std::uint64_t kExecutableSection = 4;  // SHF_EXECINSTR
constexpr std::uint8_t kFunctionType = 2;        // STT_FUNC
constexpr std::uint16_t kSectionHeaderBytes = 64;
constexpr std::uint64_t kSymbolBytes = 24;

struct Section {
  std::uint32_t type = 0;
  std::uint64_t flags = 0;
  std::uint64_t address = 0;
  std::uint32_t link = 0;
  ByteView data;
};

class FunctionReader {
 public:
  explicit FunctionReader(ByteView file) : file_(file) {}

  std::vector<Function> read() {
    read_sections();
    for (const Section& section : sections_) {
      if (section.type == kSymbolTable) read_symbols(section);
    }
    if (found_.empty()) throw InputError("no functions: the file has no symbol table");
    std::vector<Function> functions;
    for (auto& [place, function] : found_) {
      std::ranges::sort(function.names);
      functions.push_back(std::move(function));
    }
    return functions;
  }

 private:
  static ByteView part(ByteView whole, std::uint64_t offset, std::uint64_t bytes,
                       std::string_view what) {
    if (offset > whole.size() || bytes > whole.size() - offset) {
      throw InputError(kedge::format("{} at offset {:x} with {} bytes reaches beyond the end", what,
                                     offset, bytes));
    }
    return whole.subspan(static_cast<std::size_t>(offset), static_cast<std::size_t>(bytes));
  }

  void read_sections() {
    ByteReader header(part(file_, 0, 64, "ELF header"));
    if (header.le32() != kElfMagic || header.u8() != 2 || header.u8() != 1) {
      throw InputError("not a 64-bit little-endian ELF file");
    }
    header.skip(34);  // up to the section headers
    const std::uint64_t table = header.le64();
    header.skip(10);
    const std::uint16_t entry_bytes = header.le16();
    const std::uint16_t count = header.le16();
    if (entry_bytes != kSectionHeaderBytes) {
      throw InputError(kedge::format("section headers of {} bytes, not 64", entry_bytes));
    }
    ByteReader headers(
        part(file_, table, std::uint64_t{count} * kSectionHeaderBytes, "section headers"));
    for (std::uint16_t i = 0; i < count; ++i) {
      Section section;
      headers.skip(4);  // name
      section.type = headers.le32();
      section.flags = headers.le64();
      section.address = headers.le64();
      const std::uint64_t offset = headers.le64();
      const std::uint64_t bytes = headers.le64();
      section.link = headers.le32();
      headers.skip(20);
      const bool code = section.type == kProgramData && (section.flags & kExecutableSection) != 0;
      if (code || section.type == kSymbolTable || section.type == kStringTable) {
        section.data = part(file_, offset, bytes, "section");
      }
      sections_.push_back(section);
    }
  }

  void read_symbols(const Section& table) {
    if (table.link >= sections_.size()) throw InputError("the symbol table has no names");
    const ByteView names = sections_[table.link].data;
    ByteReader symbols(table.data);
    while (symbols.remaining() >= kSymbolBytes) {
      const std::uint32_t name = symbols.le32();
      const std::uint8_t info = symbols.u8();
      symbols.skip(1);
      const std::uint16_t section = symbols.le16();
      const std::uint64_t address = symbols.le64();
      const std::uint64_t bytes = symbols.le64();
      if ((info & 0xF) != kFunctionType || bytes == 0 || section >= sections_.size()) continue;
      const Section& home = sections_[section];
      if ((home.flags & kExecutableSection) == 0 || address < home.address) continue;
      add(name_at(names, name), part(home.data, address - home.address, bytes, "function"),
          address);
    }
  }

  static std::string_view name_at(ByteView names, std::uint32_t offset) {
    if (offset > names.size()) throw InputError("a symbol's name lies outside the table of names");
    const std::string_view rest = as_text(names.subspan(offset));
    const std::size_t end = rest.find('\0');
    if (end == std::string_view::npos) throw InputError("a symbol's name does not end");
    return rest.substr(0, end);
  }

  void add(std::string_view name, ByteView code, std::uint64_t address) {
    Function& function = found_[address];
    if (found_.size() > kFunctionCountMax) {
      throw InputError(kedge::format("more than {} functions", kFunctionCountMax));
    }
    function.names.push_back(name);
    if (code.size() <= function.code.size()) return;
    code_bytes_ += code.size() - function.code.size();
    // A damaged table may name the same bytes again and again.
    if (code_bytes_ > kCodeBytesMax) {
      throw InputError(kedge::format("functions of more than {} bytes", kCodeBytesMax));
    }
    function.code = code;
  }

  ByteView file_;
  std::vector<Section> sections_;
  std::map<std::uint64_t, Function> found_;
  std::size_t code_bytes_ = 0;
};

}  // namespace

std::vector<Function> read_functions(std::span<const std::byte> file) {
  return FunctionReader(file).read();
}

}  // namespace kedge::host::elf2pe
