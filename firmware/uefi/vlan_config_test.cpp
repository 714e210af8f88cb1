// SPDX-License-Identifier: BSD-2-Clause-Patent
// EFI_VLAN_CONFIG_PROTOCOL: each function in each state, with each kind of parameter, at each
// level, and after the end of boot services.
#include "uefi/vlan_config.h"

#include <gtest/gtest.h>

#include "tests/fake/uefi.h"
#include "uefi/producer_foreign_table.h"
#include "uefi/vlan_store.h"

namespace kedge::uefi {
namespace {

using Vlans = EFI_VLAN_CONFIG_PROTOCOL;
using wire::VlanList;
using wire::VlanTag;

constexpr wire::MacAddress kMac({0x52, 0x54, 0x00, 0x12, 0x34, 0x56});
constexpr UINT16 kReserved = 4095;

struct VlanConfigTest : testing::Test {
  fake::FakeFirmware fake;
  std::unique_ptr<VlanConfig> config = std::make_unique<VlanConfig>(fake.firmware(), kMac);
  Vlans* raw = static_cast<Vlans*>(config->raw());

  ~VlanConfigTest() override {
    EXPECT_EQ(fake.pools_in_use(), 0U);
    EXPECT_EQ(fake.tpl, TPL_APPLICATION);
    EXPECT_TRUE(fake.violations.empty());
  }
  /// What the machine has stored, as text: "42:5,43".
  std::string stored() {
    std::string text;
    for (const VlanTag& tag : stored_vlans(fake.firmware(), kMac).tags()) {
      text += format("{}{}", text.empty() ? "" : ",", tag);
    }
    return text;
  }
  EFI_STATUS set(UINT16 id, UINT8 priority = 0) { return raw->Set(raw, id, priority); }
  EFI_STATUS remove(UINT16 id) { return raw->Remove(raw, id); }
  /// The answer, with what was found in `found`.
  EFI_STATUS find(std::optional<UINT16> id = std::nullopt) {
    UINT16 count = 77;
    auto* entries = reinterpret_cast<EFI_VLAN_FIND_DATA*>(this);
    const EFI_STATUS status = raw->Find(raw, id.has_value() ? &*id : nullptr, &count, &entries);
    found.clear();
    if (status == EFI_NOT_FOUND) {
      EXPECT_EQ(count, 0);
      EXPECT_EQ(entries, nullptr);
    }
    if (EFI_ERROR(status)) return status;
    for (UINT16 i = 0; i < count; ++i) found.push_back({entries[i].VlanId, entries[i].Priority});
    fake.firmware().boot().FreePool(entries);
    return status;
  }

