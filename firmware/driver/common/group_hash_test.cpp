// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "driver/common/group_hash.h"

#include <gtest/gtest.h>

namespace kedge::driver {
namespace {

link::ReceiveFilter list(std::initializer_list<wire::MacAddress> groups) {
  link::ReceiveFilter filter{.promiscuous = false, .all_groups = false};
  for (const wire::MacAddress& group : groups) filter.group_list[filter.group_count++] = group;
  return filter;
}

constexpr wire::MacAddress kAllHosts({0x01, 0x00, 0x5e, 0x00, 0x00, 0x01});
constexpr wire::MacAddress kAllNodes({0x33, 0x33, 0x00, 0x00, 0x00, 0x01});

// The CRCs, without the last step, are 0x7fa32d9b and 0xf99baaba, x^31 first.
TEST(GroupHash, TakesTheBitsThatTheChipTakes) {
  EXPECT_EQ(group_hash(list({}), HashOrder::x31_to_x26), 0u);
  EXPECT_EQ(group_hash(list({kAllHosts}), HashOrder::x31_to_x26), 1ull << 31);
  EXPECT_EQ(group_hash(list({kAllNodes}), HashOrder::x31_to_x26), 1ull << 62);
  EXPECT_EQ(group_hash(list({kAllHosts}), HashOrder::x0_to_x5), 1ull << 54);
  EXPECT_EQ(group_hash(list({kAllNodes, kAllHosts}), HashOrder::x0_to_x5), 1ull << 23 | 1ull << 54);
}

TEST(GroupHash, PassesAllWhenThatIsWanted) {
  link::ReceiveFilter filter = list({kAllHosts});
  filter.all_groups = true;
  EXPECT_EQ(group_hash(filter, HashOrder::x31_to_x26), ~0ull);
  filter.all_groups = false;
  filter.promiscuous = true;
  EXPECT_EQ(group_hash(filter, HashOrder::x0_to_x5), ~0ull);
}

}  // namespace
}  // namespace kedge::driver
