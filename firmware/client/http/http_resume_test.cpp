// SPDX-License-Identifier: BSD-2-Clause-Patent
// The HTTP client when connections break, servers restart and files change.
#include "client/http/http_client_errors.h"
#include "client/http/http_client_fixture.h"
#include "wire/http_errors.h"

using namespace kedge;
using namespace kedge::literals;
using client::HttpClientTest;
using client::kOk;
using client::kTen;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

namespace {

TEST_F(HttpClientTest, ResumesABrokenTransfer) {
  for (const bool orderly : {false, true}) {
    const std::string start = std::string(kTen) + "0123";
    orderly ? server.reply_and_end(start) : server.reply_and_reset(start);
    server.reply(
        "HTTP/1.1 206 Partial\r\nContent-Range: bytes 4-9/10\r\nETag: \"e\"\r\n"
        "Content-Length: 6\r\n\r\n456789");
    expect_file("0123456789");
    EXPECT_THAT(server.requests.back(), HasSubstr("Range: bytes=4-\r\nIf-Range: \"e\"\r\n"));
    http.close_idle();
  }
  EXPECT_EQ(sink.cleared, 0u);
  EXPECT_THAT(progress.notes[0], HasSubstr("at 4 bytes; trying again in 1 s"));
}

TEST_F(HttpClientTest, ResumesWithTheDateWhenTheTagIsWeak) {
  server.reply_and_reset(
      "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nETag: W/\"e\"\r\n"
      "Last-Modified: Mon, 01 Jan 2024 00:00:00 GMT\r\n\r\n01");
  server.reply("HTTP/1.1 206 Partial\r\nContent-Range: bytes 2-3/4\r\nContent-Length: 2\r\n\r\n23");
  expect_file("0123");
  EXPECT_THAT(server.requests[1], HasSubstr("If-Range: Mon, 01 Jan 2024 00:00:00 GMT\r\n"));
}

TEST_F(HttpClientTest, ResumesAStalledTransfer) {
  server.reply(std::string(kTen) + "0123");
  server.reply(
      "HTTP/1.1 206 Partial\r\nContent-Range: bytes 4-9/10\r\nContent-Length: 6\r\n\r\n456789");
  const Instant start = sim.clock.now();
  expect_file("0123456789");
  EXPECT_EQ((sim.clock.now() - start).count_s(), 31);
}

TEST_F(HttpClientTest, AcceptsRangesThatOverlapOrStopEarly) {
  server.reply_and_reset(std::string(kTen) + "0123");
  server.reply(
      "HTTP/1.1 206 Partial\r\nContent-Range: bytes 2-6/10\r\nContent-Length: 5\r\n\r\n23456");
  server.reply(
      "HTTP/1.1 206 Partial\r\nContent-Range: bytes 7-9/*\r\nContent-Length: 3\r\n\r\n789");
  expect_file("0123456789");
  EXPECT_THAT(server.requests[2], HasSubstr("Range: bytes=7-\r\n"));
}

TEST_F(HttpClientTest, StartsAgainWhenTheServerIgnoresTheRange) {
  server.reply_and_reset(std::string(kTen) + "0123");
  server.reply(std::string(kTen) + "abcdefghij");
  expect_file("abcdefghij");
  EXPECT_EQ(sink.cleared, 1u);
}

TEST_F(HttpClientTest, StartsAgainWhenTheFileHasChanged) {
  for (const char* other : {"Content-Range: bytes 4-9/10\r\nETag: \"f\"\r\n",
                            "Content-Range: bytes 4-9/11\r\nETag: \"e\"\r\n",
                            "Content-Range: bytes 5-9/10\r\nETag: \"e\"\r\n", "ETag: \"e\"\r\n"}) {
    server.reply_and_reset(std::string(kTen) + "0123");
    server.reply(std::string("HTTP/1.1 206 Partial\r\n") + other +
                 "Content-Length: 6\r\n\r\nefghij");
    server.reply(std::string(kTen) + "abcdefghij");
    expect_file("abcdefghij");
    EXPECT_THAT(server.requests.back(), Not(HasSubstr("Range")));
    http.close_idle();
  }
}

TEST_F(HttpClientTest, StartsAgainWhenTheRangeCannotBeServed) {
  server.reply_and_reset(std::string(kTen) + "0123");
  server.reply("HTTP/1.1 416 No\r\nContent-Range: bytes */3\r\nContent-Length: 0\r\n\r\n");
  server.reply("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc");
  expect_file("abc");
}

TEST_F(HttpClientTest, AsksForNoRangeWhenNothingTellsTheFileApart) {
  server.reply_and_reset("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n0123\r\n");
  server.reply("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n");
  expect_file("ab");
  EXPECT_THAT(server.requests[1], Not(HasSubstr("Range")));
}

TEST_F(HttpClientTest, WaitsForAServerThatIsBeingRestarted) {
  server.reply_and_reset(std::string(kTen) + "0123");
  server.connect_results = {Result<void>(), fail(err::net_refused), fail(err::net_refused),
                            fail(err::net_unreachable)};
  server.reply("HTTP/1.1 502 Soon\r\nContent-Length: 0\r\n\r\n");
  server.reply(
      "HTTP/1.1 206 Partial\r\nContent-Range: bytes 4-9/10\r\nContent-Length: 6\r\n\r\n456789");
  const Instant start = sim.clock.now();
  expect_file("0123456789");
  EXPECT_EQ((sim.clock.now() - start).count_s(), 1 + 2 + 4 + 8 + 10);
}

TEST_F(HttpClientTest, GivesUpAfterTheLimit) {
  options.retries_max = 4;
  server.reply_and_reset(std::string(kTen) + "0123");
  server.connect_results = {Result<void>()};
  for (int i = 0; i < 10; ++i) server.connect_results.push_back(fail(err::net_refused));
  const Instant start = sim.clock.now();
  expect_error(err::net_refused);
  EXPECT_EQ((sim.clock.now() - start).count_s(), 1 + 2 + 4 + 8);
  EXPECT_EQ(sink.data, "0123");
}

TEST_F(HttpClientTest, CountsRetriesAnewAfterProgress) {
  options.retries_max = 1;
  server.reply_and_reset(std::string(kTen) + "0");
  for (int i = 1; i < 10; ++i) {
    server.reply_and_reset(
        format("HTTP/1.1 206 P\r\nContent-Range: bytes {}-9/10\r\n"
               "Content-Length: {}\r\n\r\n{}",
               i, 10 - i, i));
  }
  expect_file("0123456789");
}

TEST_F(HttpClientTest, SaysThatTheAnnouncedLengthIsWrong) {
  for (int i = 0; i < 10; ++i) server.reply_and_end(std::string(kTen) + "0123");
  expect_error(err::http_wrong_length);
  EXPECT_THAT(server.requests, SizeIs(3));
}

TEST_F(HttpClientTest, AsksTwiceMoreWhenAFreshConnectionBreaksAtOnce) {
  server.reply_and_reset("");
  server.reply_and_end("HTTP/1.1 20");
  server.reply(kOk);
  expect_file("ok");
  http.close_idle();
  for (int i = 0; i < 10; ++i) server.reply_and_reset("");
  expect_error(err::net_reset);
  EXPECT_THAT(server.requests, SizeIs(6));
}

TEST_F(HttpClientTest, ComesBackWhenTheServerSaysSo) {
  server.reply("HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n");
  server.reply("HTTP/1.1 429 Slow\r\nRetry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n\r\n");
  server.reply(kOk);
  const Instant start = sim.clock.now();
  expect_file("ok");
  EXPECT_EQ((sim.clock.now() - start).count_s(), 7 + 5);
  server.reply("HTTP/1.1 503 Busy\r\nRetry-After: 86400\r\n\r\n");
  expect_error(err::http_retry_later);
}

TEST_F(HttpClientTest, ReturnsToTheFirstUriWhenARedirectsTargetHasExpired) {
  server.reply("HTTP/1.1 302 F\r\nLocation: /signed?1\r\nContent-Length: 0\r\n\r\n");
  server.reply_and_reset(std::string(kTen) + "0123");
  server.reply("HTTP/1.1 403 Expired\r\nContent-Length: 0\r\n\r\n");
  server.reply("HTTP/1.1 302 F\r\nLocation: /signed?2\r\nContent-Length: 0\r\n\r\n");
  server.reply("HTTP/1.1 206 P\r\nContent-Range: bytes 4-9/10\r\nContent-Length: 6\r\n\r\n456789");
  expect_file("0123456789");
  EXPECT_THAT(server.requests[3], testing::StartsWith("GET /file "));
}

TEST_F(HttpClientTest, DoesNotRepeatWhatTheSinkRefuses) {
  sink.limit = 6;
  server.then([&](fake::FakeConnection& c) {
    c.feed("HTTP/1.1 200 OK\r\n\r\n0123");
    c.feed("4567");
  });
  expect_error(err::base_no_memory);
  EXPECT_THAT(server.requests, SizeIs(1));
  EXPECT_TRUE(server.connections[0]->client_gone);
}

}  // namespace
