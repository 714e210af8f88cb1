// SPDX-License-Identifier: BSD-2-Clause-Patent
// The stack against the Linux kernel's, through a TAP interface: real sockets, real time, no
// assertion on speed. Needs root and /dev/net/tun; skipped loudly without.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <thread>

#include "async/wait.h"
#include "net/lwip/lwip_stack.h"
#include "net/net_errors.h"
#include "tests/fake/entropy.h"
#include "tests/sim/frame_peer.h"
#include "tests/sim/tap_device.h"

namespace kedge::sim {
namespace {

using namespace literals;

constexpr wire::Ipv4Address kKernel{10, 99, 0, 1};
constexpr wire::Ipv4Address kOurs{10, 99, 0, 2};
constexpr std::uint16_t kPort = 8080;

sockaddr_in kernel_end(std::uint16_t port) {
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_addr.s_addr = htonl(kKernel.value());
  in.sin_port = htons(port);
  return in;
}

int bound_socket(int type, std::uint16_t port) {
  const int s = socket(AF_INET, type | SOCK_CLOEXEC, 0);
  const int one = 1;
  setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  // A failing test must not hang in accept or recv.
  const timeval patience{20, 0};
  setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  const sockaddr_in end = kernel_end(port);
  EXPECT_EQ(bind(s, reinterpret_cast<const sockaddr*>(&end), sizeof end), 0);
  if (type == SOCK_STREAM) EXPECT_EQ(listen(s, 4), 0);
  return s;
}

class Kernel : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    const char* reason = "";
    device_ = TapDevice::create(kKernel, {.offloads = GetParam()}, &reason);
    if (device_ == nullptr) {
      std::fprintf(stderr, "NOT TESTED against the Linux kernel: %s\n", reason);
      GTEST_SKIP() << reason;
    }
    clock_.watch(device_->descriptor());
    stack_ = std::make_unique<net::LwipStack>(loop_, entropy_);
    net0_ = *stack_->add(*device_);
    ASSERT_TRUE(net0_->open().ok());
    ASSERT_TRUE(net0_->configure({.address = kOurs, .prefix_bits = 24}).ok());
  }
  void TearDown() override {
    stack_.reset();
    EXPECT_EQ(net::LwipStack::blocks_in_use(), 0u);
  }
  template <class T>
  T run(async::Task<T> task) {
    return async::run(loop_, scope_, std::move(task));
  }
  Instant after(Duration span) { return clock_.now() + span; }
  std::unique_ptr<net::Stream> connected() {
    auto stream = run(stack_->connect({kKernel, kPort}, after(10_s)));
    EXPECT_TRUE(stream.ok());
    return stream.ok() ? *std::move(stream) : nullptr;
  }

  RealClock clock_;
  async::Loop loop_{clock_};
  async::CancelScope scope_;
  fake::SeededEntropy entropy_;
  std::unique_ptr<TapDevice> device_;
  std::unique_ptr<net::LwipStack> stack_;
  net::Interface* net0_ = nullptr;
};

constexpr std::size_t kBlock = 1 << 20;

/// A block whose bytes depend on their place in the whole transfer.
void fill(std::vector<std::byte>& block, std::uint64_t offset) {
  for (std::size_t i = 0; i < block.size(); i += 8) {
    const std::uint64_t word = (offset + i) * 0x9e3779b97f4a7c15;
    std::memcpy(block.data() + i, &word, 8);
  }
}

/// The consumer: one copy into its own memory, checked block by block.
async::Task<Result<std::uint64_t>> receive_all(net::Stream& stream, unsigned& wrong_blocks) {
  std::vector<std::byte> block(kBlock), expected(kBlock);
  std::size_t filled = 0;
  std::uint64_t total = 0;
  for (;;) {
    const Instant now = co_await async::current_time();
    KEDGE_CO_TRY(ByteView view, co_await stream.peek(now + 20_s));
    if (view.empty()) co_return total;
    for (; !view.empty(); view = stream.try_peek()) {
      const std::size_t part = std::min(view.size(), kBlock - filled);
      std::memcpy(block.data() + filled, view.data(), part);
      filled += part;
      total += part;
      stream.consume(part);
      if (filled < kBlock) continue;
      // Every eighth block is compared, so that comparing does not dominate the rate.
      if ((total / kBlock) % 8 == 0) {
        fill(expected, total - kBlock);
        wrong_blocks += block != expected ? 1 : 0;
      }
      filled = 0;
    }
  }
}

