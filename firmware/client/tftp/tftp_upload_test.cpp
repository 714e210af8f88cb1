// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "client/tftp/tftp_upload.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/tftp/tftp_client_errors.h"
#include "tests/fake/net.h"
#include "tests/fake/sink.h"
#include "wire/tftp.h"

namespace kedge::client {
namespace {

using namespace kedge::literals;
using namespace std::string_literals;

std::string acknowledgement(std::uint64_t block) {
  return {'\0', '\4', static_cast<char>(block >> 8), static_cast<char>(block)};
}

/// A server that takes a file, as it is told to.
struct TftpUploadTest : testing::Test {
  fake::SimLoop sim;
  fake::FakeStack stack{sim.loop};
  TftpSettings settings;
  fake::RecordingProgress progress;
  bool knows_options = true;
  bool refuses_options = false;
  bool silent = false;
  std::uint32_t agreed = 1468;
  const Instant began = sim.clock.now();
  unsigned lost = 0;  // so many packets do not arrive
  std::string failure;
  std::string request;
  unsigned requests = 0;
  std::string received;
  std::uint64_t last = 0;
  const wire::Endpoint transfer{wire::Ipv4Address(10, 0, 0, 1), 3000};

  TftpUploadTest() {
    stack.on_udp = [this](fake::FakeUdpSocket& socket, wire::Endpoint target, ByteView payload) {
      serve(socket, target, as_text(payload));
    };
  }
  void answer(fake::FakeUdpSocket& socket, std::string_view text) {
    const ByteView view = as_byte_view(text);
    socket.deliver(transfer, {view.begin(), view.end()});
  }
  void serve(fake::FakeUdpSocket& socket, wire::Endpoint target, std::string_view packet) {
    if (silent) return;
    if (lost > 0) {
      --lost;
      return;
    }
    if (packet[1] == 2) {
      EXPECT_EQ(target.port, 69);
      ++requests;
      request = packet;
      if (!failure.empty()) return answer(socket, failure);
      const bool options = packet.find("blksize") != std::string_view::npos;
      if (options && refuses_options) return answer(socket, "\0\5\0\x08no\0"s);
      if (!options || !knows_options) return answer(socket, acknowledgement(0));
      return answer(socket, "\0\6blksize\0"s + format("{}", agreed) + '\0');
    }
    EXPECT_EQ(target, transfer);
    const auto block = static_cast<std::uint16_t>(static_cast<std::uint8_t>(packet[2]) << 8 |
                                                  static_cast<std::uint8_t>(packet[3]));
    if (block == static_cast<std::uint16_t>(last + 1)) {
      ++last;
      received += packet.substr(4);
    }
    answer(socket, acknowledgement(block));
  }
  Result<void> put(std::string_view content) {
    return sim.run(tftp_put(stack, *wire::Uri::parse("tftp://10.0.0.1/dir/up"), settings,
                            as_byte_view(content), progress));
  }
};

TEST_F(TftpUploadTest, SendsAFileInBlocksOfTheAgreedSize) {
  const std::string content(5000, 'x');
  ASSERT_TRUE(put(content).ok());
  EXPECT_EQ(received, content);
  EXPECT_EQ(last, 4U);
  EXPECT_EQ(request,
            "\0\2dir/up\0octet\0tsize\0"s
            "5000\0blksize\0"s
            "1468\0"s);
  EXPECT_TRUE(stack.sockets.empty());
}

TEST_F(TftpUploadTest, EndsWithAnEmptyBlockWhenTheLastOneWasWhole) {
  const std::string content(2 * 1468, 'x');
  ASSERT_TRUE(put(content).ok());
  EXPECT_EQ(received, content);
  EXPECT_EQ(last, 3U);
  received.clear();
  last = 0;
  ASSERT_TRUE(put("").ok());
  EXPECT_EQ(last, 1U);
}

TEST_F(TftpUploadTest, GoesOnWithoutOptionsWhereTheServerKnowsNone) {
  knows_options = false;
  const std::string content(1025, 'x');
  ASSERT_TRUE(put(content).ok());
  EXPECT_EQ(last, 3U);
  EXPECT_EQ(requests, 1U);
  received.clear();
  last = 0;
  refuses_options = true;
  ASSERT_TRUE(put(content).ok());
  EXPECT_EQ(received, content);
  EXPECT_EQ(requests, 3U);
}

TEST_F(TftpUploadTest, RepeatsWhatWasLost) {
  lost = 2;
  ASSERT_TRUE(put("content").ok());
  EXPECT_EQ(received, "content");
  EXPECT_EQ(sim.clock.now() - began, 3_s);
}

TEST_F(TftpUploadTest, TellsWhatTheServerSays) {
  failure = "\0\5\0\2read only\0"s;
  const auto done = put("content");
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error(), err::tftp_access);
  failure = "\0\5\0\3full\0"s;
  EXPECT_EQ(put("content").error(), err::tftp_server_error);
  failure.clear();
  agreed = 9000;
  EXPECT_EQ(put("content").error(), err::tftp_bad_agreement);
}

TEST_F(TftpUploadTest, GivesUpOnASilentServer) {
  silent = true;
  EXPECT_EQ(put("content").error(), err::tftp_no_answer);
  EXPECT_EQ(sim.clock.now() - began, settings.silence_max);
  EXPECT_TRUE(stack.sockets.empty());
}

}  // namespace
}  // namespace kedge::client
