// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "elf2pe/test_elf.h"

#include "base/bytes.h"

namespace kedge::host::elf2pe {

std::vector<std::byte> TestElf::bytes() const {
  std::vector<std::byte> file(0x4080);
  for (std::size_t i = 0x1000; i < file.size(); ++i) file[i] = static_cast<std::byte>(i >> 8 | 1);

  ByteWriter header(file);
  header.text(
      "\x7F"
      "ELF");
  header.u8(elf_class);
  header.u8(byte_order);
  header.u8(1);
  header.zeros(9);
  header.le16(type);
  header.le16(machine);
  header.le32(1);
  header.le64(entry);
  header.le64(64);  // program headers
  header.zeros(8 + 4);
  header.le16(64);
  header.le16(header_entry_bytes);
  header.le16(static_cast<std::uint16_t>(headers.size()));
  header.zeros(6);
  for (const Header& program : headers) {
    header.le32(program.type);
    header.le32(program.flags);
    header.le64(program.offset);
    header.le64(program.address);
    header.le64(program.address);
    header.le64(program.file_bytes);
    header.le64(program.memory_bytes);
    header.le64(4096);
  }

  ByteWriter tags(std::span(file).subspan(0x3800, 0x80));
  const auto tag = [&](std::uint64_t name, std::uint64_t value) {
    tags.le64(name);
    tags.le64(value);
  };
  for (const auto& [name, value] : dynamic) tag(name, value);
  if (!rela.empty()) {
    tag(7, 0x1100);
    tag(8, rela.size() * 24);
    ByteWriter table(std::span(file).subspan(0x1100));
    for (const Rela& relocation : rela) {
      table.le64(relocation.address);
      table.le64(relocation.info);
      table.le64(relocation.addend);
    }
  }
  if (!relr.empty()) {
    tag(36, 0x1400);
    tag(35, relr.size() * 8);
    ByteWriter table(std::span(file).subspan(0x1400));
    for (const std::uint64_t word : relr) table.le64(word);
  }
  tag(0, 0);
  return file;
}

std::string refusal(const std::vector<std::byte>& file) {
  try {
    (void)read_elf(file);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

std::string refusal(const TestElf& elf) {
  return refusal(elf.bytes());
}

}  // namespace kedge::host::elf2pe
