// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "image/pe.h"

#include <algorithm>

#include "image/image_errors.h"

namespace kedge::image {
namespace {

constexpr std::uint16_t kDosMagic = 0x5a4d;  // "MZ"
constexpr std::size_t kPeOffsetField = 0x3c;
constexpr std::uint32_t kPeSignature = 0x00004550;  // "PE\0\0"
constexpr std::uint16_t kPe32 = 0x10b;
constexpr std::uint16_t kPe32Plus = 0x20b;
constexpr std::uint16_t kNxCompat = 0x0100;  // DllCharacteristics
constexpr std::size_t kSecurityDirectory = 4;
constexpr std::size_t kDirectoriesMax = 16;
constexpr std::size_t kSectionNameBytes = 8;

void need(PeInfo& info, std::uint64_t offset, std::uint64_t bytes) noexcept {
  if (bytes > 0) info.file_bytes_needed = std::max(info.file_bytes_needed, offset + bytes);
}

/// From the COFF file header on.
Result<ByteReader> coff_header(ByteView bytes) noexcept {
  ByteReader dos(bytes);
  if (dos.le16() != kDosMagic) return fail(err::image_not_pe);
  dos.skip(kPeOffsetField - 2);
  const std::uint32_t offset = dos.le32();
  if (!dos.ok()) return fail(err::image_not_pe);
  ByteReader reader(bytes);
  reader.skip(offset);
  if (reader.le32() != kPeSignature || !reader.ok()) return fail(err::image_not_pe);
  return reader;
}

/// The optional header, which EFI images must have.
Result<void> parse_optional(ByteReader header, PeInfo& info) noexcept {
  const std::uint16_t magic = header.le16();
  if (magic != kPe32 && magic != kPe32Plus) return fail(err::image_bad_pe);
  info.is_64_bit = magic == kPe32Plus;
  // Linker version, sizes, entry point, base of code (and of data): not of interest.
  header.skip(info.is_64_bit ? 22 : 26);
  header.skip(info.is_64_bit ? 8 : 4);  // image base
  header.skip(4 + 4 + 2 + 2);           // alignments, operating system version
  info.major_image_version = header.le16();
  info.minor_image_version = header.le16();
  header.skip(2 + 2 + 4);  // subsystem version, reserved
  info.memory_bytes = header.le32();
  header.skip(4 + 4);  // header size, checksum
  info.subsystem = Subsystem{header.le16()};
  info.has_nx_compat = (header.le16() & kNxCompat) != 0;
  header.skip(info.is_64_bit ? 32 : 16);  // stack and heap sizes
  header.skip(4);                         // loader flags
  const std::uint32_t directories = header.le32();
  if (!header.ok() || directories > kDirectoriesMax) return fail(err::image_bad_pe);
  for (std::size_t i = 0; i < directories; ++i) {
    const std::uint32_t address = header.le32();
    const std::uint32_t bytes = header.le32();
    if (i != kSecurityDirectory) continue;
    info.has_signature = address != 0 && bytes != 0;
    need(info, address, bytes);  // a file offset, other than in all other directories
  }
  return header.ok() ? Result<void>() : fail(err::image_bad_pe);
}

}  // namespace

std::string_view machine_name(Machine machine) noexcept {
  switch (machine) {
    case Machine::i386:
      return "i386";
    case Machine::arm:
      return "arm";
    case Machine::ebc:
      return "EFI byte code";
    case Machine::riscv32:
      return "riscv32";
    case Machine::riscv64:
      return "riscv64";
    case Machine::loongarch64:
      return "loongarch64";
    case Machine::x86_64:
      return "x86_64";
    case Machine::aarch64:
      return "aarch64";
    case Machine::unknown:
      break;
  }
  return "an unknown machine";
}

Result<PeInfo> PeInfo::parse(ByteView bytes) noexcept {
  KEDGE_TRY(ByteReader reader, coff_header(bytes));
  PeInfo info;
  info.machine = Machine{reader.le16()};
  const std::uint16_t sections = reader.le16();
  reader.skip(4 + 4 + 4);  // time stamp, symbols
  const std::uint16_t optional_bytes = reader.le16();
  reader.skip(2);  // characteristics
  KEDGE_CHECK(parse_optional(reader.sub(optional_bytes), info));
  if (sections > kPeSectionsMax) return fail(err::image_bad_pe);
  bool linux_section = false;
  bool companion = false;
  for (std::size_t i = 0; i < sections && reader.ok(); ++i) {
    const std::string_view padded = as_text(reader.bytes(kSectionNameBytes));
    const std::string_view name = padded.substr(0, padded.find('\0'));
    reader.skip(4 + 4);  // virtual size and address
    const std::uint32_t raw_bytes = reader.le32();
    need(info, reader.le32(), raw_bytes);
    reader.skip(16);  // relocations, line numbers, characteristics
    info.has_sbat |= name == ".sbat";
    linux_section |= name == ".linux";
    companion |= name == ".initrd" || name == ".cmdline";
  }
  if (!reader.ok()) return fail(err::image_bad_pe);
  info.is_unified_kernel = linux_section && companion;
  return info;
}

Result<std::vector<PeSection>> pe_sections(ByteView bytes) noexcept {
  constexpr std::uint32_t kExecute = 0x20000000;  // IMAGE_SCN_MEM_EXECUTE
  constexpr std::uint32_t kWrite = 0x80000000;    // IMAGE_SCN_MEM_WRITE
  KEDGE_TRY(ByteReader reader, coff_header(bytes));
  reader.skip(2);  // machine
  const std::uint16_t count = reader.le16();
  reader.skip(4 + 4 + 4);  // time stamp, symbols
  const std::uint16_t optional_bytes = reader.le16();
  reader.skip(2 + std::size_t{optional_bytes});  // characteristics
  if (!reader.ok() || count > kPeSectionsMax) return fail(err::image_bad_pe);
  std::vector<PeSection> sections(count);
  for (PeSection& section : sections) {
    reader.skip(kSectionNameBytes);
    section.bytes = reader.le32();
    section.address = reader.le32();
    reader.skip(4 + 4 + 12);  // the file's bytes, relocations, line numbers
    const std::uint32_t characteristics = reader.le32();
    section.executable = (characteristics & kExecute) != 0;
    section.writable = (characteristics & kWrite) != 0;
  }
  if (!reader.ok()) return fail(err::image_bad_pe);
  return sections;
}

}  // namespace kedge::image
