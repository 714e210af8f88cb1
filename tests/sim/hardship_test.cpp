// SPDX-License-Identifier: BSD-2-Clause-Patent
// Cancellation at each moment and allocations that fail: whatever happens, nothing is left behind.
#include <optional>

#include "tests/fake/failing_heap.h"
#include "tests/sim/network.h"

namespace {

/// Of how many non-throwing allocations one fails; 0: none. The firmware's heap knows only that
/// kind for coroutine frames and lwIP.
unsigned one_of = 0;
std::uint64_t generator = 1;
unsigned failures = 0;

}  // namespace

bool kedge::fake::allocation_fails() noexcept {
  if (one_of == 0) return false;
  generator = generator * 6364136223846793005u + 1442695040888963407u;
  const bool hit = (generator >> 33) % one_of == 0;
  failures += hit ? 1 : 0;
  return hit;
}

namespace kedge::sim {
namespace {

using namespace literals;

constexpr std::uint16_t kPort = 80;
constexpr std::uint64_t kSize = 300'000;

/// A whole visit to a server: connect, ask, read to the end, close; and a datagram.
async::Task<Result<Download>> visit(net::Stack& stack, Duration patience) {
  const Instant start = co_await async::current_time();
  KEDGE_CO_TRY(auto socket, stack.open_udp({}));
  KEDGE_CO_CHECK(socket->send({kPeer, 7}, as_byte_view("hello")));
  (void)co_await socket->receive(start + 3_ms);
  KEDGE_CO_TRY(auto stream, co_await stack.connect({kPeer, kPort}, start + patience));
  KEDGE_CO_CHECK(co_await stream->write(as_byte_view("GET"), start + patience));
  KEDGE_CO_TRY(Download result, co_await download(*stream, patience));
  KEDGE_CO_CHECK(co_await stream->close(start + patience * 2));
  co_return result;
}

void serve(Network& network) {
  network.configure();
  network.peer->tcp[kPort] = {.send_bytes = kSize, .wait_for = 3};
  network.peer->on_udp = [](const FramePeer::Udp&) {};
}

TEST(Hardship, CancellingAtAnyMomentLeavesNothing) {
  unsigned cancelled = 0;
  unsigned finished = 0;
  for (int moment = 0; moment < 300; ++moment) {
    Network network({}, {.delay = 1_ms}, 7);
    serve(network);
    std::optional<fake::At> cancel(std::in_place, network.time.loop,
                                   network.after(Duration::microseconds(moment * 100)),
                                   [&] { network.time.scope.cancel(); });
    auto result = network.run(visit(*network.stack, 60_s));
    if (result.ok()) {
      ++finished;
    } else {
      EXPECT_EQ(result.error(), err::async_cancelled) << moment;
      ++cancelled;
    }
    cancel.reset();
    network.finish();
  }
  EXPECT_GT(cancelled, 20u);
  EXPECT_GT(finished, 5u);  // or the later moments were never reached
}

TEST(Hardship, TheVisitItselfSucceeds) {
  Network network({}, {.delay = 1_ms}, 7);
  serve(network);
  auto result = network.run(visit(*network.stack, 60_s));
  ASSERT_TRUE(result.ok()) << result.error().site().text;
  EXPECT_EQ(result->bytes, kSize);
}

TEST(Hardship, FailingAllocationsLeaveNothingAndNeverGiveWrongBytes) {
  unsigned good = 0;
  unsigned bad = 0;
  for (unsigned seed = 1; seed <= 60; ++seed) {
    Network network({.segment_bytes = seed % 2 == 0 ? 600u : 0u}, {}, seed);
    serve(network);
    generator = seed * 77777;
    one_of = seed % 3 == 0 ? 20 : seed % 3 == 1 ? 200 : 1000;
    auto result = network.run(visit(*network.stack, 60_s));
    one_of = 0;
    if (result.ok()) {
      EXPECT_EQ(result->bytes, kSize);
      EXPECT_EQ(result->wrong, 0u);
      ++good;
    } else {
      ++bad;
    }
    network.finish();
  }
  EXPECT_GT(failures, 100u);
  EXPECT_GT(good, 3u);
  EXPECT_GT(bad, 3u);
}

}  // namespace
}  // namespace kedge::sim
