// SPDX-License-Identifier: BSD-2-Clause-Patent
// TCP against a scripted machine, on good wires and bad ones.
#include <cinttypes>

#include "tests/sim/network.h"

namespace kedge::sim {
namespace {

using namespace literals;
constexpr std::uint16_t kPort = 80;

class Tcp : public testing::Test {
 protected:
  std::unique_ptr<net::Stream> connected(Network& network) {
    auto stream = network.connect(kPort);
    EXPECT_TRUE(stream.ok());
    return stream.ok() ? *std::move(stream) : nullptr;
  }
};

TEST_F(Tcp, DownloadsWithAFourMebibyteWindow) {
  Network network;
  network.configure();
  network.peer->tcp[kPort] = {.send_bytes = 3'000'000, .wait_for = 3};
  auto stream = connected(network);
  ASSERT_TRUE(network.run(stream->write(as_byte_view("GET"), network.after(1_s))).ok());
  auto result = network.run(download(*stream, 5_s));
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->bytes, 3'000'000u);
  EXPECT_EQ(result->wrong, 0u);
  EXPECT_EQ(network.peer->announced_mss, 1460);
  EXPECT_GE(network.peer->largest_window, 4'000'000u);
  EXPECT_EQ(network.peer->retransmissions, 0u);
  EXPECT_EQ(network.peer->bad_checksums, 0u);
  EXPECT_TRUE(network.run(stream->close(network.after(5_s))).ok());
  EXPECT_TRUE(network.peer->finished(kPort));
  EXPECT_FALSE(network.peer->client_reset(kPort));
}

TEST_F(Tcp, AcknowledgesOncePerBurst) {
  Network network;
  network.configure();
  network.peer->tcp[kPort] = {.send_bytes = 2'000'000, .in_flight_max = 128 * 1024};
  auto stream = connected(network);
  ASSERT_TRUE(network.run(download(*stream, 5_s)).ok());
  // 1370 segments; lwIP alone would acknowledge every second one.
  EXPECT_LT(network.peer->acknowledgements, 150u);
}

TEST_F(Tcp, DownloadsFramesThatTheDeviceMerged) {
  Network network({.segment_bytes = 4096,
                   .capabilities = {.receive_checksum = true,
                                    .receive_merge = true,
                                    .transmit_checksum = false,
                                    .receive_buffers = 256}});
  network.configure();
  network.peer->tcp[kPort] = {.send_bytes = 20'000'000, .mss = 65'000, .in_flight_max = 2 << 20};
  auto stream = connected(network);
  auto result = network.run(download(*stream, 5_s));
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->bytes, 20'000'000u);
  EXPECT_EQ(result->wrong, 0u);
}

TEST_F(Tcp, LetsTheDeviceCompleteChecksums) {
  // The loopback hands the partial sum on and marks the frame, as virtio does; our peer checks it.
  Network network({.capabilities = {.transmit_checksum = true}});
  network.configure();
  network.peer->tcp[kPort] = {.wait_for = 5};
  auto stream = connected(network);
  ASSERT_TRUE(network.run(stream->write(as_byte_view("hello"), network.after(1_s))).ok());
  ASSERT_TRUE(network.run(stream->close(network.after(1_s))).ok());
  EXPECT_EQ(network.peer->received(kPort), "hello");
  EXPECT_GT(network.peer->partial_checksums, 3u);
  EXPECT_EQ(network.peer->bad_checksums, 0u);
}

TEST_F(Tcp, UsesUnpredictableSequenceNumbersAndPorts) {
  Network network;
  network.configure();
  network.peer->tcp[kPort] = {.send_bytes = 1};
  for (int i = 0; i < 3; ++i) (void)connected(network);
  const auto& seen = network.peer->client_sequences;
  ASSERT_EQ(seen.size(), 3u);
  EXPECT_GT(std::abs(static_cast<std::int32_t>(seen[1] - seen[0])), 1'000'000);
  EXPECT_GT(std::abs(static_cast<std::int32_t>(seen[2] - seen[1])), 1'000'000);
}

TEST_F(Tcp, ReportsRefusal) {
  Network network;
  network.configure();
  auto stream = network.connect(81);
  ASSERT_FALSE(stream.ok());
  EXPECT_EQ(stream.error(), err::net_refused);
}

TEST_F(Tcp, ReportsAnUnreachableHost) {
  Network network;
  network.configure();
  network.peer->host_unreachable = true;
  auto stream = network.connect(kPort);
  ASSERT_FALSE(stream.ok());
  EXPECT_EQ(stream.error(), err::net_unreachable);
  EXPECT_EQ(stream.error().detail(), 1u);
}

TEST_F(Tcp, GivesUpAtTheDeadlineWhenNobodyAnswers) {
  Network network;
  network.configure();
  network.peer->tcp[kPort] = {.silent = true};
  auto stream = network.connect(kPort, 3500_ms);
  ASSERT_FALSE(stream.ok());
  EXPECT_EQ(stream.error(), err::async_timed_out);
  EXPECT_GE(network.peer->syns, 3u);
}

TEST_F(Tcp, FailsByItselfWhenNobodyAnswersForLong) {
  Network network;
  network.configure();
  network.peer->answer_arp = false;
  auto stream = network.run(network.stack->connect({kPeer, kPort}, Instant::never()));
  ASSERT_FALSE(stream.ok());
  EXPECT_EQ(stream.error(), err::net_no_neighbour);
}

TEST_F(Tcp, SaysThatNobodyAnswersArp) {
  Network network;
  network.configure();
  network.peer->answer_arp = false;
  auto stream = network.connect(kPort, 2_s);
  ASSERT_FALSE(stream.ok());
  EXPECT_EQ(stream.error(), err::net_no_neighbour);
  EXPECT_EQ(stream.error().kind(), ErrorKind::timed_out);
}

TEST_F(Tcp, EndsAConnectWhenCancelled) {
  Network network;
  network.configure();
  network.peer->tcp[kPort] = {.silent = true};
  fake::At later(network.time.loop, network.after(50_ms), [&] { network.time.scope.cancel(); });
  auto stream = network.connect(kPort);
  ASSERT_FALSE(stream.ok());
  EXPECT_EQ(stream.error(), err::async_cancelled);
  EXPECT_EQ(net::LwipStack::connections(), 0u);
}

TEST_F(Tcp, ShowsWhatCameBeforeAReset) {
  Network network;
  network.configure();
  network.peer->tcp[kPort] = {.send_bytes = 100'000, .reset_after = 29'200};
  auto stream = connected(network);
  network.pass(100_ms);
  std::uint64_t bytes = 0;
  for (ByteView view; !(view = stream->try_peek()).empty();) {
    bytes += view.size();
    stream->consume(view.size());
  }
  EXPECT_EQ(bytes, 29'200u);
  auto end = network.run(stream->peek(network.after(1_s)));
  ASSERT_FALSE(end.ok());
  EXPECT_EQ(end.error(), err::net_reset);
  EXPECT_FALSE(network.run(stream->write(as_byte_view("x"), network.after(1_s))).ok());
}

TEST_F(Tcp, TimesOutWhenTheServerFallsSilent) {
  Network network;
  network.configure();
  network.peer->tcp[kPort] = {.send_bytes = 1'000'000, .mute_after = 100'000};
  auto stream = connected(network);
  auto result = network.run(download(*stream, 5_s));
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error(), err::async_timed_out);
}

TEST_F(Tcp, ResetsWhenDestroyed) {
  Network network;
  network.configure();
  network.peer->tcp[kPort] = {.send_bytes = 1'000'000};
  connected(network).reset();
  network.pass(10_ms);
  EXPECT_TRUE(network.peer->client_reset(kPort));
  EXPECT_EQ(net::LwipStack::connections(), 0u);
}

TEST_F(Tcp, WritesMoreThanItsBuffersHold) {
  Network network;
  network.configure();
  network.peer->tcp[kPort] = {.wait_for = 2'000'000};
  auto stream = connected(network);
  std::string text(2'000'000, ' ');
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(pattern_byte(i));
  ASSERT_TRUE(network.run(stream->write(as_byte_view(text), network.after(60_s))).ok());
  ASSERT_TRUE(network.run(stream->close(network.after(5_s))).ok());
  EXPECT_TRUE(network.peer->received(kPort) == text);
}

TEST_F(Tcp, WaitsForAClosedWindowToOpen) {
  Network network;
  network.configure();
  network.peer->tcp[kPort] = {.window = 0};
  auto stream = connected(network);
  const std::string text(300'000, 'w');
  fake::At open(network.time.loop, network.after(4_s), [&] {
    network.peer->tcp[kPort].window = 20'000;
    network.peer->announce_window(kPort);
  });
  ASSERT_TRUE(network.run(stream->write(as_byte_view(text), network.after(60_s))).ok());
  ASSERT_TRUE(network.run(stream->close(network.after(60_s))).ok());
  EXPECT_TRUE(network.peer->received(kPort) == text);
}

TEST_F(Tcp, WriteGivesUpAtItsDeadline) {
  Network network;
  network.configure();
  network.peer->tcp[kPort] = {.window = 0};
  auto stream = connected(network);
  const std::string text(300'000, 'w');
  auto result = network.run(stream->write(as_byte_view(text), network.after(2_s)));
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error(), err::async_timed_out);
}

TEST_F(Tcp, ReadsAfterThePeerHasClosedItsDirection) {
  Network network;
  network.configure();
  network.peer->tcp[kPort] = {.send_bytes = 5000};
  auto stream = connected(network);
  network.pass(1_s);  // FIN has come; the data is still unread
  ASSERT_TRUE(network.run(stream->write(as_byte_view("late words"), network.after(1_s))).ok());
  auto result = network.run(download(*stream, 1_s));
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->bytes, 5000u);
  network.pass(1_s);
  EXPECT_EQ(network.peer->received(kPort), "late words");
  ASSERT_TRUE(network.run(stream->close(network.after(1_s))).ok());
  EXPECT_FALSE(network.peer->client_reset(kPort));
}

TEST_F(Tcp, ClosesWhileThePeerStaysOpen) {
  Network network;
  network.configure();
  network.peer->tcp[kPort] = {.close_after = false, .close_on_close = false};
  auto stream = connected(network);
  auto closed = network.run(stream->close(network.after(1_s)));
  ASSERT_TRUE(closed.ok()) << closed.error().site().text;
  EXPECT_TRUE(network.peer->client_closed(kPort));
  stream.reset();
  network.pass(60_s);  // FIN-WAIT-2 ends by itself
  EXPECT_EQ(net::LwipStack::connections(), 0u);
}

TEST_F(Tcp, KeepsBuffersForTheNicWhileNobodyReads) {
  constexpr std::uint16_t kBuffers = 64;
  Network network({.capabilities = {.receive_buffers = kBuffers}});
  network.configure();
  network.peer->tcp[kPort] = {.send_bytes = 1'000'000};
  auto stream = connected(network);
  network.pass(5_s);
  EXPECT_LE(network.stack->lent_segments(), kBuffers / 2 + 1u);
  EXPECT_GT(network.net0->statistics().copied_frames, 500u);
  auto result = network.run(download(*stream, 1_s));
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->bytes, 1'000'000u);
  EXPECT_EQ(result->wrong, 0u);
}

TEST_F(Tcp, StopsTheSenderWhenTheWindowIsFullAndGoesOnAfterwards) {
  Network network;
  network.configure();
  network.peer->tcp[kPort] = {.send_bytes = 9'000'000, .in_flight_max = 8 << 20};
  auto stream = connected(network);
  network.pass(5_s);
  auto result = network.run(download(*stream, 5_s));
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->bytes, 9'000'000u);
  EXPECT_EQ(result->wrong, 0u);
}

