// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "side_by_side/traffic.h"

#include <gmock/gmock.h>

#include <string>

namespace kedge::host::bench {
namespace {

using e2e::CapturedFrame;

std::string be(std::uint64_t value, std::size_t width) {
  std::string text;
  for (std::size_t i = width; i > 0; --i) text += static_cast<char>(value >> (8 * (i - 1)));
  return text;
}

constexpr std::uint32_t kServer = 0xc0000201;
constexpr std::uint32_t kClient = 0xc0000264;

std::string ip(std::uint8_t protocol, bool from_client, std::size_t bytes, unsigned fragment = 0) {
  return std::string(12, 'm') + be(0x0800, 2) + be(0x45, 1) + be(0, 1) + be(20 + bytes, 2) +
         be(0, 2) + be(fragment, 2) + be(64, 1) + be(protocol, 1) + be(0, 2) +
         be(from_client ? kClient : kServer, 4) + be(from_client ? kServer : kClient, 4);
}

// A segment whose payload is only partly captured, as it is with a small snap length.
CapturedFrame tcp(double at, bool from_client, std::uint32_t number, std::size_t bytes,
                  std::string_view captured = {}, unsigned window = 1000) {
  const unsigned client_port = 4000;
  return {.at = at,
          .bytes = ip(6, from_client, 20 + bytes) + be(from_client ? client_port : 80, 2) +
                   be(from_client ? 80 : client_port, 2) + be(from_client ? 7 : number, 4) +
                   be(from_client ? number : 7, 4) + be(0x50, 1) + be(0x10, 1) + be(window, 2) +
                   be(0, 4) + std::string(captured)};
}

CapturedFrame udp(double at, bool from_client, unsigned server_port, std::string_view captured,
                  std::size_t bytes, unsigned fragment = 0) {
  const unsigned client_port = 5000;
  return {.at = at,
          .bytes = ip(17, from_client, 8 + bytes, fragment) +
                   be(from_client ? client_port : server_port, 2) +
                   be(from_client ? server_port : client_port, 2) + be(8 + bytes, 2) + be(0, 2) +
                   std::string(captured)};
}

CapturedFrame request(double at, std::string_view file) {
  const std::string packet = be(1, 2) + std::string(file) + '\0' + "octet" + '\0';
  return udp(at, true, 69, packet, packet.size());
}
CapturedFrame data(double at, unsigned block, std::size_t bytes) {
  return udp(at, false, 6000, be(3, 2) + be(block, 2), 4 + bytes);
}
CapturedFrame ack(double at, unsigned block) {
  return udp(at, true, 6000, be(4, 2) + be(block, 2), 4);
}

TEST(HttpTransfer, LastsFromTheRequestToTheAcknowledgementOfTheLastByte) {
  // The server's numbers wrap in the middle.
  const auto transfer = find_http_transfer(
      {tcp(0.5, true, 0xfffffff0, 20, "GET /other HTTP/1.1\r\n"), tcp(0.6, false, 0xfffffff0, 8),
       tcp(1, true, 0xfffffff8, 20, "GET /file HTTP/1.1\r\n"), tcp(2, false, 0xfffffff8, 1000),
       tcp(3, false, 992, 1000), tcp(4, true, 992, 0, {}, 0), tcp(5, true, 1992, 0),
       tcp(9, true, 1993, 0)},  // the FIN, too
      "/file");
  ASSERT_TRUE(transfer);
  EXPECT_DOUBLE_EQ(transfer->requested, 1);
  EXPECT_DOUBLE_EQ(transfer->seconds(), 4);
  EXPECT_EQ(transfer->bytes, 2000);
  EXPECT_EQ(transfer->data_frames, 2);
  EXPECT_EQ(transfer->data_bytes_max, 1000);
  EXPECT_EQ(transfer->zero_windows, 1);
  EXPECT_EQ(transfer->resent_bytes, 0);
}

TEST(HttpTransfer, CountsBytesThatAreSentAgainOnce) {
  const auto transfer = find_http_transfer(
      {tcp(1, true, 100, 20, "GET /file HTTP/1.1\r\n"), tcp(2, false, 100, 1000),
       tcp(3, false, 1100, 1000), tcp(4, false, 100, 1000), tcp(5, true, 2100, 0)},
      "/file");
  ASSERT_TRUE(transfer);
  EXPECT_EQ(transfer->bytes, 2000);
  EXPECT_EQ(transfer->resent_bytes, 1000);
}

TEST(HttpTransfer, EndsWithTheLastDataWhenTheClientAcknowledgesNoMore) {
  const auto transfer =
      find_http_transfer({tcp(1, true, 100, 20, "GET /file HTTP/1.1\r\n"), tcp(2, false, 100, 1000),
                          tcp(3, true, 1100, 0), tcp(4, false, 1100, 500)},
                         "/file");
  ASSERT_TRUE(transfer);
  EXPECT_DOUBLE_EQ(transfer->seconds(), 3);
  EXPECT_EQ(transfer->sent_bytes, 1500);
  EXPECT_EQ(transfer->bytes, 1000);
}

TEST(HttpTransfer, IsMissingWhenNobodyAskedForThePath) {
  EXPECT_FALSE(find_http_transfer({tcp(1, true, 100, 24, "GET /file2 HTTP/1.1\r\n")}, "/file"));
  EXPECT_FALSE(find_http_transfer({{.at = 1, .bytes = "short"}}, "/file"));
}

TEST(TftpTransfer, LastsFromTheFirstRequestToTheLastAcknowledgement) {
  // The client asks for the size first.
  const auto transfer =
      find_tftp_transfer({request(1, "file"), request(2, "/file"), data(3, 1, 512), ack(4, 1),
                          data(5, 2, 100), ack(6, 2), data(7, 2, 100)},
                         "file");
  ASSERT_TRUE(transfer);
  EXPECT_DOUBLE_EQ(transfer->seconds(), 5);
  EXPECT_EQ(transfer->bytes, 612);
  EXPECT_EQ(transfer->ack_frames, 2);
  EXPECT_EQ(transfer->resent_bytes, 100);
}

TEST(TftpTransfer, TakesTheFirstFragmentOfABlockForTheWhole) {
  constexpr unsigned kMoreFragments = 0x2000;
  const auto first = udp(2, false, 6000, be(3, 2) + be(1, 2), 4 + 8192, kMoreFragments);
  const auto second = udp(2, false, 6000, be(3, 2) + be(9, 2), 1480, kMoreFragments + 185);
  const auto transfer = find_tftp_transfer({request(1, "file"), first, second, ack(3, 1)}, "file");
  ASSERT_TRUE(transfer);
  EXPECT_EQ(transfer->bytes, 8192);
  EXPECT_EQ(transfer->data_frames, 1);
}

TEST(TftpTransfer, GoesOnBehindBlock65535WithZeroOrOne) {
  for (const unsigned next : {0U, 1U}) {
    std::vector<CapturedFrame> frames = {request(1, "file")};
    for (unsigned block = 1; block <= 65535; ++block) frames.push_back(data(2, block, 1));
    frames.push_back(data(3, next, 1));
    frames.push_back(ack(4, next));
    const auto transfer = find_tftp_transfer(frames, "file");
    ASSERT_TRUE(transfer);
    EXPECT_EQ(transfer->bytes, 65536) << next;
  }
}

}  // namespace
}  // namespace kedge::host::bench
