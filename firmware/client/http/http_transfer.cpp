// SPDX-License-Identifier: BSD-2-Clause-Patent
// The transfer's order of events: attempts, connections, messages. What the statuses mean is in
// http_transfer_status.cpp.
#include "client/http/http_transfer.h"

#include <algorithm>

#include "async/wait.h"
#include "base/format.h"
#include "client/http/http_client_errors.h"
#include "net/net_errors.h"
#include "wire/http_errors.h"

namespace kedge::client {
namespace {

constexpr unsigned kInterimResponsesMax = 16;  // 1xx before the answer
constexpr unsigned kFirstRetriesMax = 2;       // before the server sent any of the file
constexpr unsigned kShortEndsMax = 3;
constexpr std::uint64_t kDrainBytesMax = 64 * 1024;  // cheaper to read than to connect again
constexpr unsigned kViewsPerTurn = 64;

constexpr std::uint32_t seconds(Duration span) noexcept {
  return static_cast<std::uint32_t>(span.count_s());
}

/// "12.3 MiB"
std::string in_words(std::uint64_t bytes) {
  if (bytes < 1024) return format("{} bytes", bytes);
  const std::uint64_t unit = bytes < 1024 * 1024 ? 1024 : 1024 * 1024;
  return format("{}.{} {}", bytes / unit, bytes % unit * 10 / unit, unit == 1024 ? "KiB" : "MiB");
}

}  // namespace

HttpTransfer::HttpTransfer(net::Stack& stack, HttpPool& pool, wire::Uri uri, Method method,
                           const HttpOptions& options, Sink& sink, Progress& progress)
    : stack_(stack),
      pool_(pool),
      options_(options),
      sink_(sink),
      progress_(progress),
      method_(method),
      first_uri_(std::move(uri)),
      uri_(first_uri_) {}

async::Task<Result<HttpResult>> HttpTransfer::run() noexcept {
  KEDGE_CO_CHECK(check_scheme());
  for (;;) {
    const auto next = co_await attempt();
    if (!next.ok()) {
      stream_.reset();
      KEDGE_CO_CHECK(co_await recover(next.error()));
      continue;
    }
    release_connection(co_await async::current_time());
    if (*next == Next::again) continue;
    const auto bytes = method_ == Method::get ? sink_.size() : response_.content_length;
    co_return HttpResult{std::move(uri_), bytes, std::move(content_type_)};
  }
}

async::Task<Result<HttpTransfer::Next>> HttpTransfer::attempt() noexcept {
  fatal_ = false;
  KEDGE_CO_CHECK(co_await obtain_connection());
  auto exchanged = co_await exchange();
  if (!exchanged.ok() && reused_ && head_.empty() &&
      exchanged.error().kind() == ErrorKind::closed) {
    // The server had closed the idle connection: no failure, ask again on a new one.
    KEDGE_CO_CHECK(co_await connect());
    exchanged = co_await exchange();
  }
  KEDGE_CO_CHECK(exchanged);
  co_return co_await act();
}

async::Task<Result<void>> HttpTransfer::obtain_connection() noexcept {
  const std::string key = HttpPool::key(uri_);
  for (;;) {
    const Instant now = co_await async::current_time();
    stream_ = pool_.take(key, now);
    if (stream_ == nullptr) break;
    // Silence is what an idle connection should show.
    const auto seen = co_await stream_->peek(now);
    if (!seen.ok() && seen.error().kind() == ErrorKind::cancelled) co_return seen.error();
    if (!seen.ok() && seen.error().kind() == ErrorKind::timed_out) {
      reused_ = true;
      co_return Result<void>();
    }
  }
  co_return co_await connect();
}

async::Task<Result<void>> HttpTransfer::connect() noexcept {
  reused_ = false;
  stream_.reset();
  Instant now = co_await async::current_time();
  KEDGE_CO_TRY(const auto addresses,
               co_await stack_.resolve(uri_.host, now + options_.resolve_timeout));
  Error error = fail(err::net_unreachable);
  for (const wire::IpAddress& address : addresses) {
    const wire::Endpoint target{address, uri_.port_or_default()};
    now = co_await async::current_time();
    auto stream = co_await stack_.connect(target, now + options_.connect_timeout);
    if (stream.ok()) {
      stream_ = *std::move(stream);
      co_return Result<void>();
    }
    error = stream.error();
    if (error.kind() == ErrorKind::cancelled) break;
    if (addresses.size() > 1) progress_.note(format("{}: {}", target, error));
  }
  co_return error.with_context("connecting");
}

void HttpTransfer::release_connection(Instant now) noexcept {
  if (stream_ == nullptr) return;
  if (response_.keep_alive && body_.done()) {
    pool_.give(HttpPool::key(uri_), std::move(stream_), now);
  }
  stream_.reset();
}

async::Task<Result<void>> HttpTransfer::exchange() noexcept {
  head_.clear();
  KEDGE_CO_TRY(request_, request_text());
  const Instant deadline = co_await async::current_time() + options_.response_timeout;
  KEDGE_CO_CHECK(co_await stream_->write(as_byte_view(request_), deadline));
  for (unsigned count = 0; count < kInterimResponsesMax; ++count) {
    KEDGE_CO_CHECK(co_await read_head(deadline));
    if (response_.status >= 200) {
      body_ = HttpBody(response_, method_ == Method::head);
      co_return Result<void>();
    }
  }
  co_return fail(err::http_status, response_.status);
}

async::Task<Result<void>> HttpTransfer::read_head(Instant deadline) noexcept {
  constexpr std::string_view kStart = "HTTP/";
  head_.clear();
  while (!head_.complete()) {
    const auto view = co_await stream_->peek(deadline);
    if (!view.ok()) {
      if (view.error() != err::async_timed_out) co_return view.error();
      co_return fail(err::http_no_answer, seconds(options_.response_timeout));
    }
    if (view->empty()) co_return fail(err::http_ended_early);
    KEDGE_CO_TRY(const std::size_t used, head_.feed(*view));
    stream_->consume(used);
    // Some other server's greeting may never contain an empty line.
    const std::string_view text = head_.text();
    const std::size_t shown = std::min(text.size(), kStart.size());
    if (text.substr(0, shown) != kStart.substr(0, shown)) {
      co_return fail(err::http_bad_status_line);
    }
  }
  KEDGE_CO_TRY(response_, wire::HttpResponse::parse(head_.text()));
  co_return Result<void>();
}

async::Task<Result<void>> HttpTransfer::read_body(Body purpose) noexcept {
  std::uint64_t discarded = 0;
  for (unsigned views = 1; !body_.done(); ++views) {
    const Instant deadline = co_await async::current_time() + options_.stall_timeout;
    const auto view = co_await stream_->peek(deadline);
    if (!view.ok()) {
      if (view.error() != err::async_timed_out) co_return view.error();
      co_return fail(err::http_stalled, seconds(options_.stall_timeout));
    }
    if (view->empty()) {
      if (body_.ends_with_connection()) co_return Result<void>();
      co_return fail(err::http_ended_early);
    }
    KEDGE_CO_TRY(const auto step, body_.next(*view));
    if (purpose == Body::keep) {
      KEDGE_CO_CHECK(keep(step.data));
    } else if ((discarded += step.consumed) > kDrainBytesMax) {
      stream_.reset();
      co_return Result<void>();
    }
    stream_->consume(step.consumed);
    if (views % kViewsPerTurn == 0) KEDGE_CO_CHECK(co_await async::yield());
  }
  co_return Result<void>();
}

async::Task<Result<void>> HttpTransfer::drain() noexcept {
  if (!response_.keep_alive || (!body_.is_chunked() && !body_.at_most(kDrainBytesMax))) {
    stream_.reset();
    co_return Result<void>();
  }
  const auto drained = co_await read_body(Body::discard);
  if (drained.ok()) co_return drained;
  stream_.reset();
  if (drained.error().kind() == ErrorKind::cancelled) co_return drained;
  co_return Result<void>();  // the answer itself was understood
}

Result<void> HttpTransfer::keep(ByteView data) noexcept {
  const auto skipped = static_cast<std::size_t>(std::min<std::uint64_t>(skip_, data.size()));
  skip_ -= skipped;
  data = data.subspan(skipped);
  if (data.empty()) return {};
  if (auto written = sink_.write(data); !written.ok()) {
    fatal_ = true;
    return written;
  }
  progress_.advanced(sink_.size(), total_);
  return {};
}

async::Task<Result<void>> HttpTransfer::recover(Error error) noexcept {
  if (sink_.size() > best_) {
    best_ = sink_.size();
    failures_ = 0;
    short_ends_ = 0;
  }
  if (!may_retry(error)) co_return error;
  if (error == err::http_ended_early && total_) {
    short_ends_ = short_end_at_ == sink_.size() ? short_ends_ + 1 : 1;
    short_end_at_ = sink_.size();
    if (short_ends_ == kShortEndsMax) co_return fail(err::http_wrong_length);
  }
  Duration delay = options_.retry_delay;
  for (unsigned i = 0; i < failures_ && delay < options_.retry_delay_max; ++i) delay = delay * 2;
  delay = std::min(delay, options_.retry_delay_max);
  ++failures_;
  visited_.clear();
  progress_.note(format("{} at {}; trying again in {} s", error.site().text, in_words(sink_.size()),
                        delay.count_s()));
  co_return co_await async::sleep_for(delay);
}

bool HttpTransfer::may_retry(const Error& error) noexcept {
  if (fatal_ || failures_ >= options_.retries_max) return false;
  switch (error.kind()) {
    case ErrorKind::closed:
      return receiving_ || failures_ < kFirstRetriesMax;
    case ErrorKind::timed_out:
    case ErrorKind::refused:
    case ErrorKind::unreachable:
    case ErrorKind::no_link:
      return receiving_ && error != err::http_status && error != err::http_too_many_redirects &&
             error != err::http_redirect_loop;
    case ErrorKind::io:
      return receiving_ && error == err::http_server_error;
    default:
      return false;
  }
}

}  // namespace kedge::client
