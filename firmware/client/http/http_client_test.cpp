// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "client/http/http_client.h"

#include "client/http/http_client_errors.h"
#include "client/http/http_client_fixture.h"
#include "wire/http_errors.h"

using namespace kedge;
using namespace kedge::literals;
using client::HttpClientTest;
using client::kOk;
using client::kTen;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

namespace {

TEST_F(HttpClientTest, DownloadsAFile) {
  options.user_agent = "Kedge/1.2";
  server.reply("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type: text/plain\r\n\r\nhello");
  const auto result = get("http://server:8080/a%20b?c#d");
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(sink.data, "hello");
  EXPECT_EQ(result->bytes, 5u);
  EXPECT_EQ(result->content_type, "text/plain");
  EXPECT_EQ(format("{}", result->uri), "http://server:8080/a%20b?c#d");
  EXPECT_THAT(sink.expected, ElementsAre(5u));
  EXPECT_EQ(progress.total, 5u);
  EXPECT_THAT(server.requests,
              ElementsAre("GET /a%20b?c HTTP/1.1\r\nHost: server:8080\r\nUser-Agent: Kedge/1.2\r\n"
                          "Accept: */*\r\nAccept-Encoding: identity\r\n"
                          "Connection: keep-alive\r\n\r\n"));
  EXPECT_THAT(server.targets, ElementsAre(wire::Endpoint{wire::Ipv4Address(10, 0, 0, 1), 8080}));
}

TEST_F(HttpClientTest, DownloadsChunksCutAnywhere) {
  const std::string answer =
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3;x=y\r\nabc\r\n4\r\ndefg\r\n0\r\nTrailer: z\r\n\r\n";
  for (std::size_t cut = 1; cut < answer.size(); ++cut) {
    server.then([&](fake::FakeConnection& c) {
      c.feed(answer.substr(0, cut));
      server.later(1_s, c, [&](fake::FakeConnection& late) { late.feed(answer.substr(cut)); });
    });
    expect_file("abcdefg");
  }
  EXPECT_THAT(server.connections, SizeIs(1));  // kept alive all the time
  EXPECT_THAT(sink.expected, IsEmpty());
}

TEST_F(HttpClientTest, DownloadsByteByByte) {
  server.then([&](fake::FakeConnection& c) {
    for (const char byte : std::string(kTen) + "0123456789") c.feed(std::string(1, byte));
  });
  expect_file("0123456789");
}

TEST_F(HttpClientTest, TakesTheEndOfTheConnectionForTheEndOfAFileWithoutLength) {
  server.reply_and_end("HTTP/1.0 200 OK\r\n\r\nwhatever comes");
  expect_file("whatever comes");
  EXPECT_FALSE(progress.total.has_value());
}

TEST_F(HttpClientTest, DownloadsEmptyFiles) {
  server.reply("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  server.reply("HTTP/1.1 204 No Content\r\n\r\n");
  expect_file("");
  expect_file("");
  EXPECT_THAT(server.connections, SizeIs(1));
}

TEST_F(HttpClientTest, IgnoresUnknownContentEncodings) {
  server.reply("HTTP/1.1 200 OK\r\nContent-Encoding: x-gzip\r\nContent-Length: 2\r\n\r\n\x1f\x8b");
  expect_file("\x1f\x8b");
}

TEST_F(HttpClientTest, AnnouncesLengthsBeyondFourGibibytes) {
  server.reply("HTTP/1.1 200 OK\r\nContent-Length: 5368709120\r\n\r\nabc");
  expect_error(err::base_no_memory);
  EXPECT_THAT(sink.expected, ElementsAre(5368709120u));
  EXPECT_THAT(server.requests, SizeIs(1));
}

TEST_F(HttpClientTest, AsksForTheHeadOnly) {
  server.reply("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n");
  const auto result =
      sim.run(http.head(*wire::Uri::parse("http://server/x"), options, sink, progress));
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->bytes, 99u);
  EXPECT_THAT(server.requests[0], testing::StartsWith("HEAD /x "));
}

// Connections

TEST_F(HttpClientTest, KeepsConnectionsForTheSameServerOnly) {
  stack.names["other"] = {wire::Ipv4Address(10, 0, 0, 2)};
  for (int i = 0; i < 3; ++i) server.reply(kOk);
  ASSERT_TRUE(get("http://server/1").ok());
  ASSERT_TRUE(get("http://server:80/2").ok());
  EXPECT_THAT(server.connections, SizeIs(1));
  ASSERT_TRUE(get("http://other/3").ok());
  EXPECT_THAT(server.connections, SizeIs(2));
}

TEST_F(HttpClientTest, DropsConnectionsThatTheServerWillClose) {
  server.reply("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
  ASSERT_TRUE(get().ok());
  EXPECT_TRUE(server.connections[0]->client_gone);
}

TEST_F(HttpClientTest, DropsConnectionsThatWereIdleTooLong) {
  server.reply(kOk);
  server.reply(kOk);
  ASSERT_TRUE(get().ok());
  sim.clock.advance(11_s);
  ASSERT_TRUE(get().ok());
  EXPECT_THAT(server.connections, SizeIs(2));
}

TEST_F(HttpClientTest, NoticesThatAnIdleConnectionWasClosed) {
  server.reply(kOk);
  server.reply(kOk);
  ASSERT_TRUE(get().ok());
  server.connections[0]->end();
  ASSERT_TRUE(get().ok());
  EXPECT_THAT(server.connections, SizeIs(2));
  EXPECT_THAT(progress.notes, IsEmpty());
}

TEST_F(HttpClientTest, AsksAgainWhenAnIdleConnectionDiesBeforeAnyByte) {
  for (const bool orderly : {true, false}) {
    http.close_idle();
    server.reply(kOk);
    ASSERT_TRUE(get().ok());
    orderly ? server.reply_and_end("") : server.reply_and_reset("");
    server.reply(kOk);
    const std::size_t before = server.requests.size();
    const Instant start = sim.clock.now();
    ASSERT_TRUE(get().ok());
    EXPECT_EQ(server.requests.size(), before + 2);
    EXPECT_EQ((sim.clock.now() - start).count_ns(), 0);
  }
  EXPECT_THAT(progress.notes, IsEmpty());
}

TEST_F(HttpClientTest, DropsAnIdleConnectionOnWhichMoreCameThanAnnounced) {
  server.reply("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and more");
  server.reply(kOk);
  expect_file("ok");
  expect_file("ok");
  EXPECT_THAT(server.connections, SizeIs(2));
}

TEST_F(HttpClientTest, TriesAllAddressesOfAName) {
  stack.names["server"] = {*wire::IpAddress::parse("2001:db8::1"), wire::Ipv4Address(10, 0, 0, 1),
                           wire::Ipv4Address(10, 0, 0, 2)};
  server.connect_results = {fail(err::net_unreachable), fail(err::net_refused), Result<void>()};
  server.reply(kOk);
  expect_file("ok");
  EXPECT_EQ(server.targets.back().address, wire::Ipv4Address(10, 0, 0, 2));
  EXPECT_THAT(progress.notes, ElementsAre(HasSubstr("2001:db8::1"), HasSubstr("refused")));
}

TEST_F(HttpClientTest, FailsAtOnceWhenNobodyListens) {
  server.connect_results = {fail(err::net_refused)};
  const Instant start = sim.clock.now();
  expect_error(err::net_refused);
  EXPECT_EQ((sim.clock.now() - start).count_ns(), 0);
  expect_error(err::net_unreachable, "http://unknown/");
}

TEST_F(HttpClientTest, AcceptsLiteralAddresses) {
  server.reply(kOk);
  server.reply(kOk);
  ASSERT_TRUE(get("http://10.1.2.3/").ok());
  ASSERT_TRUE(get("http://[2001:db8::5]:81/").ok());
  EXPECT_THAT(server.requests[1], HasSubstr("Host: [2001:db8::5]:81\r\n"));
  EXPECT_EQ(server.targets[1].address, *wire::IpAddress::parse("2001:db8::5"));
}

// Refusals

TEST_F(HttpClientTest, NamesTheReasonOfEachStatus) {
  const std::pair<const char*, ErrorSite> cases[] = {
      {"404 Not Found", err::http_not_found}, {"410 Gone", err::http_not_found},
      {"403 No", err::http_forbidden},        {"500 Oops", err::http_server_error},
      {"503 Busy", err::http_server_error},   {"418 Teapot", err::http_status},
      {"304 Same", err::http_status},         {"416 Range", err::http_status},
  };
  for (const auto& [status, site] : cases) {
    server.reply(std::string("HTTP/1.1 ") + status + "\r\nContent-Length: 3\r\n\r\nbad");
    expect_error(site);
  }
  EXPECT_EQ(sink.data, "");
}

TEST_F(HttpClientTest, RefusesOtherSchemes) {
  expect_error(err::http_https_unsupported, "https://server/");
  expect_error(err::http_scheme_unsupported, "gopher://server/");
  expect_error(err::http_no_host, "http:///path");
}

TEST_F(HttpClientTest, NoticesThatTheServerSpeaksSomethingElse) {
  server.reply("SSH-2.0-OpenSSH_9.2\r\n");
  const Instant start = sim.clock.now();
  expect_error(err::http_bad_status_line);
  EXPECT_EQ((sim.clock.now() - start).count_ns(), 0);
  server.reply("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n");
  expect_error(err::http_bad_chunk);
  server.reply("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx");
  expect_error(err::http_conflicting_length);
  std::string interims;
  for (int i = 0; i < 20; ++i) interims += "HTTP/1.1 102 Wait\r\n\r\n";
  server.reply(interims);
  expect_error(err::http_status);
}

TEST_F(HttpClientTest, WaitsForAnAnswerOnlySoLong) {
  const Instant start = sim.clock.now();
  expect_error(err::http_no_answer);
  EXPECT_EQ((sim.clock.now() - start).count_s(), 120);
}

// Redirects

TEST_F(HttpClientTest, FollowsRedirects) {
  stack.names["other"] = {wire::Ipv4Address(10, 0, 0, 2)};
  server.reply("HTTP/1.1 302 Found\r\nLocation: ../x\r\nContent-Length: 4\r\n\r\nmove");
  server.reply(
      "HTTP/1.1 307 There\r\nLocation: http://other/y\r\nTransfer-Encoding: chunked\r\n\r\n"
      "1\r\nz\r\n0\r\n\r\n");
  server.reply(kOk);
  const auto result = get("http://server/a/b/c");
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(format("{}", result->uri), "http://other/y");
  EXPECT_EQ(sink.data, "ok");
  EXPECT_THAT(server.requests[1], testing::StartsWith("GET /a/x "));
  EXPECT_THAT(server.connections, SizeIs(2));
  EXPECT_THAT(progress.notes,
              ElementsAre("redirected to http://server/a/x", "redirected to http://other/y"));
}

TEST_F(HttpClientTest, DoesNotReadLongBodiesOfRedirects) {
  server.reply("HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 1000000\r\n\r\n");
  server.reply(kOk);
  expect_file("ok");
  EXPECT_THAT(server.connections, SizeIs(2));
}

TEST_F(HttpClientTest, EndsRedirectLoops) {
  server.reply("HTTP/1.1 301 Moved\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n");
  server.reply("HTTP/1.1 301 Moved\r\nLocation: /file\r\nContent-Length: 0\r\n\r\n");
  expect_error(err::http_redirect_loop);
  EXPECT_THAT(server.requests, SizeIs(2));
}

TEST_F(HttpClientTest, LimitsRedirects) {
  options.redirects_max = 3;
  for (char c = 'a'; c < 'z'; ++c) {
    server.reply(std::string("HTTP/1.1 301 Moved\r\nContent-Length: 0\r\nLocation: /") + c +
                 "\r\n\r\n");
  }
  expect_error(err::http_too_many_redirects);
  EXPECT_THAT(server.requests, SizeIs(4));
}

TEST_F(HttpClientTest, RefusesUselessRedirects) {
  server.reply("HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n");
  expect_error(err::http_redirect_nowhere);
  server.reply("HTTP/1.1 302 Found\r\nLocation: http://[x/\r\nContent-Length: 0\r\n\r\n");
  expect_error(err::http_redirect_nowhere);
  server.reply("HTTP/1.1 302 Found\r\nLocation: https://server/\r\nContent-Length: 0\r\n\r\n");
  expect_error(err::http_https_unsupported);
}

// Authentication

constexpr const char* kBasicChallenge =
    "HTTP/1.1 401 Who?\r\nWWW-Authenticate: Basic realm=\"r\"\r\nContent-Length: 2\r\n\r\nno";
constexpr const char* kDigestChallenge =
    "HTTP/1.1 401 Who?\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\", "
    "algorithm=SHA-256\r\nContent-Length: 0\r\n\r\n";

TEST_F(HttpClientTest, AuthenticatesWithCredentialsOfTheUri) {
  server.reply(kBasicChallenge);
  server.reply(kOk);
  expect_file("ok", "http://u:p%3Aw@server/");
  EXPECT_THAT(server.requests[0], Not(HasSubstr("Authorization")));
  EXPECT_THAT(server.requests[1], HasSubstr("Authorization: Basic dTpwOnc=\r\n"));
  EXPECT_THAT(server.requests[1], HasSubstr("Host: server\r\n"));
  EXPECT_THAT(server.connections, SizeIs(1));
}

TEST_F(HttpClientTest, AuthenticatesByDigestWithCredentialsOfTheOptions) {
  options.credentials = client::Credentials{"u", "p"};
  server.reply(kDigestChallenge);
  server.reply(kOk);
  expect_file("ok");
  EXPECT_THAT(server.requests[1], HasSubstr("Authorization: Digest username=\"u\", realm=\"r\", "
                                            "nonce=\"n\", uri=\"/file\", response=\""));
}

TEST_F(HttpClientTest, AnswersAFreshNonceOnce) {
  options.credentials = client::Credentials{"u", "p"};
  server.reply(kDigestChallenge);
  server.reply(
      "HTTP/1.1 401 Old\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"new\", "
      "qop=\"auth\", stale=true\r\nContent-Length: 0\r\n\r\n");
  server.reply(kOk);
  expect_file("ok");
  EXPECT_THAT(server.requests[2], HasSubstr("nonce=\"new\""));
}

TEST_F(HttpClientTest, SaysWhatIsWrongWithCredentials) {
  server.reply(kBasicChallenge);
  expect_error(err::http_unauthorized);
  options.credentials = client::Credentials{"u", "wrong"};
  server.reply(kBasicChallenge);
  server.reply(kBasicChallenge);
  expect_error(err::http_credentials_refused);
  server.reply("HTTP/1.1 401 Who?\r\nWWW-Authenticate: Negotiate\r\nContent-Length: 0\r\n\r\n");
  expect_error(err::http_auth_unsupported);
  for (int i = 0; i < 10; ++i) {
    server.reply(
        "HTTP/1.1 401 Old\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"new\", "
        "stale=true\r\nContent-Length: 0\r\n\r\n");
  }
  expect_error(err::http_credentials_refused);
}

TEST_F(HttpClientTest, DoesNotTellItsPasswordToAnotherServer) {
  stack.names["other"] = {wire::Ipv4Address(10, 0, 0, 2)};
  options.credentials = client::Credentials{"u", "p"};
  server.reply(kBasicChallenge);
  server.reply("HTTP/1.1 302 Found\r\nLocation: http://other/\r\nContent-Length: 0\r\n\r\n");
  server.reply(kBasicChallenge);
  expect_error(err::http_unauthorized, "http://server/");
  EXPECT_THAT(server.requests[1], HasSubstr("Authorization"));
  EXPECT_THAT(server.requests[2], Not(HasSubstr("Authorization")));
}

TEST_F(HttpClientTest, CanBeCancelledAtEachTurn) {
  for (unsigned turns = 0;; ++turns) {
    fake::SimLoop own;
    fake::FakeStack net(own.loop);
    client::WebServer web(net);
    fake::MemorySink target;
    client::HttpClient client(net);
    web.reply("HTTP/1.1 302 F\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n");
    web.reply_and_reset(std::string(kTen) + "0123");
    web.then([&](fake::FakeConnection& c) {
      c.feed("HTTP/1.1 206 P\r\nContent-Range: bytes 4-9/10\r\nContent-Length: 6\r\n\r\n");
      web.later(1_s, c, [](fake::FakeConnection& late) { late.feed("456789"); });
    });
    auto task = client.get(*wire::Uri::parse("http://10.0.0.1/f"), options, target, progress);
    bool ended = task.start({&own.loop, &own.scope}, nullptr);
    for (unsigned turn = 0; turn < turns && !task.done(); ++turn) {
      if (!own.loop.run_once()) own.loop.idle();
    }
    ended = ended || task.done();
    own.scope.cancel();
    while (!task.done()) {
      if (!own.loop.run_once()) own.loop.idle();
    }
    const auto result = task.take();
    client.close_idle();
    for (const auto& connection : web.connections) EXPECT_TRUE(connection->client_gone);
    if (ended) {
      EXPECT_TRUE(result.ok());
      EXPECT_GT(turns, 3u);
      break;
    }
    if (result.ok()) continue;  // the last await was over already
    EXPECT_EQ(result.error(), err::async_cancelled);
  }
}

}  // namespace
