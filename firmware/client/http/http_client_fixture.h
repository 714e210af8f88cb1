// SPDX-License-Identifier: BSD-2-Clause-Patent
// The fixture of the HTTP client's tests.
#pragma once

#include <gmock/gmock.h>

#include "client/http/http_client.h"
#include "client/http/http_test_support.h"

namespace kedge::client {

class HttpClientTest : public testing::Test {
 public:
  HttpClientTest() { stack.names["server"] = {wire::Ipv4Address(10, 0, 0, 1)}; }

  Result<HttpResult> get(std::string_view uri = "http://server/file") {
    sink.data.clear();
    return sim.run(http.get(*wire::Uri::parse(uri), options, sink, progress));
  }
  void expect_error(const ErrorSite& site, std::string_view uri = "http://server/file") {
    const auto result = get(uri);
    ASSERT_FALSE(result.ok()) << sink.data;
    EXPECT_EQ(result.error(), site) << format("{}", result.error());
  }
  void expect_file(std::string_view content, std::string_view uri = "http://server/file") {
    const auto result = get(uri);
    ASSERT_TRUE(result.ok()) << format("{}", result.error());
    EXPECT_EQ(sink.data, content);
    EXPECT_EQ(result->bytes, content.size());
  }

  fake::SimLoop sim;
  fake::FakeStack stack{sim.loop};
  WebServer server{stack};
  HttpOptions options;
  fake::MemorySink sink;
  fake::RecordingProgress progress;
  HttpClient http{stack};
};

inline constexpr const char* kTen = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nETag: \"e\"\r\n\r\n";
inline constexpr const char* kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

}  // namespace kedge::client
