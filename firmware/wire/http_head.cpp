// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "wire/http_head.h"

#include <algorithm>
#include <charconv>

#include "base/format.h"
#include "wire/http_errors.h"
#include "wire/http_text.h"

namespace kedge::wire {
namespace {

using http_text::equals_ignoring_case;
using http_text::parse_decimal;
using http_text::trim;

/// Calls `action` with each non-empty element of a comma-separated list (RFC 9110 5.6.1).
template <class F>
void for_each_element(std::string_view list, F action) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    if (const auto element = trim(list.substr(0, comma)); !element.empty()) action(element);
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
}

/// Cuts the next line off, without its end; a lone LF ends a line too (RFC 9112 2.2).
std::string_view take_line(std::string_view& text) noexcept {
  const std::size_t end = std::min(text.find('\n'), text.size());
  std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

/// Obsolete line folding becomes spaces (RFC 9112 5.2).
void unfold(std::string& head) noexcept {
  for (std::size_t i = 0; i + 1 < head.size(); ++i) {
    if (head[i] != '\n' || (head[i + 1] != ' ' && head[i + 1] != '\t')) continue;
    head[i] = ' ';
    if (i > 0 && head[i - 1] == '\r') head[i - 1] = ' ';
  }
}

/// The fields that matter, as they are found; what depends on several of them is settled at the
/// end.
class ResponseParser {
 public:
  explicit ResponseParser(HttpResponse& response) noexcept : response_(response) {}

  /// "HTTP/1.1 200 OK"; the reason and the space before it may be missing.
  Result<void> status_line(std::string_view line) noexcept {
    constexpr std::string_view kVersion = "HTTP/1.";
    if (!line.starts_with(kVersion) || line.size() < kVersion.size() + 5) {
      return fail(err::http_bad_status_line);
    }
    const char minor = line[kVersion.size()];
    line.remove_prefix(kVersion.size() + 1);
    if (minor < '0' || minor > '9' || line[0] != ' ') return fail(err::http_bad_status_line);
    const auto status = parse_decimal(line.substr(1, 3));
    if (!status || *status < 100 || (line.size() > 4 && line[4] != ' ')) {
      return fail(err::http_bad_status_line);
    }
    response_.minor_version = static_cast<std::uint8_t>(minor - '0');
    response_.status = static_cast<std::uint16_t>(*status);
    response_.reason = trim(line.substr(4));
    response_.keep_alive = minor != '0';
    return {};
  }

  Result<void> field(std::string_view line) noexcept {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return fail(err::http_bad_field);
    const std::string_view name = trim(line.substr(0, colon));
    const std::string_view value = trim(line.substr(colon + 1));
    if (!http_text::is_token(name) || !http_text::is_field_value(value)) {
      return fail(err::http_bad_field);
    }
    return framing_field(name, value) || !error_.ok() ? error_ : representation_field(name, value);
  }

  void settle() noexcept {
    if (!response_.chunked) return;
    // A length beside chunked is wrong, maybe an attack on a proxy: not again on this connection.
    if (response_.content_length) response_.keep_alive = false;
    response_.content_length.reset();
  }

 private:
  bool framing_field(std::string_view name, std::string_view value) noexcept {
    if (equals_ignoring_case(name, "content-length")) {
      content_length(value);
    } else if (equals_ignoring_case(name, "transfer-encoding")) {
      for_each_element(value, [this](std::string_view coding) { transfer_coding(coding); });
    } else if (equals_ignoring_case(name, "connection")) {
      for_each_element(value, [this](std::string_view option) {
        if (equals_ignoring_case(option, "close")) closing_ = true;
        if (equals_ignoring_case(option, "keep-alive")) response_.keep_alive = true;
        if (closing_) response_.keep_alive = false;
      });
    } else {
      return false;
    }
    return true;
  }

  Result<void> representation_field(std::string_view name, std::string_view value) noexcept {
    HttpResponse& r = response_;
    if (equals_ignoring_case(name, "content-range")) {
      KEDGE_TRY(r.content_range, HttpContentRange::parse(value));
    } else if (equals_ignoring_case(name, "accept-ranges")) {
      r.ranges_refused = equals_ignoring_case(value, "none");
    } else if (equals_ignoring_case(name, "etag")) {
      r.etag = value;
    } else if (equals_ignoring_case(name, "last-modified")) {
      r.last_modified = value;
    } else if (equals_ignoring_case(name, "location")) {
      r.location = value;
    } else if (equals_ignoring_case(name, "content-type")) {
      r.content_type = value;
    } else if (equals_ignoring_case(name, "content-encoding")) {
      r.content_encoding = value;
    } else if (equals_ignoring_case(name, "retry-after")) {
      r.retry_after_given = true;
      const auto seconds = parse_decimal(value);
      if (seconds && *seconds <= UINT32_MAX) r.retry_after_s = static_cast<std::uint32_t>(*seconds);
    } else if (equals_ignoring_case(name, "www-authenticate")) {
      for (HttpChallenge& challenge : parse_challenges(value)) {
        if (r.challenges.size() < kHttpChallengesMax) r.challenges.push_back(std::move(challenge));
      }
    }
    return {};
  }

  /// Repeats of the same number are one (RFC 9112 6.3).
  void content_length(std::string_view value) noexcept {
    if (value.empty()) error_ = fail(err::http_bad_field);
    for_each_element(value, [this](std::string_view element) {
      const auto length = parse_decimal(element);
      if (!length) {
        error_ = fail(err::http_bad_field);
      } else if (response_.content_length && *response_.content_length != *length) {
        error_ = fail(err::http_conflicting_length);
      } else {
        response_.content_length = *length;
      }
    });
  }

  void transfer_coding(std::string_view coding) noexcept {
    if (equals_ignoring_case(coding, "chunked") && !response_.chunked) {
      response_.chunked = true;
    } else if (!equals_ignoring_case(coding, "identity")) {
      error_ = fail(err::http_transfer_coding);
    }
  }

  HttpResponse& response_;
  Result<void> error_;
  bool closing_ = false;
};

bool is_clean(std::string_view text) noexcept {
  return std::ranges::none_of(
      text, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; });
}

}  // namespace

