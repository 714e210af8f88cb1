// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// The instructions' bits are what an assembler makes of the text beside them.
#include "rom/code_references.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>

using namespace kedge;
using namespace kedge::host;

namespace {

constexpr std::uint32_t kCode = 0x1000;
constexpr std::uint32_t kTarget = 0x5120;
constexpr std::uint32_t kAdrpX0 = 0x90000020;   // adrp x0, 0x5000 (from any place below 0x2000)
constexpr std::uint32_t kAdrpX8 = 0x90000028;   // adrp x8, 0x5000
constexpr std::uint32_t kAdrpX19 = 0x90000033;  // adrp x19, 0x5000
constexpr std::uint32_t kAddX0 = 0x91048000;    // add x0, x0, #0x120
constexpr std::uint32_t kAddX1FromX19 = 0x91048261;  // add x1, x19, #0x120
constexpr std::uint32_t kLoadQ0 = 0x3dc04900;        // ldr q0, [x8, #0x120]
constexpr std::uint32_t kNop = 0xd503201f;
constexpr std::uint32_t kCall = 0x94000000;  // bl .
constexpr std::uint32_t kReturn = 0xd65f03c0;

unsigned count(std::initializer_list<std::uint32_t> instructions, std::uint32_t target = kTarget) {
  std::string code;
  for (const std::uint32_t instruction : instructions) {
    for (unsigned i = 0; i < 4; ++i) code += static_cast<char>(instruction >> (8 * i));
  }
  return count_references(image::Machine::aarch64, as_byte_view(code), kCode, target).value();
}

TEST(CodeReferences, OfAarch64ArePagesWithTheRestInAnAdd) {
  EXPECT_EQ(count({kAdrpX0, kAddX0}), 1);
  EXPECT_EQ(count({kAdrpX0, kNop, kNop, kAddX0}), 1);
  EXPECT_EQ(count({kAdrpX0, kAddX0}, kTarget + 1), 0);
  EXPECT_EQ(count({kAdrpX0, kAddX0}, 0x5000), 0) << "the page alone is not the address";
  EXPECT_EQ(count({kAddX0}), 0);
  EXPECT_EQ(count({kAdrpX8, kAddX0}), 0) << "another register";
  EXPECT_EQ(count({kAdrpX8, 0x9140050a}, 0x6000), 1);  // add x10, x8, #1, lsl #12
}

TEST(CodeReferences, OfAarch64AreLoadsAndStoresThere) {
  EXPECT_EQ(count({kAdrpX8, kLoadQ0}), 1);
  EXPECT_EQ(count({kAdrpX8, 0xf9409104}), 1);          // ldr x4, [x8, #0x120]
  EXPECT_EQ(count({kAdrpX8, 0xb9412100}), 1);          // ldr w0, [x8, #0x120]
  EXPECT_EQ(count({kAdrpX8, 0xa9520d02}), 1);          // ldp x2, x3, [x8, #0x120]
  EXPECT_EQ(count({kAdrpX8, 0xad490500}), 1);          // ldp q0, q1, [x8, #0x120]
  EXPECT_EQ(count({kAdrpX8, 0xb9012121}), 0);          // str w1, [x9, #0x120]
  EXPECT_EQ(count({kAdrpX8, 0x3d804900}), 1);          // str q0, [x8, #0x120]
  EXPECT_EQ(count({kAdrpX8, 0xf8420105}, 0x5020), 1);  // ldur x5, [x8, #0x20]
}

TEST(CodeReferences, OfAarch64AreNearAddressesAndLiterals) {
  EXPECT_EQ(count({0x10000900}, kCode + 0x120), 1);        // adr x0, .+0x120
  EXPECT_EQ(count({kNop, 0x9c000900}, kCode + 0x124), 1);  // ldr q0, .+0x120
  EXPECT_EQ(count({0x58000900}, kCode + 0x120), 1);        // ldr x0, .+0x120
}

// What compilers do with objects that stand side by side.
TEST(CodeReferences, OfAarch64AreFoundFromOneRegisterAndThroughCopies) {
  // x0 = 0x5120, x1 = x0 + 0x120
  EXPECT_EQ(count({kAdrpX0, kAddX0, 0x91048001}, kTarget + 0x120), 1);
  EXPECT_EQ(count({kAdrpX8, kLoadQ0, kLoadQ0}), 2) << "the page serves again";
  EXPECT_EQ(count({kAdrpX8, 0xaa0803e9, 0x91048129}), 1);  // mov x9, x8; add x9, x9, #0x120
}

TEST(CodeReferences, OfAarch64EndWhereTheRegisterGetsAnotherValue) {
  EXPECT_EQ(count({kAdrpX8, 0xd2800028, kLoadQ0}), 0);  // mov x8, #1
  EXPECT_EQ(count({kAdrpX0, 0xd1000400, kAddX0}), 0);   // sub x0, x0, #1
  EXPECT_EQ(count({kAdrpX0, 0xb9412100, kAddX0}), 0);   // ldr w0, [x8, #0x120]
  EXPECT_EQ(count({kAdrpX8, 0xf8408504, kLoadQ0}), 0);  // ldr x4, [x8], #8
  EXPECT_EQ(count({kAdrpX8, 0xa8c10d02, kLoadQ0}), 0);  // ldp x2, x3, [x8], #16
  EXPECT_EQ(count({kAdrpX0, kCall, kAddX0}), 0) << "calls may change x0 to x18";
  EXPECT_EQ(count({kAdrpX8, 0xd63f0060, kLoadQ0}), 0);  // blr x3
  EXPECT_EQ(count({kAdrpX19, kCall, kAddX1FromX19}), 1) << "and keep the others";
  EXPECT_EQ(count({kAdrpX19, kReturn, kAddX1FromX19}), 0);
}

TEST(CodeReferences, OfX8664AreAddressesRelativeToTheNextInstruction) {
  const std::string lea("\x48\x8d\x05\x19\x01\x00\x00", 7);  // lea rax, [rip + 0x119]
  const ByteView code = as_byte_view(lea);
  EXPECT_EQ(count_references(image::Machine::x86_64, code, kCode, kCode + 7 + 0x119), 1);
  EXPECT_EQ(count_references(image::Machine::x86_64, code, kCode, kCode + 0x119), 0);
}

TEST(CodeReferences, OfOtherMachinesAreNotKnown) {
  EXPECT_FALSE(count_references(image::Machine::riscv64, {}, 0, 0).has_value());
}

}  // namespace
