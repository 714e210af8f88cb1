// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "client/tftp/tftp_client.h"

#include <gmock/gmock.h>

#include "client/tftp/tftp_client_errors.h"
#include "client/tftp/tftp_test_server.h"
#include "tests/fake/sink.h"
#include "wire/tftp_errors.h"

using namespace kedge;
using namespace kedge::literals;
using namespace std::string_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

namespace {

std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 31 + i / 509);
  return text;
}

class TftpClientTest : public testing::Test {
 public:
  Result<std::uint64_t> get(std::string_view uri = "tftp://10.0.0.1/dir/file") {
    sink.data.clear();
    server.acknowledgements.clear();
    return sim.run(tftp.get(*wire::Uri::parse(uri), settings, sink, progress));
  }
  void expect_file() {
    const auto result = get();
    ASSERT_TRUE(result.ok()) << format("{}", result.error());
    EXPECT_EQ(*result, server.content.size());
    EXPECT_TRUE(sink.data == server.content);
    EXPECT_THAT(stack.sockets, IsEmpty());
  }
  void expect_error(const ErrorSite& site) {
    const auto result = get();
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error(), site) << format("{}", result.error());
    EXPECT_THAT(stack.sockets, IsEmpty());
  }

  fake::SimLoop sim;
  fake::FakeStack stack{sim.loop};
  client::TftpTestServer server{stack};
  client::TftpSettings settings;
  fake::MemorySink sink;
  fake::RecordingProgress progress;
  client::TftpClient tftp{stack};
};

TEST_F(TftpClientTest, DownloadsInWindowsOfLargeBlocks) {
  server.content = pattern(1468 * 100 + 5);
  expect_file();
  EXPECT_THAT(server.requests, ElementsAre("dir/file\0octet\0tsize\0"
                                           "0\0blksize\0"
                                           "1468\0windowsize\0"
                                           "64\0"s));
  EXPECT_THAT(server.acknowledgements, ElementsAre(0, 64, 101));
  EXPECT_EQ(server.data_packets, 101u);
  EXPECT_THAT(sink.expected, ElementsAre(server.content.size()));
  EXPECT_EQ(progress.total, server.content.size());
}

TEST_F(TftpClientTest, EndsWithAnEmptyBlockWhenTheSizeIsAMultiple) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1467}, std::size_t{1468},
                                 std::size_t{1468 * 64}, std::size_t{1468 * 65}}) {
    server.content = pattern(size);
    expect_file();
  }
  server.knows_options = false;
  server.content = pattern(1024);
  expect_file();
}

TEST_F(TftpClientTest, AsksForBlocksThatFitThePath) {
  settings.mtu = 9000;
  settings.window_blocks = 1;
  settings.server_timeout_s = 3;
  server.content = "x";
  ASSERT_TRUE(get().ok());
  EXPECT_THAT(server.requests[0], HasSubstr("blksize\0"
                                            "8968\0timeout\0"
                                            "3\0"s));
  settings = {};
  settings.block_bytes = 65464;
  ASSERT_TRUE(get().ok());
  EXPECT_THAT(server.requests[1], HasSubstr("blksize\0"
                                            "65464\0"s));
  settings = {};
  server.self.address = *wire::IpAddress::parse("fe80::1");
  ASSERT_TRUE(get("tftp://[fe80::1]/x").ok());
  EXPECT_THAT(server.requests[2], HasSubstr("blksize\0"
                                            "1448\0"s));
}

TEST_F(TftpClientTest, AcceptsSmallerBlocksAndNoWindows) {
  server.block_limit = 1024;
  server.knows_windows = false;
  server.content = pattern(5000);
  expect_file();
  EXPECT_THAT(server.acknowledgements, ElementsAre(0, 1, 2, 3, 4, 5));
}

TEST_F(TftpClientTest, WorksWithServersThatIgnoreOptions) {
  server.knows_options = false;
  server.content = pattern(1500);
  expect_file();
  EXPECT_THAT(server.acknowledgements, ElementsAre(1, 2, 3));
  EXPECT_THAT(server.requests, SizeIs(1));
  EXPECT_FALSE(progress.total.has_value());
}

TEST_F(TftpClientTest, FallsBackStepByStepWhenOptionsAreRefused) {
  server.content = pattern(3000);
  server.refuses_windows = true;
  expect_file();
  EXPECT_THAT(server.requests, SizeIs(2));
  EXPECT_THAT(server.requests[1], HasSubstr("blksize"));
  EXPECT_THAT(server.requests[1], testing::Not(HasSubstr("windowsize")));
  server.requests.clear();
  server.refuses_options = true;
  expect_file();
  EXPECT_THAT(server.requests, SizeIs(3));
  EXPECT_EQ(server.requests[2], "dir/file\0octet\0"s);
}