/// Reads what there is, then nothing for a while, as a consumer that writes to a slow disk does.
async::Task<Result<Download>> download_with_pauses(net::Stream& stream, Duration pause) {
  Download result;
  for (;;) {
    KEDGE_CO_CHECK(co_await async::sleep_for(pause));
    const Instant now = co_await async::current_time();
    KEDGE_CO_TRY(ByteView view, co_await stream.peek(now + 5_s));
    if (view.empty()) co_return result;
    for (; !view.empty(); view = stream.try_peek()) {
      for (const std::byte byte : view)
        result.wrong += byte != pattern_byte(result.bytes++) ? 1 : 0;
      stream.consume(view.size());
    }
  }
}

class PausingConsumer : public testing::TestWithParam<bool> {};

TEST_P(PausingConsumer, OpensTheWindowAgain) {
  // Each pause is long enough to fill the window. The peer, all of whose data is acknowledged, does
  // not probe: it goes on only when it is told that there is room again.
  constexpr std::uint64_t kSize = 9'000'000;
  Network network;
  network.configure();
  network.peer->tcp[kPort] = {
      .send_bytes = kSize, .in_flight_max = 8 << 20, .window_scale = GetParam()};
  auto stream = network.connect(kPort);
  ASSERT_TRUE(stream.ok());
  auto result = network.run(download_with_pauses(**stream, 100_ms));
  ASSERT_TRUE(result.ok()) << result.error().site().text;
  EXPECT_EQ(result->bytes, kSize);
  EXPECT_EQ(result->wrong, 0u);
  if (GetParam()) {
    EXPECT_GE(network.peer->largest_window, 4'000'000u);
  } else {
    EXPECT_LE(network.peer->largest_window, 0xffffu);
  }
  stream = fail(err::net_closed);
}

