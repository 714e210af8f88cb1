// SPDX-License-Identifier: BSD-2-Clause-Patent
// Conversations with servers that do not know windows.
#include <gmock/gmock.h>

#include "client/tftp/tftp_client.h"
#include "client/tftp/tftp_client_errors.h"
#include "client/tftp/tftp_test_server.h"
#include "client/tftp/tftp_transfer.h"
#include "tests/fake/sink.h"

using namespace kedge;
using namespace kedge::literals;
using namespace std::string_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

namespace {

constexpr std::size_t kLarge = client::kTftpLargeFileBytes + 5;

std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 31 + i / 509);
  return text;
}

class TftpLargeBlocks : public testing::Test {
 public:
  TftpLargeBlocks() {
    server.knows_windows = false;
    server.content = pattern(kLarge);
  }
  Result<std::uint64_t> get() {
    sink.data.clear();
    server.requests.clear();
    server.acknowledgements.clear();
    server.errors.clear();
    return sim.run(tftp.get(*wire::Uri::parse("tftp://10.0.0.1/file"), settings, sink, progress));
  }
  void expect_file() {
    const auto result = get();
    ASSERT_TRUE(result.ok()) << format("{}", result.error());
    EXPECT_EQ(*result, server.content.size());
    EXPECT_TRUE(sink.data == server.content);
    EXPECT_THAT(stack.sockets, IsEmpty());
  }
  /// Of the requests, in their order; 0: without options.
  std::vector<unsigned> asked() const {
    std::vector<unsigned> sizes;
    for (const std::string& request : server.requests) {
      const std::size_t at = request.find("blksize\0"s);
      sizes.push_back(
          at == std::string::npos ? 0 : static_cast<unsigned>(std::atoi(request.c_str() + at + 8)));
    }
    return sizes;
  }
  /// The path loses every block that arrives in more than this many bytes.
  void lose_above(std::uint32_t bytes) {
    server.drops_size = [bytes](std::size_t size) { return size > bytes; };
  }

  fake::SimLoop sim;
  fake::FakeStack stack{sim.loop};
  client::TftpTestServer server{stack};
  client::TftpSettings settings;
  fake::MemorySink sink;
  fake::RecordingProgress progress;
  client::TftpClient tftp{stack};
};

TEST_F(TftpLargeBlocks, AreAskedForWhenTheServerKnowsNoWindows) {
  expect_file();
  EXPECT_THAT(asked(), ElementsAre(1468, 65464));
  EXPECT_THAT(server.requests[1], Not(HasSubstr("windowsize")));
  EXPECT_THAT(server.errors, SizeIs(1));
  EXPECT_EQ(server.errors[0].second, "8 asking again for larger blocks");
  EXPECT_EQ(server.acknowledgements.size(), 1 + kLarge / 65464 + 1);
  EXPECT_THAT(progress.notes, IsEmpty());
}

TEST_F(TftpLargeBlocks, AreAskedForAtOnceTheNextTime) {
  expect_file();
  expect_file();
  EXPECT_THAT(asked(), ElementsAre(65464));
  server.content = "small";
  expect_file();
  EXPECT_THAT(asked(), ElementsAre(65464));
}

TEST_F(TftpLargeBlocks, AreAskedForWhenTheServerRefusesWindows) {
  server.refuses_windows = true;
  expect_file();
  EXPECT_THAT(asked(), ElementsAre(1468, 1468, 65464));
}

TEST_F(TftpLargeBlocks, AreLeftAloneWhereTheyWouldNotHelp) {
  server.knows_windows = true;
  expect_file();
  EXPECT_THAT(asked(), ElementsAre(1468));
  server.knows_windows = false;
  server.content = pattern(client::kTftpLargeFileBytes);
  expect_file();
  EXPECT_THAT(asked(), ElementsAre(1468));
  server.content = pattern(kLarge);
  server.block_limit = 1024;
  expect_file();
  EXPECT_THAT(asked(), ElementsAre(1468));
  server.knows_options = false;
  expect_file();
  EXPECT_THAT(asked(), ElementsAre(1468));
}

TEST_F(TftpLargeBlocks, AreLeftAloneWhenTheSettingsSaySo) {
  settings.large_blocks = false;
  expect_file();
  EXPECT_THAT(asked(), ElementsAre(1468));
  settings.large_blocks = true;
  settings.block_bytes = 1400;
  expect_file();
  EXPECT_THAT(asked(), ElementsAre(1400));
}

TEST_F(TftpLargeBlocks, GoOnWithTheSizeThatTheServerGrants) {
  server.block_limit = 1468;  // of its MTU
  expect_file();
  EXPECT_THAT(asked(), ElementsAre(1468, 65464));
  expect_file();
  EXPECT_THAT(asked(), ElementsAre(1468));  // it was no use
  EXPECT_THAT(progress.notes, IsEmpty());
}

TEST_F(TftpLargeBlocks, RememberALimitOfTheServer) {
  server.block_limit = 16384;
  expect_file();
  EXPECT_THAT(asked(), ElementsAre(1468, 65464));
  expect_file();
  EXPECT_THAT(asked(), ElementsAre(16384));
}

TEST_F(TftpLargeBlocks, ShrinkUntilTheyArrive) {
  lose_above(9000);
  const Instant start = sim.clock.now();
  expect_file();
  EXPECT_THAT(asked(), ElementsAre(1468, 65464, 8192));
  EXPECT_EQ((sim.clock.now() - start).count_s(), 1);
  EXPECT_THAT(progress.notes,
              ElementsAre("TFTP blocks of 65464 bytes get lost on the way, trying 8192"));
  EXPECT_THAT(server.errors, SizeIs(2));
  EXPECT_EQ(server.errors[1].second, "0 asking again for smaller blocks");
  expect_file();
  EXPECT_THAT(asked(), ElementsAre(8192));
}

