// SPDX-License-Identifier: BSD-2-Clause-Patent
// The transfer's answers to what the server says: statuses, ranges, redirects, authentication.
#include <algorithm>

#include "async/wait.h"
#include "base/format.h"
#include "client/http/http_client_errors.h"
#include "client/http/http_transfer.h"
#include "wire/http_errors.h"

namespace kedge::client {
namespace {

constexpr unsigned kRestartsMax = 3;                        // of files that change under us
constexpr unsigned kAuthenticationsMax = 4;                 // challenges in one transfer
constexpr Duration kRetryAfterDate = Duration::seconds(5);  // we have no calendar clock to compare

constexpr bool is_redirect(std::uint16_t status) noexcept {
  return status == 300 || status == 301 || status == 302 || status == 303 || status == 307 ||
         status == 308;
}

}  // namespace

Result<void> HttpTransfer::check_scheme() const noexcept {
  if (uri_.scheme == "https") return fail(err::http_https_unsupported);
  if (uri_.scheme != "http") return fail(err::http_scheme_unsupported);
  if (uri_.host.empty()) return fail(err::http_no_host);
  return {};
}

Result<std::string> HttpTransfer::request_text() noexcept {
  const std::string target = uri_.request_target();
  const std::string host = uri_.host_and_port();
  wire::HttpRequest request;
  request.method = method_ == Method::head ? "HEAD" : "GET";
  request.target = target;
  request.host = host;
  request.user_agent = options_.user_agent;
  // Without a validator only an equal length tells that the file is still the same.
  const bool strong = etag_.starts_with('"');
  asked_from_ = strong || !last_modified_.empty() || total_ ? sink_.size() : 0;
  if (asked_from_ > 0) {
    request.range_first = asked_from_;
    request.if_range = strong ? etag_ : last_modified_;
  }
  std::string authorization;
  if (const auto who = credentials(); who) {
    authorization = authorization_.next(*who, request.method, target, stack_.entropy());
  }
  authorization_sent_ = !authorization.empty();
  request.authorization = authorization;
  return request.to_string();
}

std::optional<Credentials> HttpTransfer::credentials() const {
  if (uri_.user) return Credentials{*uri_.user, uri_.password.value_or("")};
  // A server must not obtain the password by redirecting us to another one.
  if (HttpPool::key(uri_) != HttpPool::key(first_uri_)) return std::nullopt;
  if (first_uri_.user) return Credentials{*first_uri_.user, first_uri_.password.value_or("")};
  return options_.credentials;
}

async::Task<Result<HttpTransfer::Next>> HttpTransfer::act() noexcept {
  const std::uint16_t status = response_.status;
  if (status >= 200 && status < 300) co_return co_await receive_file();
  if (is_redirect(status)) co_return co_await redirect();
  if (status == 401) co_return co_await authenticate();
  if (status == 416 && asked_from_ > 0) co_return range_refused();
  if ((status == 503 || status == 429) && response_.retry_after_given) {
    co_return co_await retry_later();
  }
  if (status >= 400 && status < 500 && sink_.size() > 0 && uri_ != first_uri_) {
    // A redirect's target may be valid for a short time only: begin at the start of the chain.
    KEDGE_CO_CHECK(co_await drain());
    uri_ = first_uri_;
    visited_.clear();
    if (++restarts_ <= kRestartsMax) co_return Next::again;
  }
  co_return status_error();
}

Error HttpTransfer::status_error() const noexcept {
  const std::uint16_t status = response_.status;
  if (status == 404 || status == 410) return fail(err::http_not_found, status);
  if (status == 403) return fail(err::http_forbidden, status);
  return fail(status >= 500 ? err::http_server_error : err::http_status, status);
}

async::Task<Result<HttpTransfer::Next>> HttpTransfer::receive_file() noexcept {
  visited_.clear();
  receiving_ = true;
  if (method_ == Method::head) {
    content_type_ = response_.content_type;
    co_return Next::done;
  }
  if (response_.status == 206 && !fits_what_we_have()) {
    stream_.reset();
    KEDGE_CO_CHECK(restart("the file has changed, starting again"));
    co_return Next::again;
  }
  KEDGE_CO_CHECK(begin_file());
  const std::uint64_t before = sink_.size();
  KEDGE_CO_CHECK(co_await read_body(Body::keep));
  if (!total_ || sink_.size() == *total_) co_return Next::done;
  // Servers may answer with less than the range that was asked for (RFC 9110 15.3.7).
  if (sink_.size() < *total_ && sink_.size() > before) co_return Next::again;
  co_return fail(err::http_wrong_length);
}

/// A partial answer continues the file that the sink holds the beginning of.
bool HttpTransfer::fits_what_we_have() const noexcept {
  const auto& range = response_.content_range;
  if (asked_from_ == 0 || !range || !range->satisfied || range->first > sink_.size()) return false;
  if (total_ && range->complete && *range->complete != *total_) return false;
  return etag_.empty() || response_.etag.empty() || etag_ == response_.etag;
}

/// Settles where the body goes; forgets what came before when the server begins at zero.
Result<void> HttpTransfer::begin_file() noexcept {
  fatal_ = true;  // whatever fails in here will fail again
  skip_ = 0;
  if (response_.status == 206) {
    skip_ = sink_.size() - response_.content_range->first;
    if (response_.content_range->complete) total_ = response_.content_range->complete;
  } else {
    if (sink_.size() > 0) {
      progress_.note("the server sends the file from its start");
      sink_.clear();
    }
    total_ = response_.content_length;
    if (response_.never_has_body()) total_ = 0;
    etag_ = response_.ranges_refused ? "" : response_.etag;
    last_modified_ = response_.ranges_refused ? "" : response_.last_modified;
    content_type_ = response_.content_type;
  }
  if (total_) KEDGE_CHECK(sink_.expect(*total_));
  progress_.advanced(sink_.size(), total_);
  fatal_ = false;
  return {};
}

Result<void> HttpTransfer::restart(std::string_view why) noexcept {
  if (++restarts_ > kRestartsMax) {
    fatal_ = true;
    return fail(err::http_bad_range);
  }
  progress_.note(why);
  sink_.clear();
  total_.reset();
  etag_.clear();
  last_modified_.clear();
  return {};
}

Result<HttpTransfer::Next> HttpTransfer::range_refused() noexcept {
  stream_.reset();
  const auto& range = response_.content_range;
  if (range && range->complete && *range->complete == sink_.size()) return Next::done;
  KEDGE_CHECK(restart("the server cannot continue, starting again"));
  return Next::again;
}

async::Task<Result<HttpTransfer::Next>> HttpTransfer::redirect() noexcept {
  auto location = wire::Uri::parse(response_.location);
  if (response_.location.empty() || !location.ok()) {
    co_return fail(err::http_redirect_nowhere, response_.status);
  }
  KEDGE_CO_CHECK(co_await drain());
  release_connection(co_await async::current_time());
  KEDGE_CO_CHECK(follow(resolve(uri_, *location)));
  co_return Next::again;
}

Result<void> HttpTransfer::follow(wire::Uri target) noexcept {
  if (visited_.empty()) visited_.push_back(uri_.to_string());
  if (HttpPool::key(target) != HttpPool::key(uri_)) authorization_.reset();
  std::string text = target.to_string();
  uri_ = std::move(target);
  progress_.note(format("redirected to {}", uri_));
  if (std::ranges::find(visited_, text) != visited_.end()) return fail(err::http_redirect_loop);
  if (visited_.size() > options_.redirects_max) {
    return fail(err::http_too_many_redirects, options_.redirects_max);
  }
  visited_.push_back(std::move(text));
  return check_scheme();
}

async::Task<Result<HttpTransfer::Next>> HttpTransfer::authenticate() noexcept {
  if (!credentials()) co_return fail(err::http_unauthorized, response_.status);
  KEDGE_CO_CHECK(authorization_.accept(response_.challenges));
  if (authorization_sent_ && !authorization_.stale()) {
    co_return fail(err::http_credentials_refused, response_.status);
  }
  if (++authentications_ > kAuthenticationsMax) {
    co_return fail(err::http_credentials_refused, response_.status);
  }
  KEDGE_CO_CHECK(co_await drain());
  co_return Next::again;
}

async::Task<Result<HttpTransfer::Next>> HttpTransfer::retry_later() noexcept {
  const Duration delay =
      response_.retry_after_s ? Duration::seconds(*response_.retry_after_s) : kRetryAfterDate;
  const auto delay_s = static_cast<std::uint32_t>(delay.count_s());
  if (delay > options_.retry_after_max || failures_ >= options_.retries_max) {
    co_return fail(err::http_retry_later, delay_s);
  }
  ++failures_;
  stream_.reset();
  progress_.note(format("the server is busy; trying again in {} s", delay_s));
  KEDGE_CO_CHECK(co_await async::sleep_for(delay));
  co_return Next::again;
}

}  // namespace kedge::client
