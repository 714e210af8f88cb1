// SPDX-License-Identifier: BSD-2-Clause-Patent
// Network: our stack with one interface, a wire that can be bad, and a scripted peer; simulated
// time.
#pragma once

#include <gtest/gtest.h>

#include <memory>

#include "link/fault_injector.h"
#include "link/loopback.h"
#include "net/lwip/lwip_stack.h"
#include "net/net_errors.h"
#include "tests/fake/entropy.h"
#include "tests/fake/sim_clock.h"
#include "tests/sim/frame_peer.h"

namespace kedge::sim {

inline constexpr wire::Ipv4Address kOurs{10, 0, 0, 2};
inline constexpr wire::Ipv4Address kPeer{10, 0, 0, 1};

struct Network {
  explicit Network(const link::LoopbackOptions& wire_options = {},
                   const link::FaultOptions& faults = {}, std::uint64_t seed = 1)
      : entropy(seed),
        pair(wire_options),
        wire(std::make_unique<link::FaultInjector>(pair.left(), time.loop, faults)),
        peer(std::make_unique<FramePeer>(time.loop, pair.right(), kPeer)),
        stack(std::make_unique<net::LwipStack>(time.loop, entropy)) {
    net0 = *stack->add(faults_wanted(faults) ? static_cast<link::Device&>(*wire) : pair.left());
    EXPECT_TRUE(net0->open().ok());
  }
  ~Network() { finish(); }

  /// Ends everything and checks that nothing is left.
  void finish() {
    if (stack == nullptr) return;
    stack.reset();
    peer.reset();
    wire.reset();
    EXPECT_EQ(net::LwipStack::blocks_in_use(), 0u) << "lwIP leaks memory";
    EXPECT_EQ(net::LwipStack::connections(), 0u);
    EXPECT_EQ(pair.outstanding(), 0u) << "frames were not given back";
    EXPECT_EQ(time.loop.armed_timers(), 0u);
  }

  void configure() { EXPECT_TRUE(net0->configure({.address = kOurs, .prefix_bits = 24}).ok()); }
  Instant after(Duration span) { return time.after(span); }
  template <class T>
  T run(async::Task<T> task) {
    return time.run(std::move(task));
  }
  /// Lets the network run on its own.
  void pass(Duration span) { EXPECT_TRUE(run(async::sleep_for(span)).ok()); }
  Result<std::unique_ptr<net::Stream>> connect(std::uint16_t port,
                                               Duration timeout = Duration::seconds(10)) {
    return run(stack->connect({kPeer, port}, after(timeout)));
  }

  static bool faults_wanted(const link::FaultOptions& f) {
    return f.lose + f.duplicate + f.reorder + f.corrupt + f.truncate + f.refuse != 0 ||
           f.delay > Duration();
  }

  fake::SimLoop time;
  fake::SeededEntropy entropy;
  link::LoopbackPair pair;
  std::unique_ptr<link::FaultInjector> wire;
  std::unique_ptr<FramePeer> peer;
  std::unique_ptr<net::LwipStack> stack;
  net::Interface* net0 = nullptr;
};

struct Download {
  std::uint64_t bytes = 0;
  std::uint64_t wrong = 0;
};

/// Reads to the end and compares with the pattern.
inline async::Task<Result<Download>> download(net::Stream& stream, Duration patience) {
  Download result;
  for (;;) {
    const Instant now = co_await async::current_time();
    KEDGE_CO_TRY(ByteView view, co_await stream.peek(now + patience));
    if (view.empty()) co_return result;
    while (!view.empty()) {
      for (const std::byte byte : view)
        result.wrong += byte != pattern_byte(result.bytes++) ? 1 : 0;
      stream.consume(view.size());
      view = stream.try_peek();
    }
  }
}

}  // namespace kedge::sim
