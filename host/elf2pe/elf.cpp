// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "elf2pe/elf.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>
#include <utility>

#include "base/bytes.h"
#include "base/format.h"

namespace kedge::host::elf2pe {
namespace {

// Names and numbers of the System V gABI, chapters 4 and 5.
constexpr std::uint32_t kElfMagic = 0x464C457F;
constexpr std::uint16_t kTypeDynamic = 3;  // ET_DYN
constexpr std::size_t kElfHeaderBytes = 64;
constexpr std::size_t kProgramHeaderBytes = 56;
constexpr std::uint32_t kLoad = 1, kDynamic = 2, kInterpreter = 3, kRelro = 0x6474E552;
constexpr std::uint32_t kExecutable = 1, kWritable = 2;
constexpr std::uint64_t kTagNeeded = 1, kTagPltRelSize = 2, kTagRela = 7, kTagRelaSize = 8,
                        kTagRel = 17, kTagRelrSize = 35, kTagRelr = 36;
constexpr std::size_t kRelaBytes = 24;

struct MachineFacts {
  std::uint16_t elf_number;
  Machine machine;
  std::uint32_t relative_type;  // the relocation that adds the load address
};
constexpr MachineFacts kMachines[] = {
    {62, Machine::x86_64, 8},        // R_X86_64_RELATIVE
    {183, Machine::aarch64, 1027},   // R_AARCH64_RELATIVE
    {243, Machine::riscv64, 3},      // R_RISCV_RELATIVE
    {258, Machine::loongarch64, 3},  // R_LARCH_RELATIVE
};

struct ProgramHeader {
  std::uint32_t type;
  std::uint32_t flags;
  std::uint64_t offset;
  std::uint64_t address;
  std::uint64_t file_bytes;
  std::uint64_t memory_bytes;
};

// Addresses of tables that the dynamic section names.
struct Table {
  std::uint64_t address = 0;
  std::uint64_t bytes = 0;
};

template <class... Args>
[[noreturn]] void refuse(FormatPattern<std::type_identity_t<Args>...> pattern,
                         const Args&... args) {
  throw InputError(kedge::format(pattern, args...));
}

class ElfReader {
 public:
  explicit ElfReader(ByteView file) : file_(file) {}

  Image read() {
    read_header();
    read_segments();
    read_relocations();
    check_entry();
    return std::move(image_);
  }

 private:
  // A part of the file, or an error that names what was looked for.
  ByteReader at(std::uint64_t offset, std::uint64_t bytes, std::string_view what) const {
    if (offset > file_.size() || bytes > file_.size() - offset) {
      refuse("{} at offset {:x} with {} bytes reaches beyond the end of the file ({} bytes)", what,
             offset, bytes, file_.size());
    }
    return ByteReader(
        file_.subspan(static_cast<std::size_t>(offset), static_cast<std::size_t>(bytes)));
  }

  void read_header() {
    ByteReader header = at(0, kElfHeaderBytes, "ELF header");
    if (header.le32() != kElfMagic) refuse("not an ELF file: offset 0 has no ELF magic");
    if (header.u8() != 2) refuse("not a 64-bit ELF file (byte at offset 4)");
    if (header.u8() != 1) refuse("not a little-endian ELF file (byte at offset 5)");
    header.skip(10);  // version, ABI and padding
    const std::uint16_t type = header.le16();
    if (type != kTypeDynamic) {
      refuse("ELF type {} (offset 10 hex) is not position independent; link with -pie", type);
    }
    const std::uint16_t machine = header.le16();
    const auto* const facts = std::ranges::find(kMachines, machine, &MachineFacts::elf_number);
    if (facts == std::end(kMachines))
      refuse("machine {} (offset 12 hex) has no PE machine here", machine);
    facts_ = *facts;
    image_.machine = facts->machine;
    header.skip(4);
    image_.entry = header.le64();
    const std::uint64_t table = header.le64();
    header.skip(14);  // section headers, flags, size of this header
    const std::uint16_t entry_bytes = header.le16();
    const std::uint16_t count = header.le16();
    if (entry_bytes != kProgramHeaderBytes)
      refuse("program headers of {} bytes, not 56 (offset 36 hex)", entry_bytes);
    if (count > kSegmentCountMax)
      refuse("{} program headers, more than {}", count, kSegmentCountMax);

    ByteReader headers = at(table, std::uint64_t{count} * kProgramHeaderBytes, "program headers");
    for (std::uint16_t i = 0; i < count; ++i) {
      ProgramHeader program{};
      program.type = headers.le32();
      program.flags = headers.le32();
      program.offset = headers.le64();
      program.address = headers.le64();
      headers.skip(8);  // physical address
      program.file_bytes = headers.le64();
      program.memory_bytes = headers.le64();
      headers.skip(8);  // alignment
      headers_.push_back(program);
    }
  }

