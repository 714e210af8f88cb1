// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/variable.h"

#include <gtest/gtest.h>

#include "tests/fake/uefi.h"

namespace kedge::uefi {
namespace {

constexpr EFI_GUID kVendor = {1, 2, 3, {4, 5, 6, 7, 8, 9, 10, 11}};

struct VariableTest : testing::Test {
  fake::FakeFirmware fake;

  void set(const std::u16string& name, std::string_view value) {
    const ByteView bytes = as_byte_view(value);
    fake.variables[name].assign(bytes.begin(), bytes.end());
    fake.variable_vendors[name] = kVendor;
  }
};

TEST_F(VariableTest, ReadsAValueUpToALimit) {
  set(u"personality", "takeover");
  EXPECT_EQ(as_text(*read_variable(fake.firmware(), kVendor, "personality", 8)), "takeover");
  EXPECT_FALSE(read_variable(fake.firmware(), kVendor, "personality", 7).has_value());
  EXPECT_FALSE(read_variable(fake.firmware(), kVendor, "other", 8).has_value());
  EXPECT_FALSE(
      read_variable(fake.firmware(), EFI_GUID EFI_GLOBAL_VARIABLE, "personality", 8).has_value());
}

TEST_F(VariableTest, ListsOneVendorsNames) {
  set(u"url", "x");
  set(u"52:54:00:12:34:56:url", "y");
  fake.variables[u"BootOrder"] = {};
  fake.variables[u"zz"] = {};
  EXPECT_EQ(variable_names(fake.firmware(), kVendor),
            (std::vector<std::string>{"52:54:00:12:34:56:url", "url"}));
}

TEST_F(VariableTest, EndsAtANameThatIsTooLong) {
  set(u"a", "x");
  set(u"b" + std::u16string(2000, u'b'), "x");
  set(u"c", "x");
  EXPECT_EQ(variable_names(fake.firmware(), kVendor), std::vector<std::string>{"a"});
}

}  // namespace
}  // namespace kedge::uefi
