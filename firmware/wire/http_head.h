// SPDX-License-Identifier: BSD-2-Clause-Patent
// Heads of HTTP/1.1 messages (RFC 9110, 9112): requests are written, responses are parsed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace kedge::wire {

inline constexpr std::size_t kHttpHeadBytesMax = 64 * 1024;
inline constexpr std::size_t kHttpFieldsMax = 128;
inline constexpr std::size_t kHttpChallengesMax = 8;

/// Collects the bytes of a head until its empty line, however they are cut into pieces.
class HttpHeadBuffer {
 public:
  /// Takes what belongs to the head and returns how much that was; the rest is the body.
  /// Errors: http_head_too_large.
  Result<std::size_t> feed(ByteView bytes) noexcept;
  bool complete() const noexcept { return complete_; }
  bool empty() const noexcept { return text_.empty(); }
  const std::string& text() const noexcept { return text_; }
  void clear() noexcept {
    text_.clear();
    line_empty_ = true;
    complete_ = false;
  }

 private:
  std::string text_;
  bool line_empty_ = true;
  bool complete_ = false;
};

/// Content-Range (RFC 9110 14.4). Without `first` and `last` it says "unsatisfied".
struct HttpContentRange {
  bool satisfied = false;
  std::uint64_t first = 0;
  std::uint64_t last = 0;  ///< inclusive
  std::optional<std::uint64_t> complete;

  static Result<HttpContentRange> parse(std::string_view text) noexcept;
  friend bool operator==(const HttpContentRange&, const HttpContentRange&) noexcept = default;
};

/// One challenge of WWW-Authenticate (RFC 9110 11.6.1, RFC 7616 3.3).
struct HttpChallenge {
  enum class Scheme : std::uint8_t { other, basic, digest };
  enum class Algorithm : std::uint8_t { unknown, md5, md5_session, sha256, sha256_session };

  Scheme scheme = Scheme::other;
  Algorithm algorithm = Algorithm::md5;  ///< the default when the challenge names none
  std::string algorithm_name;            ///< as written, to be echoed
  std::string realm;
  std::string nonce;
  std::string opaque;
  bool quality_given = false;  ///< there is a qop parameter
  bool quality_auth = false;   ///< and "auth" is among its values
  bool stale = false;
};

/// All challenges of one field value; what cannot be understood is left out.
std::vector<HttpChallenge> parse_challenges(std::string_view text) noexcept;

/// What a client needs of a response's head.
struct HttpResponse {
  std::uint16_t status = 0;
  std::uint8_t minor_version = 1;
  std::string reason;
  std::optional<std::uint64_t> content_length;
  bool chunked = false;
  bool keep_alive = true;  ///< the connection may be used again after the body
  std::optional<HttpContentRange> content_range;
  bool ranges_refused = false;  ///< Accept-Ranges: none
  std::string etag;             ///< with quotes and W/, as sent
  std::string last_modified;
  std::string location;
  std::string content_type;
  std::string content_encoding;
  bool retry_after_given = false;
  std::optional<std::uint32_t> retry_after_s;  ///< absent when it is a date
  std::vector<HttpChallenge> challenges;

  /// Errors: http_bad_status_line, http_bad_field, http_head_too_large, http_conflicting_length,
  /// http_transfer_coding, http_bad_range.
  static Result<HttpResponse> parse(std::string head) noexcept;

  /// No body follows, whatever the fields say (RFC 9112 6.3).
  bool never_has_body() const noexcept { return status < 200 || status == 204 || status == 304; }
  /// An entity tag that two equal representations share byte by byte (RFC 9110 8.8.1).
  bool has_strong_etag() const noexcept { return etag.starts_with('"'); }
};

struct HttpRequest {
  std::string_view method = "GET";
  std::string_view target;
  std::string_view host;  ///< with port where it is not the default
  std::string_view user_agent;
  std::optional<std::uint64_t> range_first;  ///< ask for everything from here on
  std::string_view if_range;
  std::string_view authorization;

  /// Errors: http_bad_request_text.
  Result<std::string> to_string() const noexcept;
};

}  // namespace kedge::wire
