// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "link/vlan_device.h"

#include <gtest/gtest.h>

#include "tests/fake/link_device.h"

namespace kedge::link {
namespace {

using Bytes = std::vector<std::byte>;

constexpr std::size_t kAddresses = 12;

Bytes bytes(std::initializer_list<int> values) {
  Bytes all;
  for (const int value : values) all.push_back(static_cast<std::byte>(value));
  return all;
}
/// Twelve numbered bytes of addresses, then `rest`, then a payload of numbered bytes.
Bytes frame(const Bytes& rest, std::size_t payload = 100) {
  Bytes all;
  for (std::size_t i = 0; i < kAddresses; ++i) all.push_back(static_cast<std::byte>(i + 1));
  all.insert(all.end(), rest.begin(), rest.end());
  for (std::size_t i = 0; i < payload; ++i) all.push_back(static_cast<std::byte>(i));
  return all;
}
const Bytes kPlain = frame(bytes({0x08, 0x00}));

struct Collector final : Receiver {
  std::vector<Bytes> frames;
  std::vector<ReceiveInfo> infos;
  void receive(Frame frame) noexcept override {
    Bytes all(frame.length());
    EXPECT_EQ(copy_bytes(frame, all).size(), frame.length());
    frames.push_back(std::move(all));
    infos.push_back(frame.info());
  }
};

struct Capable final : fake::ScriptedDevice {
  Capabilities capabilities() const noexcept override {
    return {.receive_checksum = true,
            .receive_merge = true,
            .transmit_checksum = true,
            .receive_buffers = 64};
  }
};

struct VlanDeviceTest : testing::Test {
  Capable inner;
  VlanDevice device{inner};
  Collector collector;

