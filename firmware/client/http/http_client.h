// SPDX-License-Identifier: BSD-2-Clause-Patent
// HttpClient: downloads by HTTP/1.1 (RFC 9110, 9112) into a Sink, resuming broken transfers.
#pragma once

#include "client/http/http_auth.h"
#include "client/http/http_pool.h"
#include "client/sink.h"
#include "net/stack.h"

namespace kedge::client {

struct HttpOptions {
  std::string user_agent = "Kedge";
  /// For the server of the first URI only, never for one that it redirects to. A user name in the
  /// URI comes first.
  std::optional<Credentials> credentials;
  Duration resolve_timeout = Duration::seconds(30);
  Duration connect_timeout = Duration::seconds(15);    ///< for each address of the server
  Duration response_timeout = Duration::seconds(120);  ///< from the request to the end of the head
  Duration stall_timeout = Duration::seconds(30);      ///< without any new byte of the body
  unsigned redirects_max = 10;
  /// Attempts in a row that brought nothing new before a broken transfer is given up.
  unsigned retries_max = 12;
  Duration retry_delay = Duration::seconds(1);  ///< before the first retry; doubles
  Duration retry_delay_max = Duration::seconds(10);
  Duration retry_after_max = Duration::seconds(120);  ///< the longest Retry-After that is obeyed
};

struct HttpResult {
  wire::Uri uri;                       ///< after redirects
  std::optional<std::uint64_t> bytes;  ///< of the file; absent when head() was not told
  std::string content_type;
};

class HttpClient {
 public:
  explicit HttpClient(net::Stack& stack) noexcept : stack_(stack) {}

  /// Downloads `uri`. Options, sink and progress must outlive the task. On failure the sink keeps
  /// what came.
  async::Task<Result<HttpResult>> get(wire::Uri uri, const HttpOptions& options, Sink& sink,
                                      Progress& progress) noexcept;
  /// Asks for length and type only.
  async::Task<Result<HttpResult>> head(wire::Uri uri, const HttpOptions& options, Sink& unused,
                                       Progress& progress) noexcept;
  /// Ends the connections that are kept open for later requests.
  void close_idle() noexcept { pool_.clear(); }

 private:
  net::Stack& stack_;
  HttpPool pool_;
};

}  // namespace kedge::client
