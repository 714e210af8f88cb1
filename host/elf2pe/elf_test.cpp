// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "elf2pe/elf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/bytes.h"
#include "elf2pe/test_elf.h"

namespace kedge::host::elf2pe {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::uint64_t word_at(const Image& image, std::uint64_t address) {
  for (const Segment& segment : image.segments) {
    if (address >= segment.address && address + 8 <= segment.address + segment.data.size()) {
      return ByteReader(std::span(segment.data).subspan(address - segment.address)).le64();
    }
  }
  ADD_FAILURE() << "no data at " << address;
  return 0;
}

TEST(Elf, GivesSegmentsWithOnePermissionEach) {
  const Image image = read_elf(TestElf{}.bytes());
  EXPECT_EQ(image.machine, Machine::x86_64);
  EXPECT_EQ(image.entry, 0x2010u);
  ASSERT_EQ(image.segments.size(), 4u);
  EXPECT_EQ(image.segments[0].address, 0x1000u);
  EXPECT_FALSE(image.segments[0].writable || image.segments[0].executable);
  EXPECT_TRUE(image.segments[1].executable);
  EXPECT_FALSE(image.segments[1].writable);
  EXPECT_EQ(image.segments[1].memory_bytes, 0x100u);
  EXPECT_TRUE(image.segments[3].writable);
  EXPECT_FALSE(image.segments[3].executable);
}

TEST(Elf, MakesRelroReadOnlyAndLeavesTheRestOfItsSegmentWritable) {
  const Image image = read_elf(TestElf{}.bytes());
  const Segment& relro = image.segments[2];
  EXPECT_EQ(relro.address, 0x3000u);
  EXPECT_EQ(relro.memory_bytes, 0x1000u);
  EXPECT_EQ(relro.data.size(), 0x1000u);
  EXPECT_FALSE(relro.writable);
  const Segment& data = image.segments[3];
  EXPECT_EQ(data.address, 0x4000u);
  EXPECT_EQ(data.memory_bytes, 0x2000u);
  EXPECT_EQ(data.data.size(), 0x80u);
}

TEST(Elf, PutsAddendsInPlaceAndSortsRelocations) {
  TestElf elf;
  elf.rela = {{0x4008, 8, 0x1040}, {0, 0, 0}, {0x3000, 8, 0x2020}};
  const Image image = read_elf(elf.bytes());
  EXPECT_THAT(image.relocations, ElementsAre(0x3000u, 0x4008u));
  EXPECT_EQ(word_at(image, 0x3000), 0x2020u);
  EXPECT_EQ(word_at(image, 0x4008), 0x1040u);
}

TEST(Elf, UnderstandsPackedRelocations) {
  TestElf elf;
  elf.rela.clear();
  // Address 0x3000, then bits 0 and 2 of the words after it, then bit 0 of the words 63 further on.
  elf.relr = {0x3000, 0b1011, 0b11};
  std::vector<std::byte> file = elf.bytes();
  for (const std::size_t at : {0x3000u, 0x3008u, 0x3018u, 0x3200u}) {
    ByteWriter(std::span(file).subspan(at)).le64(0x1008);
  }
  const Image image = read_elf(file);
  EXPECT_THAT(image.relocations, ElementsAre(0x3000u, 0x3008u, 0x3018u, 0x3200u));
}

TEST(Elf, KnowsTheRelativeRelocationOfEachMachine) {
  struct Case {
    std::uint16_t number;
    Machine machine;
    std::uint64_t relocation;
  };
  for (const Case& known : {Case{62, Machine::x86_64, 8}, Case{183, Machine::aarch64, 1027},
                            Case{243, Machine::riscv64, 3}, Case{258, Machine::loongarch64, 3}}) {
    TestElf elf;
    elf.machine = known.number;
    elf.rela = {{0x3000, known.relocation, 0x2020}};
    EXPECT_EQ(read_elf(elf.bytes()).machine, known.machine);
    elf.rela[0].info = known.relocation + 1;
    EXPECT_THAT(refusal(elf), HasSubstr("only relative relocations"));
  }
}

TEST(Elf, RefusesFilesThatAreNoStaticPie) {
  EXPECT_THAT(refusal(std::vector<std::byte>()), HasSubstr("ELF header"));
  EXPECT_THAT(refusal(std::vector<std::byte>(100)), HasSubstr("no ELF magic"));
  TestElf elf;
  elf.elf_class = 1;
  EXPECT_THAT(refusal(elf), HasSubstr("not a 64-bit"));
  elf = {};
  elf.byte_order = 2;
  EXPECT_THAT(refusal(elf), HasSubstr("not a little-endian"));
  elf = {};
  elf.type = 2;
  EXPECT_THAT(refusal(elf), HasSubstr("link with -pie"));
  elf = {};
  elf.machine = 3;
  EXPECT_THAT(refusal(elf), HasSubstr("machine 3"));
  elf = {};
  elf.header_entry_bytes = 32;
  EXPECT_THAT(refusal(elf), HasSubstr("program headers of 32 bytes"));
  elf = {};
  elf.headers.push_back({3, 4, 0x1000, 0x1000, 0x10, 0x10});
  EXPECT_THAT(refusal(elf), HasSubstr("--no-dynamic-linker"));
  elf = {};
  elf.dynamic = {{1, 0}};
  EXPECT_THAT(refusal(elf), HasSubstr("shared library"));
  elf = {};
  elf.dynamic = {{2, 24}};
  EXPECT_THAT(refusal(elf), HasSubstr("procedure linkage table"));
  elf = {};
  elf.dynamic = {{17, 0x1100}};
  EXPECT_THAT(refusal(elf), HasSubstr("DT_REL"));
}

TEST(Elf, RefusesSegmentsThatCannotBeProtected) {
  TestElf elf;
  elf.headers[1].flags = 7;
  EXPECT_THAT(refusal(elf), HasSubstr("2000 is writable and executable"));
  elf = {};
  elf.headers[1].address = 0x1800;
  EXPECT_THAT(refusal(elf), HasSubstr("share a page"));
  elf = {};
  elf.headers[0].memory_bytes = 0x1001;
  EXPECT_THAT(refusal(elf), HasSubstr("share a page"));
}

TEST(Elf, RefusesSegmentsThatAreNotThere) {
  TestElf elf;
  elf.headers[1].offset = 0x4000;
  EXPECT_THAT(refusal(elf), HasSubstr("beyond the end of the file"));
  elf = {};
  elf.headers[1].offset = UINT64_MAX;
  EXPECT_THAT(refusal(elf), HasSubstr("beyond the end of the file"));
  elf = {};
  elf.headers[1].file_bytes = 0x200;
  EXPECT_THAT(refusal(elf), HasSubstr("512 bytes in the file but 256 in memory"));
  elf = {};
  elf.headers[2].memory_bytes = UINT64_MAX;
  EXPECT_THAT(refusal(elf), HasSubstr("above the limit"));
  elf = {};
  elf.headers.clear();
  EXPECT_THAT(refusal(elf), HasSubstr("nothing to load"));
  std::vector<std::byte> cut = TestElf{}.bytes();
  cut.resize(100);
  EXPECT_THAT(refusal(cut), HasSubstr("program headers at offset 40"));
}

TEST(Elf, RefusesRelocationsItCannotApply) {
  TestElf elf;
  elf.rela = {{0x3000, std::uint64_t{5} << 32 | 8, 0}};
  EXPECT_THAT(refusal(elf), HasSubstr("against symbol 5"));
  elf = {};
  elf.rela = {{0x2000, 8, 0x1000}};
  EXPECT_THAT(refusal(elf), HasSubstr("2000 lies in code"));
  elf = {};
  elf.rela = {{0x4079, 8, 0x1000}};
  EXPECT_THAT(refusal(elf), HasSubstr("4079 lies outside"));
  elf = {};
  elf.rela = {{0x3000, 8, 0x7000}};
  EXPECT_THAT(refusal(elf), HasSubstr("points to 7000"));
  elf = {};
  elf.rela = {{0x3000, 8, 0x1000}, {0x3000, 8, 0x1000}};
  EXPECT_THAT(refusal(elf), HasSubstr("two relocations at address 3000"));
  elf = {};
  elf.rela.clear();
  elf.dynamic = {{7, 0x1100}, {8, 25}};
  EXPECT_THAT(refusal(elf), HasSubstr("no multiple of 24"));
  elf = {};
  elf.rela.clear();
  elf.dynamic = {{7, 0x9000}, {8, 24}};
  EXPECT_THAT(refusal(elf), HasSubstr("9000 lies outside the segments"));
}

TEST(Elf, RefusesAnEntryPointOutsideCode) {
  TestElf elf;
  elf.entry = 0x4000;
  EXPECT_THAT(refusal(elf), HasSubstr("entry point 4000"));
}

}  // namespace
}  // namespace kedge::host::elf2pe