TEST_F(TftpLargeBlocks, ShrinkToOnePacketWhenFragmentsAreFiltered) {
  lose_above(1500);
  const Instant start = sim.clock.now();
  expect_file();
  EXPECT_THAT(asked(), ElementsAre(1468, 65464, 8192, 1468));
  EXPECT_EQ((sim.clock.now() - start).count_s(), 3);  // for two sizes
  EXPECT_THAT(progress.notes, SizeIs(2));
  expect_file();
  EXPECT_THAT(asked(), ElementsAre(1468));
}

TEST_F(TftpLargeBlocks, ShrinkWhenALimitedSizeGetsLost) {
  server.block_limit = 4096;
  lose_above(1500);
  expect_file();
  EXPECT_THAT(asked(), ElementsAre(1468, 65464, 1468));
}

TEST_F(TftpLargeBlocks, StayLargeWhenAFragmentIsLostNowAndThen) {
  server.repeats_after = 1_s;
  server.drops = [](std::uint64_t block, unsigned count) {
    return (block == 1 || block == 5) && count == 0;
  };
  server.content = pattern(65464 * 20 + 7);
  expect_file();
  EXPECT_THAT(asked(), ElementsAre(1468, 65464));
}

TEST_F(TftpLargeBlocks, StartAgainSmallerWhenTheyStopArriving) {
  unsigned large = 0;
  server.drops_size = [&](std::size_t size) { return size > 9000 && ++large > 7; };
  expect_file();
  EXPECT_THAT(asked(), ElementsAre(1468, 65464, 8192));
  EXPECT_EQ(sink.cleared, 1u);
  EXPECT_EQ(progress.total, kLarge);
  expect_file();
  EXPECT_THAT(asked(), ElementsAre(8192));
}

TEST_F(TftpLargeBlocks, EndWhenTheServerRefusesThem) {
  auto serve = stack.on_udp;
  stack.on_udp = [&](fake::FakeUdpSocket& socket, wire::Endpoint target, ByteView payload) {
    if (as_text(payload).find("65464") == std::string::npos) {
      return serve(socket, target, payload);
    }
    server.requests.push_back(
        "blksize\0"
        "65464"s);
    server.self.port = 999;
    server.send(socket, server.self, client::TftpTestServer::error(8, "too large"));
  };
  expect_file();
  EXPECT_THAT(asked(), ElementsAre(1468, 65464, 1468));
  expect_file();
  EXPECT_THAT(asked(), ElementsAre(1468));
}

TEST_F(TftpLargeBlocks, EndWhenTheRequestForThemGetsNoAnswer) {
  auto serve = stack.on_udp;
  unsigned lost = 0;
  stack.on_udp = [&](fake::FakeUdpSocket& socket, wire::Endpoint target, ByteView payload) {
    if (as_text(payload).find("65464") == std::string::npos)
      serve(socket, target, payload);
    else
      ++lost;
  };
  expect_file();
  EXPECT_EQ(lost, 2u);
  EXPECT_THAT(asked(), ElementsAre(1468, 1468));
}

TEST_F(TftpLargeBlocks, EndWhenTheServerForgetsItsOptions) {
  expect_file();
  server.knows_options = false;
  expect_file();
  EXPECT_THAT(asked(), ElementsAre(65464));
  expect_file();
  EXPECT_THAT(asked(), ElementsAre(1468));
}

TEST_F(TftpLargeBlocks, FailWithTheServer) {
  auto serve = stack.on_udp;
  unsigned left = 6;  // packets of ours that it lives to see
  stack.on_udp = [&](fake::FakeUdpSocket& socket, wire::Endpoint target, ByteView payload) {
    if (left > 0) {
      --left;
      serve(socket, target, payload);
    }
  };
  const Instant start = sim.clock.now();
  const auto result = get();
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().kind(), ErrorKind::timed_out);
  EXPECT_EQ((sim.clock.now() - start).count_s(), 30);
  EXPECT_THAT(stack.sockets, IsEmpty());
}

TEST_F(TftpLargeBlocks, CanBeCancelledAtEachTurn) {
  for (unsigned turns = 0;; ++turns) {
    fake::SimLoop own;
    fake::FakeStack net(own.loop);
    client::TftpTestServer peer(net);
    peer.knows_windows = false;
    peer.content = server.content;
    peer.drops_size = [](std::size_t size) { return size > 9000; };
    fake::MemorySink target;
    client::TftpClient client(net);
    auto task = client.get(*wire::Uri::parse("tftp://10.0.0.1/f"), settings, target, progress);
    (void)task.start({&own.loop, &own.scope}, nullptr);
    const auto turn = [&] {
      if (!own.loop.run_once()) own.loop.idle();
    };
    for (unsigned i = 0; i < turns && !task.done(); ++i) turn();
    const bool far = target.size() > 30'000;  // the rest repeats itself
    own.scope.cancel();
    while (!task.done()) turn();
    EXPECT_EQ(task.take().error(), err::async_cancelled);
    EXPECT_THAT(net.sockets, IsEmpty());
    if (!far) continue;
    EXPECT_GT(turns, 10u);
    break;
  }
}

}  // namespace