TEST_F(TftpClientTest, FallsBackWhenOptionsGetNoAnswer) {
  server.content = pattern(3000);
  server.silent_to_options = true;
  const Instant start = sim.clock.now();
  expect_file();
  EXPECT_THAT(server.requests, SizeIs(4));
  EXPECT_EQ((sim.clock.now() - start).count_s(), 7);
  EXPECT_THAT(progress.notes, SizeIs(1));
}

TEST_F(TftpClientTest, FallsBackWhenLargeBlocksDoNotArrive) {
  server.content = pattern(3000);
  server.silent_after_options = true;
  expect_file();
  EXPECT_THAT(server.requests, SizeIs(2));
}

TEST_F(TftpClientTest, RefusesAgreementsThatWereNotAsked) {
  server.content = pattern(100);
  for (const auto& options : {client::TftpTestServer::options({{"blksize", "4096"}}),
                              client::TftpTestServer::options({{"blksize", "7"}}),
                              client::TftpTestServer::options({{"windowsize", "65"}}),
                              client::TftpTestServer::options({{"windowsize", "0"}})}) {
    server.errors.clear();
    stack.on_udp = [&](fake::FakeUdpSocket& socket, wire::Endpoint, ByteView payload) {
      if (as_text(payload).find("tsize") != std::string::npos) {
        server.send(socket, server.self, options);
      } else if (as_text(payload).starts_with("\0\1"s)) {
        server.send(socket, server.self, client::TftpTestServer::data(1, server.content));
      } else if (as_text(payload).starts_with("\0\5"s)) {
        server.errors.emplace_back(server.self, as_text(payload));
      }
    };
    expect_file();
    EXPECT_THAT(server.errors, SizeIs(2));
  }
}

// Loss

TEST_F(TftpClientTest, SurvivesTheLossOfAnyBlock) {
  for (const bool windows : {true, false}) {
    server.knows_windows = windows;
    server.content = pattern(1468 * 9 + 7);
    settings.window_blocks = 4;
    for (std::uint64_t lost = 1; lost <= 10; ++lost) {
      server.drops = [lost](std::uint64_t block, unsigned count) {
        return block == lost && count == 0;
      };
      expect_file();
    }
  }
}

TEST_F(TftpClientTest, SurvivesRepeatedLossOfTheSameBlock) {
  server.content = pattern(1468 * 9 + 7);
  settings.window_blocks = 4;
  server.drops = [](std::uint64_t block, unsigned count) { return block % 3 == 0 && count < 4; };
  expect_file();
}

TEST_F(TftpClientTest, SurvivesTheLossOfAnyAcknowledgement) {
  for (const bool windows : {true, false}) {
    server.knows_windows = windows;
    server.content = pattern(1468 * 9 + 7);
    settings.window_blocks = 4;
    for (std::uint64_t lost = 1; lost <= 5; ++lost) {
      server.drops_acknowledgement = [lost](std::uint64_t count) { return count == lost; };
      expect_file();
    }
  }
}

TEST_F(TftpClientTest, ReportsAGapOncePerBurst) {
  server.content = pattern(1468 * 63);
  server.drops = [](std::uint64_t block, unsigned count) { return block == 10 && count == 0; };
  const Instant start = sim.clock.now();
  expect_file();
  EXPECT_THAT(server.acknowledgements, ElementsAre(0, 9, 64));
  EXPECT_LT((sim.clock.now() - start).count_ms(), 100);  // no timeout was needed
}

TEST_F(TftpClientTest, SurvivesDuplicatesAndReordering) {
  server.content = pattern(1468 * 200 + 1);
  server.duplicates = true;
  expect_file();
  server.knows_windows = false;
  expect_file();
  server.knows_windows = true;
  server.swaps = true;
  expect_file();
}

TEST_F(TftpClientTest, RepeatsTheRequest) {
  unsigned requests = 0;
  auto serve = stack.on_udp;
  server.content = pattern(10);
  stack.on_udp = [&](fake::FakeUdpSocket& socket, wire::Endpoint target, ByteView payload) {
    if (as_text(payload).starts_with("\0\1"s) && ++requests == 1) return;
    serve(socket, target, payload);
  };
  const Instant start = sim.clock.now();
  expect_file();
  EXPECT_EQ((sim.clock.now() - start).count_s(), 1);
}

