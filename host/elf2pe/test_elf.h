// SPDX-License-Identifier: BSD-2-Clause-Patent
// Builds small ELF files for tests, right or wrong on purpose.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "elf2pe/elf.h"

namespace kedge::host::elf2pe {

struct TestElf {
  struct Header {
    std::uint32_t type;
    std::uint32_t flags;
    std::uint64_t offset;
    std::uint64_t address;
    std::uint64_t file_bytes;
    std::uint64_t memory_bytes;
  };
  struct Rela {
    std::uint64_t address;
    std::uint64_t info;
    std::uint64_t addend;
  };

  std::uint8_t elf_class = 2;
  std::uint8_t byte_order = 1;
  std::uint16_t type = 3;
  std::uint16_t machine = 62;
  std::uint64_t entry = 0x2010;
  std::uint16_t header_entry_bytes = 56;
  // What lies in the file at 0x1000 read-only, 0x2000 code, 0x3000 relro, 0x4000 data: the offset
  // is the address.
  std::vector<Header> headers = {
      {1, 4, 0x1000, 0x1000, 0x800, 0x800},    // R
      {1, 5, 0x2000, 0x2000, 0x100, 0x100},    // RX
      {1, 6, 0x3000, 0x3000, 0x1080, 0x3000},  // RW: relro page, data, zeros
      {0x6474E552, 4, 0x3000, 0x3000, 0x1000, 0x1000},
      {2, 6, 0x3800, 0x3800, 0x80, 0x80},  // dynamic
  };
  std::vector<std::pair<std::uint64_t, std::uint64_t>>
      dynamic;  // rela and relr tables come from below
  std::vector<Rela> rela = {{0x3000, 8, 0x2020}, {0x4008, 8, 0x1040}};
  std::vector<std::uint64_t> relr;

  std::vector<std::byte> bytes() const;
};

/// The message of the InputError that reading `elf` ends with, or "" when it is fine.
std::string refusal(const TestElf& elf);
std::string refusal(const std::vector<std::byte>& file);

}  // namespace kedge::host::elf2pe