  void read_segments() {
    for (const ProgramHeader& header : headers_) {
      if (header.type == kInterpreter)
        refuse("the file wants a program interpreter; link with --no-dynamic-linker");
      if (header.type == kLoad && header.memory_bytes > 0) add_segment(header);
    }
    if (image_.segments.empty()) refuse("nothing to load: no PT_LOAD program header");
    std::ranges::sort(image_.segments, {}, &Segment::address);
    protect_after_relocation();
    for (std::size_t i = 1; i < image_.segments.size(); ++i) {
      const Segment& before = image_.segments[i - 1];
      const Segment& segment = image_.segments[i];
      if (before.end() > segment.address ||
          (before.end() - 1) / kPageBytes == segment.address / kPageBytes) {
        refuse(
            "segments at {:x} and {:x} share a page; link with -z separate-code -z "
            "max-page-size=4096",
            before.address, segment.address);
      }
    }
  }

  void add_segment(const ProgramHeader& header) {
    if ((header.flags & kWritable) != 0 && (header.flags & kExecutable) != 0) {
      refuse("the segment at {:x} is writable and executable", header.address);
    }
    if (header.file_bytes > header.memory_bytes) {
      refuse("the segment at {:x} has {} bytes in the file but {} in memory", header.address,
             header.file_bytes, header.memory_bytes);
    }
    if (header.address > kImageBytesMax || header.memory_bytes > kImageBytesMax - header.address) {
      refuse("the segment at {:x} with {} bytes ends above the limit of {} bytes", header.address,
             header.memory_bytes, kImageBytesMax);
    }
    const ByteView data = at(header.offset, header.file_bytes, "segment").rest();
    Segment segment;
    // A segment begins where its data does; in memory its page begins before that.
    const std::uint64_t lead = header.address % kPageBytes;
    segment.address = header.address - lead;
    segment.memory_bytes = header.memory_bytes + lead;
    segment.data.resize(static_cast<std::size_t>(lead));
    segment.data.insert(segment.data.end(), data.begin(), data.end());
    segment.writable = (header.flags & kWritable) != 0;
    segment.executable = (header.flags & kExecutable) != 0;
    image_.segments.push_back(std::move(segment));
  }

  // Makes the pages of PT_GNU_RELRO a segment of their own: the firmware relocates before it
  // protects.
  void protect_after_relocation() {
    for (const ProgramHeader& header : headers_) {
      if (header.type != kRelro || header.memory_bytes == 0) continue;
      const auto found = std::ranges::find_if(image_.segments, [&](const Segment& segment) {
        return segment.writable && segment.address == header.address;
      });
      // The linker puts it at the beginning of a writable segment; elsewhere it merely stays
      // writable.
      if (found == image_.segments.end() || header.memory_bytes > found->memory_bytes) continue;
      if (header.memory_bytes + kPageBytes > found->memory_bytes) {
        found->writable = false;
        continue;
      }
      const std::uint64_t bytes = header.memory_bytes / kPageBytes * kPageBytes;
      if (bytes == 0) continue;
      Segment rest = *found;
      const std::size_t data_bytes =
          std::min<std::size_t>(static_cast<std::size_t>(bytes), rest.data.size());
      found->data.resize(data_bytes);
      found->memory_bytes = bytes;
      found->writable = false;
      rest.address += bytes;
      rest.memory_bytes -= bytes;
      rest.data.erase(rest.data.begin(),
                      rest.data.begin() + static_cast<std::ptrdiff_t>(data_bytes));
      image_.segments.insert(found + 1, std::move(rest));
      return;
    }
  }

  // The segment's bytes from `address` on, or an empty span when that is not data of the file.
  std::span<std::byte> data_at(std::uint64_t address, std::uint64_t bytes) {
    for (Segment& segment : image_.segments) {
      if (address < segment.address || address - segment.address > segment.data.size()) continue;
      const auto offset = static_cast<std::size_t>(address - segment.address);
      if (bytes > segment.data.size() - offset) continue;
      return std::span(segment.data).subspan(offset, static_cast<std::size_t>(bytes));
    }
    return {};
  }

  void read_relocations() {
    Table rela, relr;
    for (const ProgramHeader& header : headers_) {
      if (header.type == kDynamic) read_dynamic(header, rela, relr);
    }
    if (relr.bytes > 0) apply_relr(relr);
    if (rela.bytes > 0) apply_rela(rela);
    std::ranges::sort(image_.relocations);
    const auto twice = std::ranges::adjacent_find(image_.relocations);
    if (twice != image_.relocations.end()) refuse("two relocations at address {:x}", *twice);
  }