// Block numbers

TEST_F(TftpClientTest, ContinuesBehindBlock65535WithZeroOrOne) {
  settings.block_bytes = 8;
  server.latency = Duration();
  server.content = pattern(8 * 140000 + 3);
  for (const std::uint16_t window : {std::uint16_t{1}, std::uint16_t{16}}) {
    settings.window_blocks = window;
    for (const std::uint16_t wrap_to : {std::uint16_t{0}, std::uint16_t{1}}) {
      server.wrap_to = wrap_to;
      expect_file();
    }
  }
}

TEST_F(TftpClientTest, DoesNotTakeALostBlockZeroForAWrapToOne) {
  settings.block_bytes = 8;
  settings.window_blocks = 16;
  server.latency = Duration();
  server.content = pattern(8 * 65600);
  bool lost = false;
  server.drops = [&](std::uint64_t block, unsigned) {
    return block == 65536 && !std::exchange(lost, true);
  };
  expect_file();
  EXPECT_TRUE(lost);
}

// Refusals

TEST_F(TftpClientTest, TellsWhatTheServerSays) {
  const std::pair<std::uint16_t, ErrorSite> cases[] = {{1, err::tftp_not_found},
                                                       {2, err::tftp_access},
                                                       {0, err::tftp_server_error},
                                                       {99, err::tftp_server_error}};
  for (const auto& [code, site] : cases) {
    progress.notes.clear();
    stack.on_udp = [&, number = code](fake::FakeUdpSocket& socket, wire::Endpoint, ByteView) {
      server.send(socket, server.self, client::TftpTestServer::error(number, "No\x1b[2J way"));
    };
    expect_error(site);
    EXPECT_THAT(progress.notes, ElementsAre("the TFTP server says: No.[2J way"));
  }
}

TEST_F(TftpClientTest, GivesUpWhenNobodyAnswers) {
  server.silent = true;
  const Instant start = sim.clock.now();
  expect_error(err::tftp_no_answer);
  EXPECT_EQ((sim.clock.now() - start).count_s(), 30);
  stack.on_udp = [&](fake::FakeUdpSocket& socket, wire::Endpoint, ByteView) {
    socket.fail_next(fail(err::net_refused));
  };
  expect_error(err::net_refused);
}

TEST_F(TftpClientTest, GivesUpWhenTheServerFallsSilent) {
  server.content = pattern(1468 * 20);
  server.drops = [](std::uint64_t block, unsigned) { return block > 5; };
  const Instant start = sim.clock.now();
  expect_error(err::tftp_silent);
  EXPECT_EQ((sim.clock.now() - start).count_s(), 30);
}

TEST_F(TftpClientTest, TriesAllAddressesOfAName) {
  stack.names["boot"] = {wire::Ipv4Address(10, 0, 0, 9), wire::Ipv4Address(10, 0, 0, 1)};
  server.content = pattern(100);
  auto serve = stack.on_udp;
  stack.on_udp = [&](fake::FakeUdpSocket& socket, wire::Endpoint target, ByteView payload) {
    if (target.address == server.self.address) return serve(socket, target, payload);
    socket.fail_next(fail(err::net_refused));
  };
  ASSERT_TRUE(get("tftp://boot/x").ok());
  EXPECT_THAT(progress.notes, ElementsAre(HasSubstr("10.0.0.9")));
}

TEST_F(TftpClientTest, RefusesImpossibleRequests) {
  EXPECT_EQ(get("tftp:///x").error(), err::tftp_no_host);
  EXPECT_EQ(get("tftp://10.0.0.1/").error(), err::tftp_bad_name);
  EXPECT_EQ(get("tftp://10.0.0.1/a%00b").error(), err::tftp_bad_name);
  EXPECT_EQ(get("tftp://unknown/x").error().kind(), ErrorKind::unreachable);
}

TEST_F(TftpClientTest, RefusesBlocksLargerThanAgreed) {
  stack.on_udp = [&](fake::FakeUdpSocket& socket, wire::Endpoint, ByteView payload) {
    if (as_text(payload).starts_with("\0\1"s)) {
      server.send(socket, server.self, client::TftpTestServer::data(1, pattern(513)));
    }
  };
  expect_error(err::tftp_bad_block);
}

TEST_F(TftpClientTest, ComparesTheSizeWithTheAnnouncement) {
  server.content = pattern(5000);
  server.announced = 5001;
  expect_error(err::tftp_short);
  server.announced = 4999;
  expect_file();
  EXPECT_THAT(progress.notes, ElementsAre("the file has 1 bytes more than announced"));
}

