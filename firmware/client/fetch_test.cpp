// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "client/fetch.h"

#include <gmock/gmock.h>

#include "client/http/http_client_errors.h"
#include "client/http/http_test_support.h"
#include "client/tftp/tftp_client_errors.h"
#include "client/tftp/tftp_test_server.h"
#include "wire/uri_errors.h"

using namespace kedge;
using namespace kedge::literals;

namespace {

class FetcherTest : public testing::Test {
 public:
  Result<client::FetchResult> fetch(std::string_view uri) {
    return sim.run(fetcher.fetch(*wire::Uri::parse(uri), options, sink, progress));
  }

  fake::SimLoop sim;
  fake::FakeStack stack{sim.loop};
  client::FetchOptions options;
  fake::MemorySink sink;
  fake::RecordingProgress progress;
  client::Fetcher fetcher{stack};
};

TEST_F(FetcherTest, UsesTheProtocolOfTheScheme) {
  client::TftpTestServer tftp(stack);
  tftp.content = "by tftp";
  const auto first = fetch("TFTP://10.0.0.1/x");
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(sink.data, "by tftp");
  EXPECT_EQ(first->bytes, 7u);
  EXPECT_EQ(first->uri.to_string(), "tftp://10.0.0.1/x");

  sink.data.clear();
  client::WebServer web(stack);
  web.reply("HTTP/1.1 302 F\r\nLocation: /y/z\r\nContent-Length: 0\r\n\r\n");
  web.reply("HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 7\r\n\r\nby http");
  const auto second = fetch("http://10.0.0.1/x");
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(sink.data, "by http");
  EXPECT_EQ(second->uri.to_string(), "http://10.0.0.1/y/z");
  EXPECT_EQ(second->content_type, "a/b");
  fetcher.close_idle();
  EXPECT_TRUE(web.connections[0]->client_gone);
}

TEST_F(FetcherTest, RefusesWhatItCannotFetch) {
  EXPECT_EQ(fetch("relative/name").error(), err::uri_not_absolute);
  EXPECT_EQ(fetch("nfs://server/x").error(), err::http_scheme_unsupported);
  EXPECT_EQ(fetch("https://server/x").error(), err::http_https_unsupported);
}

TEST_F(FetcherTest, HasAsMuchPatienceAsIsSet) {
  options.set_patience(5_s);
  client::TftpTestServer tftp(stack);
  tftp.silent = true;
  client::WebServer web(stack);
  Instant start = sim.clock.now();
  EXPECT_EQ(fetch("http://10.0.0.1/x").error(), err::http_no_answer);
  EXPECT_EQ((sim.clock.now() - start).count_s(), 5);
  start = sim.clock.now();
  EXPECT_EQ(fetch("tftp://10.0.0.1/x").error(), err::tftp_no_answer);
  EXPECT_EQ((sim.clock.now() - start).count_s(), 5);
  const Duration before = options.http.stall_timeout;
  options.set_patience(Duration::infinite());
  EXPECT_EQ(options.http.stall_timeout, before);
}

}  // namespace
