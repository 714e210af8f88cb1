// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "domain/vlan_list.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

using namespace kedge::host;
using kedge::wire::VlanTag;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

std::string fault(std::string_view text) {
  const auto vlans = parse_vlans(text);
  if (vlans) return "none";
  EXPECT_THAT(vlans.error().advice, HasSubstr("such as 42 or 42:5,43"));
  return vlans.error().what;
}

std::string ids_from_1_to(int last) {
  std::string text = "1";
  for (int id = 2; id <= last; ++id) text += fmt::format(",{}", id);
  return text;
}

TEST(VlanList, IsReadInItsOrder) {
  const auto vlans = parse_vlans("4094:7,0,1:0");
  ASSERT_TRUE(vlans) << vlans.error().what;
  EXPECT_THAT(*vlans, ElementsAre(VlanTag{4094, 7}, VlanTag{}, VlanTag{1, 0}));
}

TEST(VlanList, TheFailureNamesTheOneThatIsNone) {
  constexpr const char* kRule = "is no VLAN: an ID from 0 to 4094, with a priority from 0 to 7";
  EXPECT_EQ(fault("4095"), fmt::format("\"4095\" {}", kRule));
  EXPECT_EQ(fault("42,43:8,44"), fmt::format("\"43:8\" {}", kRule));
  EXPECT_EQ(fault("42, 43"), fmt::format("\" 43\" {}", kRule));
  EXPECT_EQ(fault("42,"), fmt::format("\"\" {}", kRule));
  EXPECT_EQ(fault(""), fmt::format("\"\" {}", kRule));
}

TEST(VlanList, HasEachIdOnce) {
  EXPECT_EQ(fault("42:1,43,42:2"), "the VLAN 42 is there twice");
  EXPECT_EQ(fault("42:5,43:5"), "none");
}

TEST(VlanList, HasALimit) {
  EXPECT_EQ(fault(ids_from_1_to(16)), "none");
  EXPECT_EQ(fault(ids_from_1_to(17)), "17 VLANs are more than 16");
}

TEST(VlanList, IsShownWithWhatIsUnusual) {
  EXPECT_EQ(vlans_text({{42, 0}}), "42");
  EXPECT_EQ(vlans_text({{42, 5}, {43, 0}, {}}), "42 (priority 5), then 43, then 0 (no VLAN)");
  EXPECT_EQ(vlans_text({{0, 5}}), "0 (no VLAN, priority 5)");
}

}  // namespace
