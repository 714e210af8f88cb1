// SPDX-License-Identifier: BSD-2-Clause-Patent
// HttpTransfer: one download, from the first request to the last byte or the final failure.
//
//   run:      attempt, until one is done or recover() gives up
//   attempt:  connection (pooled or new) -> request -> head -> act on the status
//   act:      2xx file, 3xx redirect, 401 authenticate, 416 restart, 503 wait, else fail
//   recover:  decides whether a failed attempt may be repeated, and sleeps before it
#pragma once

#include "client/http/http_body.h"
#include "client/http/http_client.h"

namespace kedge::client {

class HttpTransfer {
 public:
  enum class Method : std::uint8_t { get, head };

  HttpTransfer(net::Stack& stack, HttpPool& pool, wire::Uri uri, Method method,
               const HttpOptions& options, Sink& sink, Progress& progress);

  async::Task<Result<HttpResult>> run() noexcept;

 private:
  enum class Next : std::uint8_t { done, again };
  enum class Body : std::uint8_t { keep, discard };

  async::Task<Result<Next>> attempt() noexcept;
  async::Task<Result<void>> recover(Error error) noexcept;

  async::Task<Result<void>> obtain_connection() noexcept;
  async::Task<Result<void>> connect() noexcept;
  void release_connection(Instant now) noexcept;

  async::Task<Result<void>> exchange() noexcept;
  async::Task<Result<void>> read_head(Instant deadline) noexcept;
  async::Task<Result<void>> read_body(Body purpose) noexcept;
  async::Task<Result<void>> drain() noexcept;

  async::Task<Result<Next>> act() noexcept;
  async::Task<Result<Next>> receive_file() noexcept;
  async::Task<Result<Next>> redirect() noexcept;
  async::Task<Result<Next>> authenticate() noexcept;
  async::Task<Result<Next>> retry_later() noexcept;
  Result<Next> range_refused() noexcept;

  Result<std::string> request_text() noexcept;
  Result<void> begin_file() noexcept;
  bool fits_what_we_have() const noexcept;
  Result<void> restart(std::string_view why) noexcept;
  Result<void> keep(ByteView data) noexcept;
  Result<void> check_scheme() const noexcept;
  Result<void> follow(wire::Uri target) noexcept;
  Error status_error() const noexcept;
  std::optional<Credentials> credentials() const;
  bool may_retry(const Error& error) noexcept;

  net::Stack& stack_;
  HttpPool& pool_;
  const HttpOptions& options_;
  Sink& sink_;
  Progress& progress_;
  const Method method_;
  const wire::Uri first_uri_;
  wire::Uri uri_;
  std::vector<std::string> visited_;  // since the last request that was not redirected

  std::unique_ptr<net::Stream> stream_;
  bool reused_ = false;  // the connection served another request before
  std::string request_;
  wire::HttpHeadBuffer head_;
  wire::HttpResponse response_;
  HttpBody body_;

  HttpAuthorization authorization_;
  bool authorization_sent_ = false;
  unsigned authentications_ = 0;

  // What is known of the file since its first head.
  std::optional<std::uint64_t> total_;
  std::string etag_;
  std::string last_modified_;
  std::string content_type_;
  std::uint64_t asked_from_ = 0;  // of the last request's Range
  std::uint64_t skip_ = 0;        // bytes of a partial answer that the sink has already

  bool receiving_ = false;  // the server has begun to send the file at least once
  bool fatal_ = false;      // the last failure is not the network's: repeating will not help
  unsigned failures_ = 0;   // in a row, without new bytes
  unsigned restarts_ = 0;
  unsigned short_ends_ = 0;  // orderly ends in a row at the same place
  std::uint64_t short_end_at_ = 0;
  std::uint64_t best_ = 0;  // most bytes that the sink ever had
};

}  // namespace kedge::client