TEST_F(TftpClientTest, TellsTheServerThatMemoryIsOut) {
  server.content = pattern(5000);
  sink.limit = 4000;
  expect_error(err::base_no_memory);
  EXPECT_THAT(server.errors, ElementsAre(testing::Pair(server.self, "3 out of memory")));
  server.errors.clear();
  server.knows_options = false;
  expect_error(err::base_no_memory);
  EXPECT_THAT(server.errors, ElementsAre(testing::Pair(server.self, "3 out of memory")));
}

// Strangers

TEST_F(TftpClientTest, SendsStrangersAwayAndGoesOn) {
  server.content = pattern(1468 * 3);
  const wire::Endpoint other{wire::Ipv4Address(10, 0, 0, 66), 69};
  auto serve = stack.on_udp;
  stack.on_udp = [&](fake::FakeUdpSocket& socket, wire::Endpoint target, ByteView payload) {
    server.send(socket, other, client::TftpTestServer::data(1, "evil"));
    if (target == server.self) {
      server.send(socket, {server.self.address, 12345}, client::TftpTestServer::data(1, "evil"));
    }
    serve(socket, target, payload);
  };
  expect_file();
  EXPECT_THAT(server.errors, testing::Contains(testing::Pair(other, "5 unknown transfer id")));
  EXPECT_THAT(server.errors,
              testing::Contains(testing::Pair(wire::Endpoint{server.self.address, 12345},
                                              "5 unknown transfer id")));
}

TEST_F(TftpClientTest, IgnoresNonsenseFromTheServer) {
  server.content = pattern(1468 * 3);
  auto serve = stack.on_udp;
  stack.on_udp = [&](fake::FakeUdpSocket& socket, wire::Endpoint target, ByteView payload) {
    for (const std::string& junk : {""s, "\0\4\0\0"s, "\0\3"s, "\0\1x\0octet\0"s,
                                    client::TftpTestServer::data(7, "ahead"), "\0\6blksize"s}) {
      server.send(socket,
                  {server.self.address, static_cast<std::uint16_t>(
                                            server.self.port + (server.requests.empty() ? 1 : 0))},
                  junk);
    }
    serve(socket, target, payload);
  };
  expect_file();
}

TEST_F(TftpClientTest, StopsEvenIfStrangersNeverDo) {
  server.silent = true;
  std::deque<fake::At> timers;
  std::function<void()> flood = [&] {
    for (fake::FakeUdpSocket* socket : stack.sockets) {
      socket->deliver({wire::Ipv4Address(10, 0, 0, 66), 69}, std::vector<std::byte>(4));
    }
    if (!stack.sockets.empty()) timers.emplace_back(sim.loop, sim.after(10_ms), flood);
  };
  timers.emplace_back(sim.loop, sim.after(10_ms), flood);
  expect_error(err::tftp_no_answer);
  EXPECT_THAT(server.errors, SizeIs(16));  // eight for each of the two attempts
}

TEST_F(TftpClientTest, CanBeCancelledAtEachTurnAndSaysSo) {
  for (unsigned turns = 0;; ++turns) {
    fake::SimLoop own;
    fake::FakeStack net(own.loop);
    client::TftpTestServer peer(net);
    peer.content = pattern(1468 * 5);
    peer.drops = [](std::uint64_t block, unsigned count) { return block == 2 && count == 0; };
    fake::MemorySink target;
    client::TftpClient client(net);
    client::TftpSettings own_settings;
    own_settings.window_blocks = 2;
    auto task = client.get(*wire::Uri::parse("tftp://10.0.0.1/f"), own_settings, target, progress);
    (void)task.start({&own.loop, &own.scope}, nullptr);
    for (unsigned turn = 0; turn < turns && !task.done(); ++turn) {
      if (!own.loop.run_once()) own.loop.idle();
    }
    const bool ended = task.done();
    own.scope.cancel();
    while (!task.done()) {
      if (!own.loop.run_once()) own.loop.idle();
    }
    const auto result = task.take();
    EXPECT_THAT(net.sockets, IsEmpty());
    if (ended) {
      EXPECT_TRUE(result.ok());
      EXPECT_GT(turns, 3u);
      break;
    }
    if (result.ok()) continue;
    EXPECT_EQ(result.error(), err::async_cancelled);
    if (peer.acknowledgements.empty()) continue;
    EXPECT_THAT(peer.errors, ElementsAre(testing::Pair(peer.self, "0 cancelled")));
  }
}

}  // namespace