  std::vector<VlanTag> found;
};

TEST_F(VlanConfigTest, AtFirstThereAreNone) {
  EXPECT_EQ(find(), EFI_NOT_FOUND);
  EXPECT_EQ(find(42), EFI_NOT_FOUND);
  EXPECT_EQ(remove(42), EFI_NOT_FOUND);
  EXPECT_TRUE(fake.variables.empty());
}

TEST_F(VlanConfigTest, WhatIsSetIsFoundAndLasts) {
  EXPECT_EQ(set(42, 5), EFI_SUCCESS);
  EXPECT_EQ(set(0, 1), EFI_SUCCESS);
  EXPECT_EQ(set(4094), EFI_SUCCESS);
  EXPECT_EQ(find(), EFI_SUCCESS);
  EXPECT_EQ(found, (std::vector<VlanTag>{{42, 5}, {0, 1}, {4094, 0}}));
  EXPECT_EQ(find(0), EFI_SUCCESS);
  EXPECT_EQ(found, (std::vector<VlanTag>{{0, 1}}));
  EXPECT_EQ(find(43), EFI_NOT_FOUND);
  EXPECT_EQ(stored(), "42:5,0:1,4094");
  config = std::make_unique<VlanConfig>(fake.firmware(), kMac);
  raw = static_cast<Vlans*>(config->raw());
  EXPECT_EQ(find(4094), EFI_SUCCESS);
}

TEST_F(VlanConfigTest, SetAgainChangesThePriority) {
  EXPECT_EQ(set(42, 1), EFI_SUCCESS);
  EXPECT_EQ(set(43), EFI_SUCCESS);
  EXPECT_EQ(set(42, 7), EFI_SUCCESS);
  EXPECT_EQ(find(42), EFI_SUCCESS);
  EXPECT_EQ(found, (std::vector<VlanTag>{{42, 7}}));
  EXPECT_EQ(stored(), "42:7,43");
}

TEST_F(VlanConfigTest, WhatIsRemovedIsGone) {
  EXPECT_EQ(set(42), EFI_SUCCESS);
  EXPECT_EQ(set(43), EFI_SUCCESS);
  EXPECT_EQ(remove(42), EFI_SUCCESS);
  EXPECT_EQ(remove(42), EFI_NOT_FOUND);
  EXPECT_EQ(stored(), "43");
  EXPECT_EQ(remove(43), EFI_SUCCESS);
  EXPECT_EQ(find(), EFI_NOT_FOUND);
  EXPECT_TRUE(fake.variables.empty()) << "nothing is left in the machine's memory";
}

TEST_F(VlanConfigTest, RefusesWhatIsNoVlan) {
  EXPECT_EQ(set(kReserved), EFI_INVALID_PARAMETER);
  EXPECT_EQ(set(0xffff), EFI_INVALID_PARAMETER);
  EXPECT_EQ(set(42, 8), EFI_INVALID_PARAMETER);
  EXPECT_EQ(find(kReserved), EFI_INVALID_PARAMETER);
  EXPECT_EQ(remove(kReserved), EFI_INVALID_PARAMETER);
  UINT16 count = 0;
  EFI_VLAN_FIND_DATA* entries = nullptr;
  EXPECT_EQ(raw->Find(raw, nullptr, nullptr, &entries), EFI_INVALID_PARAMETER);
  EXPECT_EQ(raw->Find(raw, nullptr, &count, nullptr), EFI_INVALID_PARAMETER);
  EXPECT_TRUE(fake.variables.empty());
}

TEST_F(VlanConfigTest, HasALimit) {
  for (UINT16 id = 1; id <= VlanList::kMax; ++id) EXPECT_EQ(set(id), EFI_SUCCESS);
  EXPECT_EQ(set(100), EFI_OUT_OF_RESOURCES);
  EXPECT_EQ(set(16, 3), EFI_SUCCESS) << "no new one";
  EXPECT_EQ(find(), EFI_SUCCESS);
  EXPECT_EQ(found.size(), VlanList::kMax);
  EXPECT_EQ(remove(1), EFI_SUCCESS);
  EXPECT_EQ(set(100), EFI_SUCCESS);
}

TEST_F(VlanConfigTest, WhatCannotBeStoredIsNot) {
  EXPECT_EQ(set(42), EFI_SUCCESS);
  fake.fail(fake::Call::set_variable, EFI_OUT_OF_RESOURCES);
  EXPECT_EQ(set(43), EFI_OUT_OF_RESOURCES);
  fake.fail(fake::Call::set_variable, EFI_WRITE_PROTECTED);
  EXPECT_EQ(set(43), EFI_DEVICE_ERROR);
  fake.fail(fake::Call::set_variable, EFI_DEVICE_ERROR);
  EXPECT_EQ(remove(42), EFI_DEVICE_ERROR);
  EXPECT_EQ(find(), EFI_SUCCESS);
  EXPECT_EQ(found, (std::vector<VlanTag>{{42, 0}}));
  EXPECT_EQ(stored(), "42");
}

TEST_F(VlanConfigTest, FindTellsThatThereIsNoMemory) {
  EXPECT_EQ(set(42), EFI_SUCCESS);
  fake.fail(fake::Call::allocate_pool, EFI_OUT_OF_RESOURCES);
  EXPECT_EQ(find(), EFI_OUT_OF_RESOURCES);
  EXPECT_EQ(find(), EFI_SUCCESS);
}

TEST_F(VlanConfigTest, AtEachLevel) {
  EXPECT_EQ(set(42), EFI_SUCCESS);
  fake.tpl = TPL_CALLBACK;
  EXPECT_EQ(set(43), EFI_SUCCESS);
  EXPECT_EQ(remove(43), EFI_SUCCESS);
  EXPECT_EQ(find(), EFI_SUCCESS);
  EXPECT_EQ(fake.tpl, TPL_CALLBACK);
  // Variables are out of reach there, but what was read before is not.
  fake.tpl = TPL_NOTIFY;
  EXPECT_EQ(set(43), EFI_DEVICE_ERROR);
  EXPECT_EQ(remove(42), EFI_DEVICE_ERROR);
  EXPECT_EQ(find(), EFI_SUCCESS);
  EXPECT_EQ(fake.tpl, TPL_NOTIFY);
  fake.tpl = TPL_APPLICATION;
  EXPECT_EQ(stored(), "42");
}

TEST_F(VlanConfigTest, AfterTheEndOfBootServicesNothingIsTouched) {
  EXPECT_EQ(set(42), EFI_SUCCESS);
  fake.firmware().end_boot_services();
  EXPECT_EQ(set(43), EFI_DEVICE_ERROR);
  EXPECT_EQ(remove(42), EFI_DEVICE_ERROR);
  EXPECT_EQ(find(), EFI_DEVICE_ERROR);
  fake.forget_the_end();
  EXPECT_EQ(stored(), "42");
}

TEST_F(VlanConfigTest, RefusesATableThatIsNotOurs) {
  UINT16 count = 0;
  EFI_VLAN_FIND_DATA* entries = nullptr;
  EXPECT_EQ(raw->Set(nullptr, 42, 0), EFI_INVALID_PARAMETER);
  EXPECT_EQ(raw->Find(nullptr, nullptr, &count, &entries), EFI_INVALID_PARAMETER);
  EXPECT_EQ(raw->Remove(nullptr, 42), EFI_INVALID_PARAMETER);
  // Our functions, but another one's data.
  ForeignTable<Vlans> foreign;
  EXPECT_EQ(raw->Set(&foreign.raw, 42, 0), EFI_INVALID_PARAMETER);
  EXPECT_EQ(raw->Find(&foreign.raw, nullptr, &count, &entries), EFI_INVALID_PARAMETER);
  EXPECT_EQ(raw->Remove(&foreign.raw, 42), EFI_INVALID_PARAMETER);
  EXPECT_TRUE(fake.variables.empty());
}

}  // namespace
}  // namespace kedge::uefi