INSTANTIATE_TEST_SUITE_P(Window, PausingConsumer, testing::Bool(), [](const auto& parameter) {
  return parameter.param ? "Scaled" : "Unscaled";
});

TEST_F(Tcp, TellsTheSenderWhatArrivedOutOfOrder) {
  Network network({}, {.seed = 3, .lose = 200});
  network.configure();
  network.peer->tcp[kPort] = {.send_bytes = 1'000'000};
  auto stream = connected(network);
  ASSERT_TRUE(network.run(download(*stream, 30_s)).ok());
  EXPECT_GT(network.peer->sack_blocks, 0u);
}

TEST_F(Tcp, EndsConnectionsWhenTheAddressChanges) {
  Network network;
  network.configure();
  network.peer->tcp[kPort] = {.close_after = false};
  auto stream = connected(network);
  fake::At later(network.time.loop, network.after(10_ms), [&] { network.net0->clear_ipv4(); });
  auto result = network.run(stream->peek(network.after(5_s)));
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error(), err::net_unreachable);
}

// Each seed chooses which faults there are, and how many: most bugs hide in one of them (swarm
// testing).
link::FaultOptions faults_of(std::uint64_t seed) {
  const auto some = [&](unsigned bit, std::uint16_t chance) {
    return static_cast<std::uint16_t>((seed >> bit & 1) != 0 ? chance : 0);
  };
  link::FaultOptions faults{.seed = seed + 1000};
  faults.lose = some(0, 100);
  faults.duplicate = some(1, 200);
  faults.reorder = some(2, 300);
  faults.corrupt = some(3, 50);
  faults.truncate = some(4, 50);
  faults.refuse = some(5, 500);
  faults.delay = (seed & 1) != 0 ? 1_ms : 200_us;
  faults.jitter = (seed & 2) != 0 ? 500_us : Duration();
  return faults;
}

