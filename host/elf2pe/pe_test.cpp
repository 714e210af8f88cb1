// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "elf2pe/pe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "base/bytes.h"
#include "elf2pe/test_elf.h"

namespace kedge::host::elf2pe {
namespace {

struct Section {
  std::uint32_t memory_bytes;
  std::uint32_t address;
  std::uint32_t file_bytes;
  std::uint32_t offset;
  std::uint32_t flags;
};

// Reads back what the firmware's loader looks at, at offsets of the PE/COFF specification.
struct PeFile {
  explicit PeFile(const std::vector<std::byte>& file) : bytes(file) {
    ByteReader count = at(64 + 6);
    const unsigned sections_count = count.le16();
    ByteReader reader = at(64 + 24 + 240);
    for (unsigned i = 0; i < sections_count; ++i) {
      std::string name(as_text(reader.bytes(8)));
      name.resize(std::min(name.size(), name.find('\0')));
      Section section{};
      section.memory_bytes = reader.le32();
      section.address = reader.le32();
      section.file_bytes = reader.le32();
      section.offset = reader.le32();
      reader.skip(12);
      section.flags = reader.le32();
      order.push_back(name);
      sections[name] = section;
    }
  }
  ByteReader at(std::size_t offset) const { return ByteReader(std::span(bytes).subspan(offset)); }
  ByteReader optional_header(std::size_t offset) const { return at(64 + 24 + offset); }

