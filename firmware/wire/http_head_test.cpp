// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "wire/http_head.h"

#include <gmock/gmock.h>

#include "wire/http_errors.h"

using namespace kedge;
using wire::HttpChallenge;
using wire::HttpContentRange;
using wire::HttpHeadBuffer;
using wire::HttpRequest;
using wire::HttpResponse;

namespace {

HttpResponse parse(std::string head) {
  auto response = HttpResponse::parse(head);
  EXPECT_TRUE(response.ok()) << head;
  return response.ok() ? *response : HttpResponse();
}

void expect_error(std::string head, const ErrorSite& site) {
  auto response = HttpResponse::parse(head);
  ASSERT_FALSE(response.ok()) << head;
  EXPECT_EQ(response.error(), site) << head;
}

TEST(HttpResponse, IsReadFromAUsualHead) {
  const HttpResponse r = parse(
      "HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: text/html\r\ncontent-LENGTH: 42\r\n"
      "Last-Modified: Mon, 01 Jan 2024 00:00:00 GMT\r\nETag: \"abc\"\r\n"
      "Accept-Ranges: bytes\r\n\r\n");
  EXPECT_EQ(r.status, 200);
  EXPECT_EQ(r.reason, "OK");
  EXPECT_EQ(r.content_length, 42u);
  EXPECT_EQ(r.content_type, "text/html");
  EXPECT_EQ(r.etag, "\"abc\"");
  EXPECT_TRUE(r.has_strong_etag());
  EXPECT_TRUE(r.keep_alive);
  EXPECT_FALSE(r.ranges_refused);
  EXPECT_FALSE(r.chunked);
}

TEST(HttpResponse, NeedsNoReason) {
  EXPECT_EQ(parse("HTTP/1.1 404\r\n\r\n").status, 404);
  EXPECT_EQ(parse("HTTP/1.0 404 \r\n\r\n").minor_version, 0);
  EXPECT_EQ(parse("HTTP/1.1 200 fine indeed\n\n").reason, "fine indeed");
}

TEST(HttpResponse, RefusesOtherStatusLines) {
  for (const char* head : {"", "\r\n", "HTTP/2 200 OK\r\n", "HTTP/1.1 20 OK\r\n", "ICY 200 OK\r\n",
                           "HTTP/1.1 2000\r\n", "HTTP/1.1 099 x\r\n", "HTTP/1.1  200\r\n",
                           "HTTP/1.x 200 OK\r\n", "HTTP/1.1 2x0 OK\r\n", "SSH-2.0-OpenSSH\r\n"}) {
    expect_error(head, err::http_bad_status_line);
  }
}

TEST(HttpResponse, KnowsWhenTheConnectionStaysOpen) {
  EXPECT_FALSE(parse("HTTP/1.0 200 OK\r\n\r\n").keep_alive);
  EXPECT_TRUE(parse("HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n\r\n").keep_alive);
  EXPECT_FALSE(parse("HTTP/1.1 200 OK\r\nConnection: foo, Close\r\n\r\n").keep_alive);
  EXPECT_FALSE(
      parse("HTTP/1.1 200 OK\r\nConnection: close\r\nConnection: keep-alive\r\n\r\n").keep_alive);
}

TEST(HttpResponse, AcceptsRepeatedEqualLengths) {
  EXPECT_EQ(
      parse("HTTP/1.1 200 OK\r\nContent-Length: 7\r\nContent-Length: 7\r\n\r\n").content_length,
      7u);
  EXPECT_EQ(parse("HTTP/1.1 200 OK\r\nContent-Length: 7, 7\r\n\r\n").content_length, 7u);
  EXPECT_EQ(parse("HTTP/1.1 200 OK\r\nContent-Length: 5368709120\r\n\r\n").content_length,
            5368709120u);
}

TEST(HttpResponse, RefusesContradictoryAndMalformedLengths) {
  expect_error("HTTP/1.1 200 OK\r\nContent-Length: 7\r\nContent-Length: 8\r\n\r\n",
               err::http_conflicting_length);
  expect_error("HTTP/1.1 200 OK\r\nContent-Length: 7, 8\r\n\r\n", err::http_conflicting_length);
  for (const char* value : {"-1", "+1", "7x", "", "9223372036854775808", "99999999999999999999"}) {
    expect_error(std::string("HTTP/1.1 200 OK\r\nContent-Length: ") + value + "\r\n\r\n",
                 err::http_bad_field);
  }
}

TEST(HttpResponse, PrefersChunkedToALength) {
  const HttpResponse r =
      parse("HTTP/1.1 200 OK\r\nContent-Length: 7\r\nTransfer-Encoding: Chunked\r\n\r\n");
  EXPECT_TRUE(r.chunked);
  EXPECT_FALSE(r.content_length.has_value());
  EXPECT_FALSE(r.keep_alive);
  EXPECT_FALSE(parse("HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\n").chunked);
  expect_error("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
               err::http_transfer_coding);
  expect_error("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n",
               err::http_transfer_coding);
}

TEST(HttpResponse, JoinsFoldedLines) {
  EXPECT_EQ(parse("HTTP/1.1 302 Found\r\nLocation:\r\n /new\r\n\r\n").location, "/new");
}

TEST(HttpResponse, RefusesMalformedFields) {
  expect_error("HTTP/1.1 200 OK\r\nno colon\r\n\r\n", err::http_bad_field);
  expect_error("HTTP/1.1 200 OK\r\n: x\r\n\r\n", err::http_bad_field);
  expect_error("HTTP/1.1 200 OK\r\na b: x\r\n\r\n", err::http_bad_field);
  using namespace std::string_literals;
  expect_error("HTTP/1.1 200 OK\r\na: x\0y\r\n\r\n"s, err::http_bad_field);
}

TEST(HttpResponse, LimitsTheNumberOfFields) {
  std::string head = "HTTP/1.1 200 OK\r\n";
  for (std::size_t i = 0; i < wire::kHttpFieldsMax; ++i) head += "a: b\r\n";
  EXPECT_TRUE(HttpResponse::parse(head + "\r\n").ok());
  expect_error(head + "a: b\r\n\r\n", err::http_head_too_large);
}

TEST(HttpResponse, ReadsRetryAfter) {
  EXPECT_EQ(parse("HTTP/1.1 503 Busy\r\nRetry-After: 7\r\n\r\n").retry_after_s, 7u);
  const HttpResponse date =
      parse("HTTP/1.1 503 Busy\r\nRetry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n\r\n");
  EXPECT_TRUE(date.retry_after_given);
  EXPECT_FALSE(date.retry_after_s.has_value());
  EXPECT_FALSE(parse("HTTP/1.1 503 Busy\r\n\r\n").retry_after_given);
}

TEST(HttpContentRange, IsReadInAllForms) {
  EXPECT_EQ(*HttpContentRange::parse("bytes 5-9/10"), (HttpContentRange{true, 5, 9, 10}));
  EXPECT_EQ(*HttpContentRange::parse("Bytes 5-9/*"), (HttpContentRange{true, 5, 9, std::nullopt}));
  EXPECT_EQ(*HttpContentRange::parse("bytes */10"), (HttpContentRange{false, 0, 0, 10}));
  for (const char* text : {"", "bytes", "bytes 5-9", "bytes 9-5/10", "bytes 5-10/10", "lines 1-2/3",
                           "bytes -9/10", "bytes 5-/10", "bytes 5-9/x"}) {
    EXPECT_FALSE(HttpContentRange::parse(text).ok()) << text;
  }
}

TEST(HttpChallenges, AreSeparatedFromTheirParameters) {
  const auto list = wire::parse_challenges(
      "Newauth realm=\"apps\", type=1, title=\"Login to \\\"apps\\\"\", Basic realm=\"simple\", "
      "Negotiate YII=, Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", "
      "algorithm=SHA-256, nonce=\"7yp\", opaque=\"FQh\", stale=TRUE");
  ASSERT_EQ(list.size(), 4u);
  EXPECT_EQ(list[0].scheme, HttpChallenge::Scheme::other);
  EXPECT_EQ(list[1].scheme, HttpChallenge::Scheme::basic);
  EXPECT_EQ(list[1].realm, "simple");
  EXPECT_EQ(list[2].scheme, HttpChallenge::Scheme::other);
  EXPECT_EQ(list[3].scheme, HttpChallenge::Scheme::digest);
  EXPECT_EQ(list[3].algorithm, HttpChallenge::Algorithm::sha256);
  EXPECT_EQ(list[3].algorithm_name, "SHA-256");
  EXPECT_EQ(list[3].nonce, "7yp");
  EXPECT_EQ(list[3].opaque, "FQh");
  EXPECT_TRUE(list[3].quality_auth);
  EXPECT_TRUE(list[3].stale);
}

TEST(HttpChallenges, DefaultToMd5WithoutQuality) {
  const auto list = wire::parse_challenges("Digest realm=\"r\",nonce=abc");
  ASSERT_EQ(list.size(), 1u);
  EXPECT_EQ(list[0].algorithm, HttpChallenge::Algorithm::md5);
  EXPECT_EQ(list[0].nonce, "abc");
  EXPECT_FALSE(list[0].quality_given);
  EXPECT_EQ(wire::parse_challenges("Digest algorithm=TIGER")[0].algorithm,
            HttpChallenge::Algorithm::unknown);
  EXPECT_TRUE(wire::parse_challenges("\"nonsense").empty());
}

TEST(HttpHeadBuffer, FindsTheEndHoweverBytesArrive) {
  const std::string message = "\r\nHTTP/1.1 200 OK\r\nA: b\r\n\r\nbody";
  for (std::size_t cut = 0; cut <= message.size(); ++cut) {
    HttpHeadBuffer buffer;
    const auto first = buffer.feed(as_byte_view(std::string_view(message).substr(0, cut)));
    ASSERT_TRUE(first.ok());
    const auto second = buffer.feed(as_byte_view(std::string_view(message).substr(*first)));
    ASSERT_TRUE(second.ok());
    EXPECT_TRUE(buffer.complete());
    EXPECT_EQ(message.substr(*first + *second), "body");
    EXPECT_EQ(buffer.text(), "HTTP/1.1 200 OK\r\nA: b\r\n\r\n");
  }
}

TEST(HttpHeadBuffer, HasALimit) {
  HttpHeadBuffer buffer;
  EXPECT_TRUE(buffer.feed(as_byte_view(std::string(wire::kHttpHeadBytesMax, 'a'))).ok());
  const auto more = buffer.feed(as_byte_view("a"));
  ASSERT_FALSE(more.ok());
  EXPECT_EQ(more.error(), err::http_head_too_large);
}

TEST(HttpRequest, IsWrittenInFull) {
  HttpRequest request;
  request.target = "/a?b";
  request.host = "h:81";
  request.user_agent = "Kedge/1";
  EXPECT_EQ(*request.to_string(),
            "GET /a?b HTTP/1.1\r\nHost: h:81\r\nUser-Agent: Kedge/1\r\nAccept: */*\r\n"
            "Accept-Encoding: identity\r\nConnection: keep-alive\r\n\r\n");
  request.range_first = 5000000000;
  request.if_range = "\"e\"";
  request.authorization = "Basic eA==";
  EXPECT_THAT(*request.to_string(),
              testing::EndsWith("Range: bytes=5000000000-\r\nIf-Range: \"e\"\r\n"
                                "Authorization: Basic eA==\r\n\r\n"));
}

TEST(HttpRequest, CannotBeSmuggledInto) {
  HttpRequest request;
  request.target = "/";
  request.host = "h";
  request.user_agent = "x\r\nEvil: yes";
  const auto text = request.to_string();
  ASSERT_FALSE(text.ok());
  EXPECT_EQ(text.error(), err::http_bad_request_text);
}

}  // namespace