class BadWire : public testing::TestWithParam<std::uint64_t> {};

TEST_P(BadWire, DownloadsEightMebibytesUnharmed) {
  constexpr std::uint64_t kSize = 8 << 20;
  link::LoopbackOptions wire;
  if (GetParam() % 3 == 1) wire.segment_bytes = 512;
  Network network(wire, faults_of(GetParam()), GetParam());
  network.configure();
  network.peer->tcp[kPort] = {.send_bytes = kSize, .wait_for = 4};
  auto stream = network.connect(kPort, 60_s);
  ASSERT_TRUE(stream.ok());
  ASSERT_TRUE(network.run((*stream)->write(as_byte_view("GET "), network.after(60_s))).ok());
  auto result = network.run(download(**stream, 60_s));
  ASSERT_TRUE(result.ok()) << result.error().site().text << " seed " << GetParam();
  EXPECT_EQ(result->bytes, kSize);
  EXPECT_EQ(result->wrong, 0u);
  EXPECT_GT(network.wire->faults(), 0u);
  (void)network.run((*stream)->close(network.after(60_s)));
  stream = fail(err::net_closed);
  network.finish();
}

// 63 has all faults at once.
INSTANTIATE_TEST_SUITE_P(Seeds, BadWire, testing::Values(1, 2, 4, 7, 8, 17, 27, 32, 45, 63));

}  // namespace
}  // namespace kedge::sim