  const std::vector<std::byte>& bytes;
  std::vector<std::string> order;
  std::map<std::string, Section> sections;
};

std::vector<std::byte> convert(const TestElf& elf = {}, const PeOptions& options = {}) {
  return write_pe(read_elf(elf.bytes()), options);
}

TEST(Pe, HasTheHeadersOfAUefiApplication) {
  const std::vector<std::byte> file = convert();
  const PeFile pe(file);
  EXPECT_EQ(pe.at(0).le16(), 0x5A4D);
  EXPECT_EQ(pe.at(0x3C).le32(), 64u);
  EXPECT_EQ(pe.at(64).le32(), 0x4550u);
  EXPECT_EQ(pe.at(64 + 4).le16(), 0x8664);
  EXPECT_EQ(pe.at(64 + 8).le32(), 0u) << "time stamp";
  EXPECT_EQ(pe.at(64 + 20).le16(), 240);
  EXPECT_EQ(pe.optional_header(0).le16(), 0x20B);
  EXPECT_EQ(pe.optional_header(16).le32(), 0x2010u) << "entry";
  EXPECT_EQ(pe.optional_header(20).le32(), 0x2000u) << "base of code";
  EXPECT_EQ(pe.optional_header(32).le32(), 4096u);
  EXPECT_EQ(pe.optional_header(36).le32(), 512u);
  EXPECT_EQ(pe.optional_header(56).le32(), 0x7000u) << "image size: .reloc is the last page";
  EXPECT_EQ(pe.optional_header(60).le32() % 512, 0u);
  EXPECT_EQ(pe.optional_header(68).le16(), 10) << "subsystem";
  EXPECT_EQ(pe.optional_header(70).le16() & 0x100, 0x100) << "NX_COMPAT";
}

TEST(Pe, NamesTheMachineAndSubsystem) {
  TestElf elf;
  elf.rela.clear();
  const std::pair<std::uint16_t, std::uint16_t> machines[] = {
      {62, 0x8664}, {183, 0xAA64}, {243, 0x5064}, {258, 0x6264}};
  for (const auto& [elf_number, pe_number] : machines) {
    elf.machine = elf_number;
    const std::vector<std::byte> file =
        convert(elf, {.subsystem = Subsystem::boot_service_driver, .timestamp = 77});
    const PeFile pe(file);
    EXPECT_EQ(pe.at(64 + 4).le16(), pe_number);
    EXPECT_EQ(pe.at(64 + 8).le32(), 77u);
    EXPECT_EQ(pe.optional_header(68).le16(), 11);
  }
}

TEST(Pe, GivesEachSectionItsPermissionsAndPages) {
  const std::vector<std::byte> file = convert();
  const PeFile pe(file);
  EXPECT_THAT(pe.order, testing::ElementsAre(".rdata", ".text", ".relro", ".data", ".reloc"));
  EXPECT_EQ(pe.sections.at(".rdata").flags, 0x40000040u);
  EXPECT_EQ(pe.sections.at(".text").flags, 0x60000020u);
  EXPECT_EQ(pe.sections.at(".relro").flags, 0x40000040u);
  EXPECT_EQ(pe.sections.at(".data").flags, 0xC0000040u);
  EXPECT_EQ(pe.sections.at(".reloc").flags, 0x42000040u);
  for (const auto& [name, section] : pe.sections) {
    EXPECT_EQ(section.address % 4096, 0u) << name;
    EXPECT_EQ(section.offset % 512, 0u) << name;
    EXPECT_EQ(section.file_bytes % 512, 0u) << name;
    EXPECT_LE(section.offset + section.file_bytes, file.size()) << name;
  }
}

TEST(Pe, KeepsTheBytesOfSegmentsAndLeavesZerosToTheLoader) {
  const std::vector<std::byte> elf = TestElf{}.bytes();
  const std::vector<std::byte> file = convert();
  const PeFile pe(file);
  const Section& text = pe.sections.at(".text");
  EXPECT_TRUE(std::equal(elf.begin() + 0x2000, elf.begin() + 0x2100, file.begin() + text.offset));
  EXPECT_EQ(text.memory_bytes, 0x100u);
  const Section& data = pe.sections.at(".data");
  EXPECT_EQ(data.memory_bytes, 0x2000u);
  EXPECT_EQ(data.file_bytes, 512u);
}

TEST(Pe, ListsRelocationsPageByPage) {
  TestElf elf;
  elf.rela = {{0x3000, 8, 0x2000}, {0x3010, 8, 0x2000}, {0x4008, 8, 0x2000}};
  const std::vector<std::byte> file = convert(elf);
  const PeFile pe(file);
  const Section& section = pe.sections.at(".reloc");
  EXPECT_EQ(pe.optional_header(112 + 5 * 8).le32(), section.address);
  EXPECT_EQ(pe.optional_header(112 + 5 * 8 + 4).le32(), section.memory_bytes);
  ASSERT_EQ(section.memory_bytes, 12u + 12u);
  ByteReader table = pe.at(section.offset);
  EXPECT_EQ(table.le32(), 0x3000u);
  EXPECT_EQ(table.le32(), 12u);
  EXPECT_EQ(table.le16(), 0xA000);
  EXPECT_EQ(table.le16(), 0xA010);
  EXPECT_EQ(table.le32(), 0x4000u);
  EXPECT_EQ(table.le32(), 12u);
  EXPECT_EQ(table.le16(), 0xA008);
  EXPECT_EQ(table.le16(), 0) << "padding";
}

TEST(Pe, CanBeMovedEvenWithoutRelocations) {
  TestElf elf;
  elf.rela.clear();
  const std::vector<std::byte> file = convert(elf);
  EXPECT_EQ(PeFile(file).sections.at(".reloc").memory_bytes, 8u);
}

TEST(Pe, CarriesSbat) {
  const std::string sbat = "sbat,1,SBAT Version,sbat,1,https://example.com\n";
  const std::vector<std::byte> file = convert({}, {.sbat = sbat});
  const PeFile pe(file);
  const Section& section = pe.sections.at(".sbat");
  EXPECT_EQ(section.memory_bytes, sbat.size());
  EXPECT_EQ(as_text(pe.at(section.offset).bytes(sbat.size())), sbat);
  EXPECT_EQ(pe.optional_header(56).le32(), section.address + 4096);
}

TEST(Pe, IsTheSameForTheSameInput) {
  EXPECT_EQ(convert(), convert());
}

TEST(Pe, RefusesAnImageWithoutRoomForHeaders) {
  Image image = read_elf(TestElf{}.bytes());
  image.segments.front().address = 0;
  try {
    (void)write_pe(image, {});
    FAIL() << "accepted";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("--image-base=0x1000"));
  }
}

}  // namespace
}  // namespace kedge::host::elf2pe
