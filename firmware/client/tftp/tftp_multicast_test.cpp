// SPDX-License-Identifier: BSD-2-Clause-Patent
// MTFTP conversations: sessions of others, of our own, and what happens between.
#include "client/tftp/tftp_multicast.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <list>

#include "client/tftp/tftp_client_errors.h"
#include "net/net_errors.h"
#include "tests/fake/interface.h"
#include "tests/fake/net.h"
#include "tests/fake/sink.h"

namespace kedge::client {
namespace {

using namespace kedge::literals;
using namespace std::string_literals;
using testing::ElementsAre;

constexpr wire::Ipv4Address kServer(10, 0, 0, 1);
constexpr wire::Ipv4Address kOwn(10, 0, 0, 2);
constexpr wire::Ipv4Address kGroup(239, 1, 2, 3);
constexpr std::uint16_t kServerPort = 1759;
constexpr std::uint16_t kClientPort = 1758;
constexpr std::uint16_t kDataPort = 40000;

std::string number(std::uint64_t block) {
  return {static_cast<char>(block >> 8), static_cast<char>(block)};
}

struct GroupTest : testing::Test {
  fake::SimLoop sim;
  fake::FakeStack stack{sim.loop};
  fake::FakeInterface interface;
  fake::MemorySink sink;
  fake::RecordingProgress progress;
  TftpGroup group{kServer, kServerPort, kClientPort, 2_s, 1_s, kGroup};
  std::string content = std::string(512, 'a') + std::string(512, 'b') + "end";
  std::vector<std::string> said;  // "open NAME", "ack N"
  std::uint64_t lost_opens = 0;   // requests that the server does not hear
  std::uint64_t lost_block = 0;   // is not sent the first time
  bool serves = true;
  const Instant began = sim.clock.now();

  GroupTest() {
    EXPECT_TRUE(interface.open().ok());
    net::Ipv4Configuration configuration;
    configuration.address = kOwn;
    EXPECT_TRUE(interface.configure(configuration).ok());
    stack.on_udp = [this](fake::FakeUdpSocket& socket, wire::Endpoint target, ByteView payload) {
      const bool opens = payload[1] == std::byte{1};
      EXPECT_EQ(target, (wire::Endpoint{kServer, opens ? kServerPort : kDataPort}));
      EXPECT_EQ(socket.options().local_port, kClientPort);
      EXPECT_EQ(socket.options().interface, &interface);
      hear(as_text(payload));
    };
  }
  fake::FakeUdpSocket& socket() { return *stack.sockets.front(); }
  void send(std::string_view text, wire::Ipv4Address to = kGroup,
            wire::Ipv4Address from = kServer) {
    const ByteView view = as_byte_view(text);
    socket().deliver({from, kDataPort}, {view.begin(), view.end()}, to);
  }
  void send_block(std::uint64_t block, wire::Ipv4Address to = kGroup) {
    if (block == std::exchange(lost_block, block == lost_block ? 0 : lost_block)) return;
    const std::size_t offset = (block - 1) * 512;
    if (offset <= content.size()) send("\0\3"s + number(block) + content.substr(offset, 512), to);
  }
  void hear(std::string_view packet) {
    if (packet[1] == 1) {
      said.push_back("open " + std::string(packet.substr(2, packet.find('\0', 2) - 2)));
      last_ = 0;
      // As atftpd does it: the first block goes to the one who is to acknowledge.
      if (serves && lost_opens == 0) send_block(1, kOwn);
      if (lost_opens > 0) --lost_opens;
    } else {
      const auto low = static_cast<std::uint16_t>(static_cast<unsigned char>(packet[2]) << 8 |
                                                  static_cast<unsigned char>(packet[3]));
      // The number that is meant: 16 bits go round.
      const auto ahead = static_cast<std::int16_t>(low - static_cast<std::uint16_t>(last_));
      last_ = static_cast<std::uint64_t>(static_cast<std::int64_t>(last_) + ahead);
      if (last_ < 100) said.push_back(format("ack {}", last_));
      if (serves) send_block(last_ + 1);
    }
  }
  Result<void> get() {
    return sim.run(tftp_get_from_group(stack, interface, group, "file", sink, progress));
  }
  /// A session of others: blocks, one each `interval`.
  void others_from(std::uint64_t first, std::uint64_t last, Duration start) {
    for (std::uint64_t block = first; block <= last; ++block) {
      at_.push_back(std::make_unique<fake::At>(
          sim.loop, sim.after(start + 100_ms * static_cast<int>(block - first)),
          [this, block] { send_block(block); }));
    }
  }
  Duration took() { return sim.clock.now() - began; }

