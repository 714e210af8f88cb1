// SPDX-License-Identifier: BSD-2-Clause-Patent
// The HTTP client against a server that says anything: it ends, keeps its limits, leaks nothing.
//
// Input: pieces separated by 0x00. Each piece is one connection's answer; its first byte says how
// it is cut and how the connection ends.
#include <algorithm>

#include "client/http/http_client.h"
#include "client/http/http_test_support.h"

using namespace kedge;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  fake::SimLoop sim;
  fake::FakeStack stack(sim.loop);
  unsigned connections = 0;
  stack.on_connect = [&](wire::Endpoint) -> Result<std::shared_ptr<fake::FakeConnection>> {
    KEDGE_ASSERT(++connections < 5000);
    if (input.empty()) return fail(err::net_refused);
    const std::size_t end = std::min(input.find('\0'), input.size());
    std::string_view answer = input.substr(0, end);
    input.remove_prefix(std::min(end + 1, input.size()));
    auto connection = std::make_shared<fake::FakeConnection>();
    if (answer.empty()) return connection;  // silence
    const auto control = static_cast<unsigned char>(answer[0]);
    answer.remove_prefix(1);
    const std::size_t piece = control % 32 + 1;
    while (!answer.empty()) {
      connection->feed(answer.substr(0, piece));
      answer.remove_prefix(std::min(piece, answer.size()));
    }
    if (control & 0x40) connection->end();
    if (control & 0x80) connection->reset();
    return connection;
  };
  client::HttpOptions options;
  options.credentials = client::Credentials{"user", "password"};
  fake::MemorySink sink;
  sink.limit = 65536;
  fake::RecordingProgress progress;
  client::HttpClient http(stack);
  const auto uri = wire::Uri::parse("http://10.0.0.1/file");
  const auto result = sim.run(http.get(*uri, options, sink, progress));
  KEDGE_ASSERT(!result.ok() || result->bytes == sink.data.size());
  KEDGE_ASSERT(progress.last == sink.data.size() || !result.ok());
  return 0;
}
