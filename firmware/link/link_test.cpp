// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/log.h"
#include "link/fault_injector.h"
#include "link/link_errors.h"
#include "link/loopback.h"
#include "link/pcap_writer.h"
#include "link/trace.h"
#include "tests/fake/sim_clock.h"

namespace kedge::link {
namespace {

using namespace literals;
using testing::HasSubstr;

struct Collector final : Receiver {
  std::vector<std::vector<std::byte>> frames;
  std::vector<ReceiveInfo> infos;
  void receive(Frame frame) noexcept override {
    std::vector<std::byte> bytes(frame.length());
    copy_bytes(frame, bytes);
    infos.push_back(frame.info());
    frames.push_back(std::move(bytes));
  }
};

std::vector<std::byte> frame_of(std::size_t size, std::uint8_t start = 0) {
  std::vector<std::byte> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(start + i);
  return bytes;
}

Result<void> send(Device& device, ByteView frame) {
  return device.transmit(std::span(&frame, 1), {});
}

TEST(HeapFrames, JoinPiecesAndCutSegments) {
  HeapFrames frames;
  const auto bytes = frame_of(1000);
  const ByteView pieces[] = {ByteView(bytes).first(14), {}, ByteView(bytes).subspan(14)};
  Frame frame = frames.make(pieces, {}, 300);
  EXPECT_EQ(frame.length(), 1000u);
  EXPECT_EQ(frames.outstanding(), 4u);
  EXPECT_EQ(frame.head()->length, 300u);
  std::vector<std::byte> out(1000);
  copy_bytes(frame, out);
  EXPECT_EQ(out, bytes);
  frame.reset();
  EXPECT_EQ(frames.outstanding(), 0u);
}

TEST(Loopback, DeliversInOrderAndBoundsItsQueue) {
  LoopbackPair pair({.queue_frames = 2});
  ASSERT_TRUE(pair.left().start().ok());
  ASSERT_TRUE(pair.right().start().ok());
  EXPECT_TRUE(send(pair.left(), frame_of(60, 1)).ok());
  EXPECT_TRUE(send(pair.left(), frame_of(60, 2)).ok());
  auto full = send(pair.left(), frame_of(60, 3));
  ASSERT_FALSE(full.ok());
  EXPECT_EQ(full.error(), err::link_busy);
  Collector collector;
  EXPECT_EQ(pair.right().poll(collector, 1), 1u);
  EXPECT_EQ(pair.right().poll(collector, 9), 1u);
  EXPECT_EQ(collector.frames, (std::vector{frame_of(60, 1), frame_of(60, 2)}));
}

TEST(Loopback, RefusesWhenStoppedAndWhenTooLarge) {
  LoopbackPair pair;
  EXPECT_EQ(send(pair.left(), frame_of(60)).error(), err::link_stopped);
  ASSERT_TRUE(pair.left().start().ok());
  EXPECT_EQ(send(pair.left(), frame_of(1515)).error(), err::link_frame_too_large);
}

TEST(LoopbackPair, FiltersWhatItsEndDoesNotWantAlsoBehindMiddleware) {
  LoopbackPair pair;
  Middleware behind(pair.left());
  ASSERT_TRUE(behind.start().ok());
  ASSERT_TRUE(pair.right().start().ok());
  constexpr wire::MacAddress kGroup({0x33, 0x33, 0, 0, 0, 1});
  constexpr wire::MacAddress kOther({0x33, 0x33, 0, 0, 0, 2});
  constexpr wire::MacAddress kStation({2, 0, 0, 0, 0, 9});
  const auto receives = [&](const wire::MacAddress& to) {
    auto bytes = frame_of(60);
    ByteWriter writer(bytes);
    to.write(writer);
    EXPECT_TRUE(send(pair.right(), bytes).ok());
    Collector collector;
    return behind.poll(collector, 9) == 1;
  };
  EXPECT_TRUE(receives(kStation));
  ReceiveFilter filter{.promiscuous = false, .all_groups = false, .group_count = 1};
  filter.group_list[0] = kGroup;
  behind.set_receive_filter(filter);
  EXPECT_TRUE(receives(behind.mac()));
  EXPECT_TRUE(receives(wire::MacAddress::broadcast()));
  EXPECT_TRUE(receives(kGroup));
  EXPECT_FALSE(receives(kOther));
  EXPECT_FALSE(receives(kStation));
  behind.set_receive_filter({.promiscuous = false});
  EXPECT_TRUE(receives(kOther));
  EXPECT_FALSE(receives(kStation));
}

struct Memory final : CaptureSink {
  std::vector<std::byte> bytes;
  void write(ByteView more) noexcept override {
    bytes.insert(bytes.end(), more.begin(), more.end());
  }
};

TEST(PcapWriter, WritesWhatTheFormatSays) {
  Memory memory;
  PcapWriter writer(memory, 10);
  fake::SimClock clock;
  LoopbackPair pair;
  Tap tap(pair.left(), clock, writer);
  ASSERT_TRUE(tap.start().ok());
  ASSERT_TRUE(pair.right().start().ok());
  clock.advance(Duration::nanoseconds(2'000'000'007));
  const auto bytes = frame_of(60);
  const ByteView pieces[] = {ByteView(bytes).first(4), ByteView(bytes).subspan(4)};
  ASSERT_TRUE(tap.transmit(pieces, {}).ok());
  ASSERT_TRUE(send(pair.right(), frame_of(8, 7)).ok());
  Collector collector;
  tap.poll(collector, 9);

  ByteReader reader(memory.bytes);
  EXPECT_EQ(reader.le32(), 0xa1b23c4du);
  EXPECT_EQ(reader.le16(), 2);
  EXPECT_EQ(reader.le16(), 4);
  EXPECT_EQ(reader.le64(), 0u);
  EXPECT_EQ(reader.le32(), 262144u);
  EXPECT_EQ(reader.le32(), 1u);
  EXPECT_EQ(reader.le32(), 3u);  // the clock starts at one second
  EXPECT_EQ(reader.le32(), 7u);
  EXPECT_EQ(reader.le32(), 10u);
  EXPECT_EQ(reader.le32(), 60u);
  EXPECT_EQ(reader.bytes(10)[9], std::byte{9});
  reader.skip(8);
  EXPECT_EQ(reader.le32(), 8u);
  EXPECT_EQ(reader.le32(), 8u);
  EXPECT_EQ(reader.bytes(8)[0], std::byte{7});
  EXPECT_TRUE(reader.ok() && reader.at_end());
}

TEST(FrameTrace, TellsWhoTalksToWhom) {
  struct Lines final : LogSink {
    std::vector<std::string> lines;
    void line(LogLevel, std::string_view tag, std::string_view text) noexcept override {
      lines.push_back(std::string(tag) + ": " + std::string(text));
    }
  } lines;
  set_log(&lines, LogLevel::debug);
  FrameTrace trace("net0");
  std::vector<std::byte> frame(60);
  ByteWriter w(frame);
  w.zeros(12);
  w.be16(0x0800);
  w.be32(0x4500002e);
  w.be32(0);
  w.be32(0x40110000);
  w.be32(0x0a000002);
  w.be32(0x0a000001);
  w.be16(1024);
  w.be16(69);
  const ByteView piece = frame;
  trace.observe(Direction::transmitted, {}, std::span(&piece, 1));
  const ByteView stump = piece.first(20);  // must not read on
  trace.observe(Direction::received, {}, std::span(&stump, 1));
  set_log(nullptr, LogLevel::error);
  ASSERT_EQ(lines.lines.size(), 2u);
  EXPECT_EQ(lines.lines[0], "net0: -> UDP 10.0.0.2:1024 to 10.0.0.1:69, 60 bytes");
  EXPECT_THAT(lines.lines[1], HasSubstr("20 bytes"));
}

struct Injected {
  explicit Injected(const FaultOptions& options) : injector(pair.left(), time.loop, options) {
    EXPECT_TRUE(injector.start().ok());
    EXPECT_TRUE(pair.right().start().ok());
  }
  /// Sends `count` frames through the injector to the other end and returns what arrives.
  std::vector<std::vector<std::byte>> pass(unsigned count) {
    Collector collector;
    Collector none;
    for (unsigned i = 0; i < count; ++i) {
      EXPECT_TRUE(send(injector, frame_of(60, static_cast<std::uint8_t>(i))).ok());
      injector.poll(none, 9);
      pair.right().poll(collector, 9);
    }
    time.clock.advance(1_s);
    injector.poll(none, 9);
    pair.right().poll(collector, 999);
    return collector.frames;
  }
  fake::SimLoop time;
  LoopbackPair pair{{.queue_frames = 10'000}};
  FaultInjector injector;
};

TEST(FaultInjector, PassesEverythingWithoutFaults) {
  Injected wire({});
  const auto frames = wire.pass(100);
  ASSERT_EQ(frames.size(), 100u);
  for (unsigned i = 0; i < 100; ++i)
    EXPECT_EQ(frames[i], frame_of(60, static_cast<std::uint8_t>(i)));
  EXPECT_EQ(wire.injector.faults(), 0u);
}

TEST(FaultInjector, LosesAndDuplicatesAboutAsOftenAsTold) {
  Injected lossy({.lose = 2000});
  EXPECT_NEAR(static_cast<double>(lossy.pass(2000).size()), 1600, 80);
  Injected doubling({.duplicate = 1000});
  EXPECT_NEAR(static_cast<double>(doubling.pass(2000).size()), 2200, 60);
}

TEST(FaultInjector, FlipsExactlyOneBit) {
  Injected wire({.corrupt = 10'000});
  const auto frames = wire.pass(50);
  ASSERT_EQ(frames.size(), 50u);
  for (unsigned i = 0; i < 50; ++i) {
    const auto sent = frame_of(60, static_cast<std::uint8_t>(i));
    int bits = 0;
    for (std::size_t k = 0; k < 60; ++k) {
      bits += std::popcount(std::to_integer<unsigned>(frames[i][k] ^ sent[k]));
    }
    EXPECT_EQ(bits, 1);
    EXPECT_TRUE(std::equal(sent.begin(), sent.begin() + 14, frames[i].begin()));
  }
}

TEST(FaultInjector, IsTheSameForTheSameSeed) {
  const FaultOptions options{
      .seed = 42, .lose = 500, .duplicate = 500, .corrupt = 500, .truncate = 500};
  Injected first(options);
  Injected second(options);
  EXPECT_EQ(first.pass(300), second.pass(300));
  Injected third({.seed = 43, .lose = 500, .duplicate = 500, .corrupt = 500, .truncate = 500});
  EXPECT_NE(first.pass(300), third.pass(300));
}

TEST(FaultInjector, HoldsFramesAndWakesTheLoopForThem) {
  Injected wire({.delay = 5_ms});
  ASSERT_TRUE(send(wire.injector, frame_of(60)).ok());
  Collector collector;
  EXPECT_EQ(wire.pair.right().poll(collector, 9), 0u);
  EXPECT_EQ(wire.time.loop.next_deadline(), wire.time.after(5_ms));
  wire.time.clock.advance(5_ms);
  Collector none;
  wire.injector.poll(none, 9);
  EXPECT_EQ(wire.pair.right().poll(collector, 9), 1u);
  EXPECT_EQ(wire.time.loop.next_deadline(), wire.time.clock.now());  // for the other end
  wire.injector.poll(none, 9);
  EXPECT_EQ(wire.time.loop.armed_timers(), 0u);
}

}  // namespace
}  // namespace kedge::link