Result<std::size_t> HttpHeadBuffer::feed(ByteView bytes) noexcept {
  std::size_t used = 0;
  const std::string_view text = as_text(bytes);
  while (used < text.size() && !complete_) {
    const char c = text[used++];
    // Empty lines before the status line are skipped (RFC 9112 2.2).
    if (text_.empty() && (c == '\r' || c == '\n')) continue;
    if (text_.size() == kHttpHeadBytesMax) return fail(err::http_head_too_large);
    text_ += c;
    if (c == '\n') {
      complete_ = line_empty_;
      line_empty_ = true;
    } else if (c != '\r') {
      line_empty_ = false;
    }
  }
  return used;
}

Result<HttpContentRange> HttpContentRange::parse(std::string_view text) noexcept {
  HttpContentRange range;
  const std::size_t space = text.find(' ');
  if (space == std::string_view::npos || !equals_ignoring_case(text.substr(0, space), "bytes")) {
    return fail(err::http_bad_range);
  }
  text = trim(text.substr(space));
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return fail(err::http_bad_range);
  const std::string_view complete = text.substr(slash + 1);
  if (complete != "*") {
    range.complete = parse_decimal(complete);
    if (!range.complete) return fail(err::http_bad_range);
  }
  text = text.substr(0, slash);
  if (text == "*") return range;
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) return fail(err::http_bad_range);
  const auto first = parse_decimal(text.substr(0, dash));
  const auto last = parse_decimal(text.substr(dash + 1));
  if (!first || !last || *last < *first || (range.complete && *last >= *range.complete)) {
    return fail(err::http_bad_range);
  }
  range.satisfied = true;
  range.first = *first;
  range.last = *last;
  return range;
}

Result<HttpResponse> HttpResponse::parse(std::string head) noexcept {
  if (head.size() > kHttpHeadBytesMax) return fail(err::http_head_too_large);
  unfold(head);
  std::string_view text = head;
  HttpResponse response;
  ResponseParser parser(response);
  KEDGE_CHECK(parser.status_line(take_line(text)));
  for (std::size_t count = 0; !text.empty(); ++count) {
    const std::string_view line = take_line(text);
    if (line.empty()) break;
    if (count == kHttpFieldsMax) return fail(err::http_head_too_large);
    KEDGE_CHECK(parser.field(line));
  }
  parser.settle();
  return response;
}

Result<std::string> HttpRequest::to_string() const noexcept {
  for (const std::string_view part : {method, target, host, user_agent, if_range, authorization}) {
    if (!is_clean(part)) return fail(err::http_bad_request_text);
  }
  // Identity: what is stored must be what the server has, byte by byte, for ranges to fit.
  std::string text = format(
      "{} {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: {}\r\nAccept: */*\r\n"
      "Accept-Encoding: identity\r\nConnection: keep-alive\r\n",
      method, target, host, user_agent);
  if (range_first) text += format("Range: bytes={}-\r\n", *range_first);
  if (!if_range.empty()) text += format("If-Range: {}\r\n", if_range);
  if (!authorization.empty()) text += format("Authorization: {}\r\n", authorization);
  return text += "\r\n";
}

}  // namespace kedge::wire