TEST_P(Kernel, SendsUsALot) {
  const std::uint64_t blocks = 128;
  const int listener = bound_socket(SOCK_STREAM, kPort);
  std::thread server([&] {
    const int s = accept(listener, nullptr, nullptr);
    std::vector<std::byte> block(kBlock);
    for (std::uint64_t i = 0; i < blocks; ++i) {
      fill(block, i * kBlock);
      for (std::size_t at = 0; at < kBlock;) {
        const ssize_t sent = send(s, block.data() + at, kBlock - at, MSG_NOSIGNAL);
        if (sent <= 0) break;
        at += static_cast<std::size_t>(sent);
      }
    }
    tcp_info info{};
    socklen_t size = sizeof info;
    getsockopt(s, IPPROTO_TCP, TCP_INFO, &info, &size);
    std::printf("  kernel: %u retransmissions, wscale %u, mss %u\n", info.tcpi_total_retrans,
                info.tcpi_snd_wscale, info.tcpi_snd_mss);
    close(s);
  });
  auto stream = connected();
  const Instant start = clock_.now();
  unsigned wrong = 0;
  auto total = run(receive_all(*stream, wrong));
  const auto us = (clock_.now() - start).count_us();
  server.join();
  close(listener);
  ASSERT_TRUE(total.ok());
  EXPECT_EQ(*total, blocks * kBlock);
  EXPECT_EQ(wrong, 0u);
  const auto& s = device_->statistics();
  std::printf("  received %.0f MB/s; %llu frames in, %llu out, %llu copied\n",
              static_cast<double>(*total) / static_cast<double>(us),
              static_cast<unsigned long long>(s.received_frames),
              static_cast<unsigned long long>(s.transmitted_frames),
              static_cast<unsigned long long>(net0_->statistics().copied_frames));
  EXPECT_TRUE(run(stream->close(after(5_s))).ok());
}

TEST_P(Kernel, ReceivesALotFromUs) {
  std::vector<std::byte> data(8 * kBlock);
  fill(data, 0);
  const int listener = bound_socket(SOCK_STREAM, kPort);
  std::vector<std::byte> seen;
  std::thread server([&] {
    const int s = accept(listener, nullptr, nullptr);
    std::vector<std::byte> part(65536);
    for (ssize_t got; (got = recv(s, part.data(), part.size(), 0)) > 0;) {
      seen.insert(seen.end(), part.begin(), part.begin() + got);
    }
    close(s);
  });
  auto stream = connected();
  const Instant start = clock_.now();
  EXPECT_TRUE(run(stream->write(data, after(30_s))).ok());
  EXPECT_TRUE(run(stream->close(after(30_s))).ok());
  const auto us = (clock_.now() - start).count_us();
  server.join();
  close(listener);
  EXPECT_TRUE(seen == data);
  std::printf("  sent %.0f MB/s\n", static_cast<double>(data.size()) / static_cast<double>(us));
}

TEST_P(Kernel, RefusesAndExchangesDatagrams) {
  auto refused = run(stack_->connect({kKernel, 81}, after(5_s)));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error(), err::net_refused);

  auto socket = stack_->open_udp({});
  ASSERT_TRUE((*socket)->send({kKernel, 69}, as_byte_view("nobody")).ok());
  auto nobody = run((*socket)->receive(after(5_s)));
  ASSERT_FALSE(nobody.ok());
  EXPECT_EQ(nobody.error(), err::net_refused);

  const int s = bound_socket(SOCK_DGRAM, 7);
  std::thread echo([&] {
    char buffer[4000];
    sockaddr_in from{};
    socklen_t size = sizeof from;
    const ssize_t got =
        recvfrom(s, buffer, sizeof buffer, 0, reinterpret_cast<sockaddr*>(&from), &size);
    if (got > 0)
      sendto(s, buffer, static_cast<std::size_t>(got), 0, reinterpret_cast<sockaddr*>(&from), size);
  });
  const std::string text(3500, 'u');  // in fragments, both ways
  ASSERT_TRUE((*socket)->send({kKernel, 7}, as_byte_view(text)).ok());
  auto answer = run((*socket)->receive(after(5_s)));
  echo.join();
  close(s);
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(as_text(answer->payload), text);
}

TEST_P(Kernel, SeesItsResets) {
  const int listener = bound_socket(SOCK_STREAM, kPort);
  std::thread server([&] {
    const int s = accept(listener, nullptr, nullptr);
    const linger now{1, 0};
    setsockopt(s, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(s);
  });
  auto stream = connected();
  auto end = run(stream->peek(after(5_s)));
  server.join();
  close(listener);
  ASSERT_FALSE(end.ok());
  EXPECT_EQ(end.error(), err::net_reset);
}

INSTANTIATE_TEST_SUITE_P(Tap, Kernel, testing::Bool(), [](const auto& parameter) {
  return parameter.param ? "WithOffloads" : "FrameByFrame";
});

}  // namespace
}  // namespace kedge::sim
