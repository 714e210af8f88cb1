// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/vlan_store.h"

#include <gtest/gtest.h>

#include "tests/fake/uefi.h"

namespace kedge::uefi {
namespace {

using wire::VlanList;
using wire::VlanTag;

constexpr wire::MacAddress kMac({0x52, 0x54, 0x00, 0xab, 0xcd, 0xef});
constexpr char16_t kName[] = u"525400ABCDEF";

struct VlanStoreTest : testing::Test {
  fake::FakeFirmware fake;

  void keep(std::initializer_list<int> octets) {
    std::vector<std::byte>& value = fake.variables[kName];
    value.clear();
    for (const int octet : octets) value.push_back(static_cast<std::byte>(octet));
    fake.variable_vendors[kName] = kGuid<EFI_VLAN_CONFIG_PROTOCOL>;
  }
  std::vector<VlanTag> stored() {
    const VlanList list = stored_vlans(fake.firmware(), kMac);
    return {list.tags().begin(), list.tags().end()};
  }
};

TEST_F(VlanStoreTest, WithoutAVariableThereAreNone) {
  EXPECT_TRUE(stored().empty());
}

TEST_F(VlanStoreTest, ReadsWhatTheFirmwaresStackHasStored) {
  keep({0x64, 0x00, 0x2a, 0xa0, 0x00, 0x20});
  EXPECT_EQ(stored(), (std::vector<VlanTag>{{100, 0}, {42, 5}, {0, 1}}));
}

TEST_F(VlanStoreTest, IsAnotherVendorsVariableNot) {
  keep({0x64, 0x00});
  fake.variable_vendors.clear();
  EXPECT_TRUE(stored().empty());
}

TEST_F(VlanStoreTest, LeavesOutWhatIsNone) {
  // The reserved id, one that comes twice, half a word.
  keep({0xff, 0x0f, 0x64, 0x00, 0x64, 0x20, 0x2a});
  EXPECT_EQ(stored(), (std::vector<VlanTag>{{100, 1}}));
  keep({0x2a});
  EXPECT_TRUE(stored().empty());
}

TEST_F(VlanStoreTest, IgnoresAVariableWithTooMany) {
  keep({});
  fake.variables[kName].assign(2 * VlanList::kMax, std::byte{1});
  EXPECT_EQ(stored().size(), 1U);
  fake.variables[kName].resize(2 * VlanList::kMax + 1);
  EXPECT_TRUE(stored().empty());
}

TEST_F(VlanStoreTest, StoresInTheSameForm) {
  EXPECT_EQ(store_vlans(fake.firmware(), kMac, *VlanList::parse("100,42:5,0:1")), EFI_SUCCESS);
  EXPECT_EQ(as_text(fake.variables[kName]), std::string_view("\x64\x00\x2a\xa0\x00\x20", 6));
  EXPECT_TRUE(same_guid(fake.variable_vendors[kName], EFI_GUID EFI_VLAN_CONFIG_PROTOCOL_GUID));
  EXPECT_EQ(stored(), (std::vector<VlanTag>{{100, 0}, {42, 5}, {0, 1}}));
}

TEST_F(VlanStoreTest, RemovesTheVariableOfNone) {
  keep({0x64, 0x00});
  EXPECT_EQ(store_vlans(fake.firmware(), kMac, {}), EFI_SUCCESS);
  EXPECT_TRUE(fake.variables.empty());
  EXPECT_EQ(store_vlans(fake.firmware(), kMac, {}), EFI_SUCCESS) << "there was none";
}

TEST_F(VlanStoreTest, TellsWhyItCouldNot) {
  fake.fail(fake::Call::set_variable, EFI_WRITE_PROTECTED);
  EXPECT_EQ(store_vlans(fake.firmware(), kMac, *VlanList::parse("1")), EFI_WRITE_PROTECTED);
}

}  // namespace
}  // namespace kedge::uefi