 private:
  std::uint64_t last_ = 0;
  std::vector<std::unique_ptr<fake::At>> at_;
};

TEST_F(GroupTest, OpensASessionWhereThereIsNone) {
  ASSERT_TRUE(get().ok());
  EXPECT_EQ(sink.data, content);
  EXPECT_THAT(said, ElementsAre("open file", "ack 1", "ack 2", "ack 3"));
  EXPECT_EQ(took(), 2_s) << "it has listened before";
  EXPECT_TRUE(stack.sockets.empty());
}

TEST_F(GroupTest, FollowsASessionOfOthersWithoutAWord) {
  others_from(1, 3, 500_ms);
  ASSERT_TRUE(get().ok());
  EXPECT_EQ(sink.data, content);
  EXPECT_TRUE(said.empty());
  EXPECT_LT(took(), 1_s);
}

TEST_F(GroupTest, WhoComesTooLateWaitsForTheEndAndOpensItsOwn) {
  others_from(2, 3, 500_ms);
  ASSERT_TRUE(get().ok());
  EXPECT_EQ(sink.data, content);
  EXPECT_EQ(said.front(), "open file");
  EXPECT_GE(took(), 1600_ms) << "a second after the last packet of the others";
}

TEST_F(GroupTest, WhatWasMissedIsFetchedBySessionOfOurOwn) {
  lost_block = 2;
  others_from(1, 3, 500_ms);
  ASSERT_TRUE(get().ok());
  EXPECT_EQ(sink.data, content);
  // The server begins with block 1, which we have: it is acknowledged all the same.
  EXPECT_THAT(said, ElementsAre("open file", "ack 1", "ack 2", "ack 3"));
}

TEST_F(GroupTest, RepeatsRequestsAndAcknowledgements) {
  lost_opens = 2;
  lost_block = 2;
  ASSERT_TRUE(get().ok());
  EXPECT_EQ(sink.data, content);
  EXPECT_THAT(
      said, ElementsAre("open file", "open file", "open file", "ack 1", "ack 1", "ack 2", "ack 3"));
}

TEST_F(GroupTest, WhoIsNotAnsweredAloneDoesNotAcknowledge) {
  serves = false;
  others_from(1, 3, 2500_ms);  // they were faster
  ASSERT_TRUE(get().ok());
  EXPECT_EQ(sink.data, content);
  EXPECT_THAT(said, ElementsAre("open file"));
}

TEST_F(GroupTest, GivesUpOnSilence) {
  serves = false;
  EXPECT_EQ(get().error(), err::tftp_no_answer);
  EXPECT_EQ(said.size(), 4U);
  EXPECT_EQ(took(), 6_s);
  others_from(1, 1, 1_s);
  EXPECT_EQ(get().error(), err::tftp_silent);
}

TEST_F(GroupTest, IsToldWhatTheServerRefuses) {
  serves = false;
  const fake::At refusal(sim.loop, sim.after(2500_ms), [this] {
    send("\0\5\0\1other file\0"s);  // to the group
    send("\0\5\0\1stranger\0"s, kOwn, {10, 0, 0, 9});
    send("\0\5\0\2not this\0"s, kOwn);
  });
  EXPECT_EQ(get().error(), err::tftp_access);
  EXPECT_TRUE(sink.data.empty());
}

// PXE's servers send all files from one address to one port; only the group tells them apart.
TEST_F(GroupTest, BlocksOfAnotherGroupAreOfAnotherFile) {
  static constexpr wire::Ipv4Address kOtherGroup(239, 9, 9, 9);
  const fake::At others(sim.loop, sim.after(500_ms), [this] {
    send("\0\3"s + number(1) + "another file", kOtherGroup);
    send("\0\3"s + number(1) + std::string(600, 'x'), kOtherGroup);
  });
  ASSERT_TRUE(get().ok());
  EXPECT_EQ(sink.data, content);
}

TEST_F(GroupTest, BlocksOfTheWrongSizeOrOriginAreNotTaken) {
  const fake::At strangers(sim.loop, sim.after(100_ms), [this] {
    send("\0\3\0\1"s + "stranger", kGroup, {10, 0, 0, 9});
    send("\0"s);
  });
  ASSERT_TRUE(get().ok());
  EXPECT_EQ(sink.data, content);
  sink.clear();
  const fake::At large(sim.loop, sim.after(100_ms),
                       [this] { send("\0\3\0\1"s + std::string(1024, 'x')); });
  EXPECT_EQ(get().error(), err::tftp_bad_block);
}

TEST_F(GroupTest, AnAnswerThatThePortIsClosedEndsIt) {
  const fake::At closed(sim.loop, sim.after(2100_ms),
                        [this] { socket().fail_next(Error(err::net_refused)); });
  serves = false;
  EXPECT_EQ(get().error(), err::net_refused);
}

TEST_F(GroupTest, ASinkThatIsFullEndsIt) {
  sink.limit = 600;
  EXPECT_EQ(get().error(), err::base_no_memory);
}

TEST_F(GroupTest, NumbersOfBlocksGoRound) {
  content.assign(512ULL * 65536 + 5, 'x');
  group.listen = {};
  ASSERT_TRUE(get().ok());
  EXPECT_EQ(sink.data.size(), content.size());
}

TEST_F(GroupTest, SessionsOfOthersDoNotKeepUsForEver) {
  std::function<void()> again;
  std::list<fake::At> steps;
  again = [&] {
    send("\0\3\0\7"s + std::string(512, 'x'));
    steps.emplace_back(sim.loop, sim.after(500_ms), again);
  };
  steps.emplace_back(sim.loop, sim.after(100_ms), again);
  EXPECT_EQ(get().error(), err::tftp_silent);
  EXPECT_TRUE(said.empty());
  EXPECT_LT(took(), 301_s);
}

}  // namespace
}  // namespace kedge::client
