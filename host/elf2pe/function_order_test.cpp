// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "elf2pe/function_order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "elf2pe/elf.h"

namespace kedge::host::elf2pe {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Symbol {
  std::string name;
  std::uint64_t address;
  std::uint64_t bytes;
  std::uint8_t type = 2;
  std::uint16_t section = 1;
};

// Sections: none, code at 0x1000, symbols, names.
std::vector<std::byte> elf_with(std::string_view code, const std::vector<Symbol>& symbols) {
  std::string names(1, '\0');
  std::vector<std::byte> table(symbols.size() * 24);
  ByteWriter entries(table);
  for (const Symbol& symbol : symbols) {
    entries.le32(static_cast<std::uint32_t>(names.size()));
    entries.u8(symbol.type);
    entries.u8(0);
    entries.le16(symbol.section);
    entries.le64(symbol.address);
    entries.le64(symbol.bytes);
    names += symbol.name + '\0';
  }
  const std::size_t headers = 64 + code.size() + table.size() + names.size();
  std::vector<std::byte> file(headers + 4 * 64);
  ByteWriter out(file);
  out.text(
      "\x7F"
      "ELF\2\1");
  out.zeros(34);
  out.le64(headers);
  out.zeros(10);
  out.le16(64);
  out.le16(4);
  out.zeros(2);
  out.text(code);
  out.bytes(table);
  out.text(names);
  const auto section = [&out](std::uint32_t type, std::uint64_t flags, std::uint64_t address,
                              std::uint64_t offset, std::uint64_t bytes, std::uint32_t link) {
    out.le32(0);
    out.le32(type);
    out.le64(flags);
    out.le64(address);
    out.le64(offset);
    out.le64(bytes);
    out.le32(link);
    out.zeros(20);
  };
  section(0, 0, 0, 0, 0, 0);
  section(1, 6, 0x1000, 64, code.size(), 0);
  section(2, 0, 0, 64 + code.size(), table.size(), 3);
  section(3, 0, 0, 64 + code.size() + table.size(), names.size(), 0);
  EXPECT_TRUE(out.ok());
  return file;
}

std::string refusal_of(const std::vector<std::byte>& file) {
  try {
    (void)read_functions(file);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

std::vector<std::size_t> order_of(const std::vector<std::string>& codes, std::size_t window) {
  std::vector<ByteView> views;
  for (const std::string& code : codes) views.push_back(as_byte_view(code));
  return order_for_packing(views, window);
}

TEST(FunctionOrder, ReadsFunctionsByAddressWithAllTheirNames) {
  const auto file =
      elf_with("aaabbbbb", {{"late", 0x1003, 5}, {"twin", 0x1000, 3}, {"early", 0x1000, 3}});
  const std::vector<Function> functions = read_functions(file);
  ASSERT_EQ(functions.size(), 2u);
  EXPECT_THAT(functions[0].names, ElementsAre("early", "twin"));
  EXPECT_EQ(as_text(functions[0].code), "aaa");
  EXPECT_THAT(functions[1].names, ElementsAre("late"));
  EXPECT_EQ(as_text(functions[1].code), "bbbbb");
}

TEST(FunctionOrder, PassesOverWhatIsNoFunctionWithCode) {
  const auto file = elf_with("code", {{"object", 0x1000, 4, 1},
                                      {"empty", 0x1000, 0},
                                      {"elsewhere", 0, 4, 2, 3},
                                      {"absolute", 0x1000, 4, 2, 0xFFF1},
                                      {"function", 0x1000, 4}});
  const std::vector<Function> functions = read_functions(file);
  ASSERT_EQ(functions.size(), 1u);
  EXPECT_THAT(functions[0].names, ElementsAre("function"));
}

TEST(FunctionOrder, RefusesDamagedFiles) {
  const auto good = elf_with("code", {{"function", 0x1000, 4}});
  EXPECT_EQ(refusal_of(good), "");
  EXPECT_THAT(refusal_of({}), HasSubstr("ELF header"));
  auto bad = good;
  bad[4] = std::byte{1};
  EXPECT_THAT(refusal_of(bad), HasSubstr("not a 64-bit"));
  bad = good;
  bad[58] = std::byte{40};
  EXPECT_THAT(refusal_of(bad), HasSubstr("section headers of 40 bytes"));
  bad = good;
  bad.resize(bad.size() - 1);
  EXPECT_THAT(refusal_of(bad), HasSubstr("section headers at offset"));
  EXPECT_THAT(refusal_of(elf_with("code", {{"function", 0x1001, 4}})), HasSubstr("function at"));
  EXPECT_THAT(refusal_of(elf_with("code", {})), HasSubstr("no functions"));
}

TEST(FunctionOrder, PutsFunctionsWithCommonCodeNextToEachOther) {
  const std::string one = "the quick brown fox jumps over the lazy dog";
  const std::string two = "0123456789abcdefghijklmnopqrstuvwxyz";
  EXPECT_THAT(order_of({one + "!", two + "?", one + ".", two + ";"}, 1 << 13),
              ElementsAre(0, 2, 1, 3));
}

TEST(FunctionOrder, ForgetsWhatIsBehindTheWindow) {
  const std::string text = "the quick brown fox jumps over the lazy dog";
  std::mt19937 random(1);
  std::string noise(600, '\0');
  for (char& c : noise) c = static_cast<char>(random());
  // The noise comes after what it is a part of, and pushes that out of a small window. Where
  // nothing is known the earlier function wins.
  const std::vector<std::string> codes = {"other words", text, text + noise, noise.substr(0, 500)};
  EXPECT_THAT(order_of(codes, 1 << 13), ElementsAre(2, 3, 1, 0));
  EXPECT_THAT(order_of(codes, 64), ElementsAre(2, 3, 0, 1));
}

TEST(FunctionOrder, HasEveryFunctionOnceAndIsTheSameEachTime) {
  std::mt19937 random(7);
  std::vector<std::string> codes;
  for (int i = 0; i < 300; ++i) {
    std::string& code = codes.emplace_back(random() % 200, '\0');
    for (char& c : code) c = static_cast<char>(random() % 3);
  }
  const std::vector<std::size_t> order = order_of(codes, 500);
  EXPECT_EQ(order, order_of(codes, 500));
  std::vector<bool> seen(codes.size());
  for (const std::size_t index : order) {
    ASSERT_LT(index, codes.size());
    EXPECT_FALSE(seen[index]);
    seen[index] = true;
  }
  EXPECT_EQ(order.size(), codes.size());
  EXPECT_THAT(order_of({}, 500), ElementsAre());
}

TEST(FunctionOrder, IsWrittenAsOneNamePerLine) {
  EXPECT_EQ(symbol_order(elf_with("aaabbbbb", {{"b", 0x1003, 5}, {"a", 0x1000, 3}})), "b\na\n");
}

}  // namespace
}  // namespace kedge::host::elf2pe