  VlanDeviceTest() { EXPECT_TRUE(device.start().ok()); }
  ~VlanDeviceTest() override {
    device.stop();
    EXPECT_FALSE(inner.running);
    EXPECT_EQ(inner.frames.outstanding(), 0U);
  }
  std::vector<Bytes> received(const Bytes& wire) {
    inner.incoming.push_back(wire);
    collector.frames.clear();
    EXPECT_EQ(device.poll(collector, 8), 1U);
    return collector.frames;
  }
  Bytes sent(std::vector<ByteView> pieces) {
    EXPECT_TRUE(device.transmit(pieces, {}).ok());
    return inner.sent.back();
  }
};

TEST_F(VlanDeviceTest, WithoutATagChangesNothing) {
  const Bytes tagged = frame(bytes({0x81, 0x00, 0x00, 0x2a, 0x08, 0x00}));
  EXPECT_EQ(received(kPlain), std::vector<Bytes>{kPlain});
  EXPECT_EQ(received(tagged), std::vector<Bytes>{tagged});
  EXPECT_EQ(sent({ByteView(kPlain)}), kPlain);
  EXPECT_TRUE(device.capabilities().transmit_checksum);
}

TEST_F(VlanDeviceTest, PutsItsTagBehindTheAddresses) {
  device.set_tag({42, 5});
  const Bytes expected = frame(bytes({0x81, 0x00, 0xa0, 0x2a, 0x08, 0x00}));
  const ByteView whole(kPlain);
  EXPECT_EQ(sent({whole}), expected);
  EXPECT_EQ(sent({whole.first(12), whole.subspan(12)}), expected);
  EXPECT_EQ(sent({whole.first(14), whole.subspan(14, 20), {}, whole.subspan(34)}), expected);
}

TEST_F(VlanDeviceTest, TakesItsTagOffAndDropsWhatIsOfOthers) {
  device.set_tag({42, 0});
  EXPECT_EQ(received(frame(bytes({0x81, 0x00, 0x00, 0x2a, 0x08, 0x00}))),
            std::vector<Bytes>{kPlain});
  // Whatever its priority.
  EXPECT_EQ(received(frame(bytes({0x81, 0x00, 0xf0, 0x2a, 0x08, 0x00}))),
            std::vector<Bytes>{kPlain});
  EXPECT_TRUE(received(frame(bytes({0x81, 0x00, 0x00, 0x2b, 0x08, 0x00}))).empty());
  EXPECT_TRUE(received(frame(bytes({0x81, 0x00, 0x00, 0x00, 0x08, 0x00}))).empty());
  EXPECT_TRUE(received(kPlain).empty());
}

TEST_F(VlanDeviceTest, TakesOffOneTagOnly) {
  device.set_tag({42, 0});
  const Bytes inside = frame(bytes({0x81, 0x00, 0x00, 0x2a, 0x08, 0x00}));
  EXPECT_EQ(received(frame(bytes({0x81, 0x00, 0x00, 0x2a, 0x81, 0x00, 0x00, 0x2a, 0x08, 0x00}))),
            std::vector<Bytes>{inside});
}

TEST_F(VlanDeviceTest, WithAPriorityOnlyReceivesWhatHasNoVlan) {
  device.set_tag({0, 3});
  EXPECT_EQ(sent({ByteView(kPlain)}), frame(bytes({0x81, 0x00, 0x60, 0x00, 0x08, 0x00})));
  EXPECT_EQ(received(kPlain), std::vector<Bytes>{kPlain});
  EXPECT_EQ(received(frame(bytes({0x81, 0x00, 0x00, 0x00, 0x08, 0x00}))),
            std::vector<Bytes>{kPlain});
  EXPECT_TRUE(received(frame(bytes({0x81, 0x00, 0x00, 0x2a, 0x08, 0x00}))).empty());
}

TEST_F(VlanDeviceTest, DropsFramesThatEndWithinTheirTag) {
  device.set_tag({42, 0});
  const Bytes tagged = frame(bytes({0x81, 0x00, 0x00, 0x2a}), 0);
  for (std::size_t length = 0; length < tagged.size(); ++length) {
    EXPECT_TRUE(received(Bytes(tagged.begin(), tagged.begin() + static_cast<long>(length))).empty())
        << length;
  }
  // Nothing but addresses is left of this one; the stack knows what to make of it.
  EXPECT_EQ(received(tagged), std::vector<Bytes>{frame({}, 0)});
}

TEST_F(VlanDeviceTest, TakesTheTagOffFramesInPieces) {
  device.set_tag({42, 0});
  inner.segment_bytes = 20;
  EXPECT_EQ(received(frame(bytes({0x81, 0x00, 0x00, 0x2a, 0x08, 0x00}))),
            std::vector<Bytes>{kPlain});
}

TEST_F(VlanDeviceTest, SumsItselfWhatTheChipMightSumInTheWrongPlace) {
  device.set_tag({42, 0});
  EXPECT_FALSE(device.capabilities().transmit_checksum);
  EXPECT_TRUE(device.capabilities().receive_checksum);
  EXPECT_TRUE(device.capabilities().receive_merge);
  EXPECT_EQ(device.capabilities().receive_buffers, 64);
}

TEST_F(VlanDeviceTest, RefusesFramesThatItCannotTag) {
  device.set_tag({42, 0});
  const ByteView whole(kPlain);
  const auto refused = [&](std::vector<ByteView> pieces) {
    const Result<void> result = device.transmit(pieces, {});
    return !result.ok() && result.error() == err::link_frame_malformed;
  };
  EXPECT_TRUE(refused({}));
  EXPECT_TRUE(refused({whole.first(11), whole.subspan(11)}));
  EXPECT_TRUE(refused(std::vector<ByteView>(33, whole)));
  EXPECT_FALSE(refused(std::vector<ByteView>(32, whole)));
  EXPECT_EQ(inner.sent.size(), 1U);
}

TEST_F(VlanDeviceTest, TellsWhenTheRingIsFull) {
  device.set_tag({42, 0});
  inner.ring_size = 0;
  const ByteView pieces[] = {kPlain};
  EXPECT_EQ(device.transmit(pieces, {}).error(), err::link_busy);
}

}  // namespace
}  // namespace kedge::link
