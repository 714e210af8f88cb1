// SPDX-License-Identifier: BSD-2-Clause-Patent
// What every driver does with a receive filter, for the tests of all: `Rig` has a `model` whose
// deliver() says whether the filter lets a frame in, a `device`, a `collector` and poll().
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>

#include "driver/common/test_support.h"

namespace kedge::driver {

inline constexpr wire::MacAddress kOtherStation({0x52, 0x54, 0x00, 0x12, 0x34, 0x57});
/// No two have a bit in common, whatever the hash, but for the last two in one of 4096 bits.
inline constexpr wire::MacAddress kSolicited({0x33, 0x33, 0xff, 0x12, 0x34, 0x56});
inline constexpr wire::MacAddress kStrange({0x33, 0x33, 0x00, 0x01, 0x00, 0x02});
inline constexpr wire::MacAddress kStranger({0x09, 0x00, 0x07, 0xff, 0xff, 0xff});
inline constexpr wire::MacAddress kAllHosts({0x01, 0x00, 0x5e, 0x00, 0x00, 0x01});
inline constexpr wire::MacAddress kAllNodes({0x33, 0x33, 0x00, 0x00, 0x00, 0x01});

inline std::string text(const wire::MacAddress& address) {
  return format("{}", address);
}

inline std::vector<std::byte> frame_to(const wire::MacAddress& to, unsigned seed = 0) {
  std::vector<std::byte> frame = pattern(80, seed);
  std::copy(to.bytes().begin(), to.bytes().end(), frame.begin());
  return frame;
}

inline link::ReceiveFilter filter_of(std::initializer_list<wire::MacAddress> groups) {
  link::ReceiveFilter filter{.promiscuous = false, .all_groups = false};
  for (const wire::MacAddress& group : groups) filter.group_list[filter.group_count++] = group;
  return filter;
}

/// Whether a frame to that address arrives.
template <class Rig>
bool receives(Rig& rig, const wire::MacAddress& to) {
  rig.collector.frames.clear();
  const auto frame = frame_to(to);
  const bool taken = rig.model.deliver(frame);
  rig.poll();
  EXPECT_EQ(rig.collector.frames.size(), taken ? 1u : 0u);
  if (taken && !rig.collector.frames.empty()) EXPECT_EQ(rig.collector.frames[0], frame);
  return taken;
}

/// Chips may take some polls until they let no more in than they should.
template <class Rig>
void set_filter(Rig& rig, const link::ReceiveFilter& filter) {
  rig.device->set_receive_filter(filter);
  rig.poll();
  rig.poll();
}

template <class Rig>
void expect_station_and_broadcast(Rig& rig) {
  EXPECT_TRUE(receives(rig, rig.device->mac()));
  EXPECT_TRUE(receives(rig, wire::MacAddress::broadcast()));
}

template <class Rig>
void expect_only(Rig& rig, std::initializer_list<wire::MacAddress> groups) {
  expect_station_and_broadcast(rig);
  EXPECT_FALSE(receives(rig, kOtherStation));
  for (const auto& group : {kSolicited, kStrange, kStranger}) {
    EXPECT_EQ(receives(rig, group), std::find(groups.begin(), groups.end(), group) != groups.end())
        << text(group);
  }
}

template <class Rig>
void check_lists(Rig& rig) {
  EXPECT_TRUE(receives(rig, kOtherStation));
  set_filter(rig, filter_of({}));
  expect_only(rig, {});
  set_filter(rig, filter_of({kSolicited}));
  expect_only(rig, {kSolicited});
  set_filter(rig, filter_of({kStrange, kSolicited}));
  expect_only(rig, {kStrange, kSolicited});
  set_filter(rig, filter_of({kStrange}));
  expect_only(rig, {kStrange});
  // Two that a chip may not be able to tell apart.
  set_filter(rig, filter_of({kAllHosts, kAllNodes}));
  set_filter(rig, filter_of({kAllNodes}));
  EXPECT_TRUE(receives(rig, kAllNodes));
  expect_only(rig, {});
}

template <class Rig>
void check_modes(Rig& rig) {
  link::ReceiveFilter filter = filter_of({kSolicited});
  filter.all_groups = true;
  set_filter(rig, filter);
  expect_station_and_broadcast(rig);
  EXPECT_FALSE(receives(rig, kOtherStation));
  EXPECT_TRUE(receives(rig, kStrange));
  EXPECT_TRUE(receives(rig, kStranger));
  filter = filter_of({kSolicited});
  filter.promiscuous = true;
  set_filter(rig, filter);
  for (const auto& to : {kOtherStation, kStrange, kStranger})
    EXPECT_TRUE(receives(rig, to)) << text(to);
  expect_station_and_broadcast(rig);
  set_filter(rig, filter_of({kSolicited}));
  expect_only(rig, {kSolicited});
}

/// Of the largest list everything passes; what else does is the chip's business.
template <class Rig>
void check_largest_list(Rig& rig) {
  link::ReceiveFilter filter = filter_of({});
  for (std::uint8_t i = 0; i < link::ReceiveFilter::kGroupsMax; ++i) {
    filter.group_list[filter.group_count++] = wire::MacAddress({1, 0, 0x5e, 0, i, i});
  }
  set_filter(rig, filter);
  for (const auto& group : filter.groups()) EXPECT_TRUE(receives(rig, group)) << text(group);
  expect_station_and_broadcast(rig);
  EXPECT_FALSE(receives(rig, kOtherStation));
}

template <class Rig>
void check_survival(Rig& rig) {
  rig.device->set_receive_filter(filter_of({kSolicited}));
  for (unsigned round = 0; round < 2; ++round) {
    rig.device->stop();
    ASSERT_TRUE(rig.device->start().ok());
    // Before the first poll, what is wanted comes through.
    ASSERT_TRUE(rig.model.deliver(frame_to(rig.device->mac())));
    ASSERT_TRUE(rig.model.deliver(frame_to(kSolicited)));
    EXPECT_EQ(rig.poll(), 2u);
    rig.poll();
    expect_only(rig, {kSolicited});
  }
  rig.device->stop();
  rig.device->set_receive_filter(filter_of({kStrange}));
  ASSERT_TRUE(rig.device->start().ok());
  rig.poll();
  expect_only(rig, {kStrange});
}

/// Frames that wait stay, those that are wanted before and after come all the time.
template <class Rig>
void check_changes_lose_nothing(Rig& rig) {
  set_filter(rig, filter_of({kSolicited}));
  link::ReceiveFilter all = filter_of({});
  all.promiscuous = true;
  rig.collector.frames.clear();
  std::vector<std::vector<std::byte>> wanted;
  const link::ReceiveFilter filters[] = {filter_of({kSolicited, kStrange}), all,
                                         filter_of({kStranger, kSolicited}), filter_of({})};
  for (const link::ReceiveFilter& filter : filters) {
    wanted.push_back(frame_to(kSolicited, static_cast<unsigned>(wanted.size())));
    ASSERT_TRUE(rig.model.deliver(wanted.back()));
    rig.device->set_receive_filter(filter);
    wanted.push_back(frame_to(rig.device->mac(), static_cast<unsigned>(wanted.size())));
    ASSERT_TRUE(rig.model.deliver(wanted.back()));
  }
  // One at a time: no restart may come in between.
  for (std::size_t i = 0; i < wanted.size(); ++i) EXPECT_EQ(rig.poll(1), 1u);
  EXPECT_EQ(rig.collector.frames, wanted);
  rig.poll();
  rig.poll();
  expect_only(rig, {});
}

template <class Rig>
void check_change_in_the_middle_of_a_poll(Rig& rig) {
  set_filter(rig, filter_of({}));
  bool changed = false;
  rig.collector.on_frame = [&] {
    if (!std::exchange(changed, true)) rig.device->set_receive_filter(filter_of({kSolicited}));
  };
  for (unsigned i = 0; i < 5; ++i) {
    ASSERT_TRUE(rig.model.deliver(frame_to(rig.device->mac(), i)));
  }
  EXPECT_EQ(rig.poll(), 5u);
  rig.poll();
  expect_only(rig, {kSolicited});
}

}  // namespace kedge::driver