  void read_dynamic(const ProgramHeader& header, Table& rela, Table& relr) {
    ByteReader entries = at(header.offset, header.file_bytes, "dynamic section");
    while (entries.remaining() >= 16) {
      const std::uint64_t tag = entries.le64();
      const std::uint64_t value = entries.le64();
      if (tag == 0) return;
      if (tag == kTagNeeded) refuse("the file needs a shared library; link with -static-pie");
      if (tag == kTagRel)
        refuse("relocations without addends (DT_REL) do not exist on these machines");
      if (tag == kTagPltRelSize && value > 0)
        refuse("the file has a procedure linkage table; link with -pie");
      if (tag == kTagRela) rela.address = value;
      if (tag == kTagRelaSize) rela.bytes = value;
      if (tag == kTagRelr) relr.address = value;
      if (tag == kTagRelrSize) relr.bytes = value;
    }
  }

  // The table's bytes, copied: applying relocations writes into segments, and a hostile table may
  // lie there.
  std::vector<std::byte> copy_table(const Table& table, std::size_t entry_bytes,
                                    std::string_view what) {
    if (table.bytes % entry_bytes != 0)
      refuse("{} of {} bytes is no multiple of {}", what, table.bytes, entry_bytes);
    const std::span<std::byte> bytes = data_at(table.address, table.bytes);
    if (bytes.empty()) refuse("{} at address {:x} lies outside the segments", what, table.address);
    return {bytes.begin(), bytes.end()};
  }

  void apply_rela(const Table& table) {
    const std::vector<std::byte> bytes = copy_table(table, kRelaBytes, "relocation table");
    ByteReader entries(bytes);
    while (!entries.at_end()) {
      const std::size_t position = entries.offset();
      const std::uint64_t address = entries.le64();
      const std::uint64_t info = entries.le64();
      const std::uint64_t addend = entries.le64();
      const auto type = static_cast<std::uint32_t>(info);
      if (type == 0) continue;
      if (type != facts_.relative_type || (info >> 32) != 0) {
        refuse(
            "relocation type {} against symbol {} for address {:x} (table offset {:x}): only "
            "relative relocations "
            "can become those of a PE image; is a symbol undefined or the code not -fPIE?",
            type, info >> 32, address, position);
      }
      add_relocation(address, addend);
    }
  }

  // Packed relative relocations (gABI 5, DT_RELR): an even word is an address; an odd one is a
  // bitmap of which of the next 63 words are relocated. Addends are in place.
  void apply_relr(const Table& table) {
    const std::vector<std::byte> bytes = copy_table(table, 8, "packed relocation table");
    ByteReader entries(bytes);
    std::uint64_t next = 0;
    while (!entries.at_end()) {
      const std::uint64_t entry = entries.le64();
      if ((entry & 1) == 0) {
        add_relocation(entry, std::nullopt);
        next = entry + 8;
        continue;
      }
      for (unsigned i = 0; i < 63; ++i) {
        if ((entry >> (i + 1) & 1) != 0) add_relocation(next + i * 8, std::nullopt);
      }
      next += 63 * 8;
    }
  }

  void add_relocation(std::uint64_t address, std::optional<std::uint64_t> addend) {
    if (image_.relocations.size() >= kRelocationCountMax)
      refuse("more than {} relocations", kRelocationCountMax);
    const std::span<std::byte> word = data_at(address, 8);
    if (word.empty())
      refuse("the relocation for address {:x} lies outside the segments' data", address);
    const auto segment = std::ranges::find_if(image_.segments, [&](const Segment& candidate) {
      return address >= candidate.address && address < candidate.end();
    });
    if (segment->executable) {
      refuse("the relocation for address {:x} lies in code; build with -fPIE", address);
    }
    if (addend) ByteWriter(word).le64(*addend);
    const std::uint64_t value = ByteReader(word).le64();
    // One past the end is where end symbols of the last segment point.
    if (value > image_.segments.back().end()) {
      refuse("the relocation for address {:x} points to {:x}, outside the image", address, value);
    }
    image_.relocations.push_back(address);
  }

  void check_entry() const {
    const bool found = std::ranges::any_of(image_.segments, [&](const Segment& segment) {
      return segment.executable && image_.entry >= segment.address && image_.entry < segment.end();
    });
    if (!found) refuse("the entry point {:x} is not in an executable segment", image_.entry);
  }

  ByteView file_;
  MachineFacts facts_{};
  std::vector<ProgramHeader> headers_;
  Image image_;
};

}  // namespace

Image read_elf(std::span<const std::byte> file) {
  return ElfReader(file).read();
}

}  // namespace kedge::host::elf2pe
