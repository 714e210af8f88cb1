// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "wire/vlan.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>

#include "wire/wire_errors.h"

namespace kedge::wire {
namespace {

std::vector<VlanTag> tags(const VlanList& list) {
  return {list.tags().begin(), list.tags().end()};
}

TEST(VlanTag, IsTheControlInformationOfAFrame) {
  EXPECT_EQ((VlanTag{42, 5}.control_information()), 0xa02a);
  EXPECT_EQ(VlanTag::from_control_information(0xa02a), (VlanTag{42, 5}));
  // The bit in between (drop eligible) says nothing of where the frame belongs.
  EXPECT_EQ(VlanTag::from_control_information(0xb02a), (VlanTag{42, 5}));
  EXPECT_EQ(VlanTag::from_control_information(0x0fff), (VlanTag{4095, 0}));
}

TEST(VlanTag, IsShownWithItsPriorityWhenItHasOne) {
  EXPECT_EQ(format("{}", VlanTag{42, 0}), "42");
  EXPECT_EQ(format("{}", VlanTag{42, 5}), "42:5");
  EXPECT_EQ(format("{}", VlanTag{0, 7}), "0:7");
}

TEST(VlanTag, IsNoneWithoutIdAndPriority) {
  EXPECT_TRUE((VlanTag{}.is_none()));
  EXPECT_FALSE((VlanTag{0, 1}.is_none()));
  EXPECT_FALSE((VlanTag{1, 0}.is_none()));
}

TEST(VlanList, IsReadInItsOrder) {
  EXPECT_EQ(tags(*VlanList::parse("42")), (std::vector<VlanTag>{{42, 0}}));
  EXPECT_EQ(tags(*VlanList::parse("4094:7,0,1")),
            (std::vector<VlanTag>{{4094, 7}, {0, 0}, {1, 0}}));
}

TEST(VlanList, RefusesWhatIsNone) {
  for (const char* text : {"", "4095", "-1", "x", "42:", "42:8", ":1", "42,", ",42", "42,,43",
                           "42 ", "42:1:1", "0x2a", "42,42", "42:1,42:2", "99999999999999999999"}) {
    const auto list = VlanList::parse(text);
    ASSERT_FALSE(list.ok()) << text;
    EXPECT_EQ(list.error(), err::wire_bad_vlan);
  }
}

TEST(VlanList, HasALimit) {
  std::string text = "1";
  for (int id = 2; id <= 16; ++id) text += format(",{}", id);
  ASSERT_TRUE(VlanList::parse(text).ok());
  EXPECT_EQ(VlanList::parse(text)->tags().size(), VlanList::kMax);
  EXPECT_FALSE(VlanList::parse(text + ",17").ok());
}

TEST(VlanList, ChangesOneAndKeepsTheOrder) {
  VlanList list = *VlanList::parse("1,2,3");
  EXPECT_TRUE(list.set({2, 6}));
  EXPECT_EQ(tags(list), (std::vector<VlanTag>{{1, 0}, {2, 6}, {3, 0}}));
  EXPECT_TRUE(list.remove(1));
  EXPECT_FALSE(list.remove(1));
  EXPECT_TRUE(list.set({1, 0}));
  EXPECT_EQ(tags(list), (std::vector<VlanTag>{{2, 6}, {3, 0}, {1, 0}}));
  EXPECT_EQ(list.find(3), &list.tags()[1]);
  EXPECT_EQ(list.find(4), nullptr);
  for (const std::uint16_t id : std::to_array<std::uint16_t>({1, 2, 3}))
    EXPECT_TRUE(list.remove(id));
  EXPECT_TRUE(list.empty());
}

TEST(VlanList, TakesNoMoreThanItHasRoomForButStillChangesThose) {
  VlanList list;
  for (std::uint16_t id = 1; id <= VlanList::kMax; ++id) EXPECT_TRUE(list.set({id, 0}));
  EXPECT_FALSE(list.set({100, 0}));
  EXPECT_TRUE(list.set({16, 3}));
  EXPECT_EQ(list.tags().back(), (VlanTag{16, 3}));
  EXPECT_TRUE(list.remove(16));
  EXPECT_TRUE(list.set({100, 0}));
}

}  // namespace
}  // namespace kedge::wire
