// SPDX-License-Identifier: BSD-2-Clause-Patent
// WWW-Authenticate: a comma separates both challenges and their parameters (RFC 9110 11.6.1).
#include "wire/http_head.h"
#include "wire/http_text.h"

namespace kedge::wire {
namespace {

using http_text::equals_ignoring_case;

class ChallengeScanner {
 public:
  explicit ChallengeScanner(std::string_view text) noexcept : text_(text) {}

  bool at_end() const noexcept { return text_.empty(); }
  void skip(std::string_view set) noexcept {
    while (!text_.empty() && set.find(text_[0]) != std::string_view::npos) text_.remove_prefix(1);
  }
  std::string_view token() noexcept {
    std::size_t length = 0;
    while (length < text_.size() && http_text::is_token_character(text_[length])) ++length;
    const std::string_view result = text_.substr(0, length);
    text_.remove_prefix(length);
    return result;
  }
  bool take(char c) noexcept {
    if (text_.empty() || text_[0] != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  /// A token or a quoted string.
  std::string value() noexcept {
    if (!take('"')) return std::string(token());
    std::string result;
    while (!text_.empty() && text_[0] != '"') {
      if (text_[0] == '\\' && text_.size() > 1) text_.remove_prefix(1);
      result += text_[0];
      text_.remove_prefix(1);
    }
    (void)take('"');
    return result;
  }
  /// Skips credentials in the token68 form, which only schemes that we do not know use.
  void skip_token68() noexcept {
    std::string_view rest = text_;
    while (!rest.empty() && (http_text::is_token_character(rest[0]) || rest[0] == '/')) {
      rest.remove_prefix(1);
    }
    while (!rest.empty() && rest[0] == '=') rest.remove_prefix(1);
    rest = http_text::trim(rest);
    if (rest.empty() || rest[0] == ',') text_ = rest;
  }

 private:
  std::string_view text_;
};

HttpChallenge::Algorithm algorithm_of(std::string_view name) noexcept {
  using enum HttpChallenge::Algorithm;
  if (equals_ignoring_case(name, "md5")) return md5;
  if (equals_ignoring_case(name, "md5-sess")) return md5_session;
  if (equals_ignoring_case(name, "sha-256")) return sha256;
  if (equals_ignoring_case(name, "sha-256-sess")) return sha256_session;
  return unknown;
}

bool lists_auth(std::string_view list) noexcept {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    if (equals_ignoring_case(http_text::trim(list.substr(0, comma)), "auth")) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

void set_parameter(HttpChallenge& challenge, std::string_view name, std::string value) noexcept {
  if (equals_ignoring_case(name, "realm")) {
    challenge.realm = std::move(value);
  } else if (equals_ignoring_case(name, "nonce")) {
    challenge.nonce = std::move(value);
  } else if (equals_ignoring_case(name, "opaque")) {
    challenge.opaque = std::move(value);
  } else if (equals_ignoring_case(name, "algorithm")) {
    challenge.algorithm = algorithm_of(value);
    challenge.algorithm_name = std::move(value);
  } else if (equals_ignoring_case(name, "qop")) {
    challenge.quality_given = true;
    challenge.quality_auth = lists_auth(value);
  } else if (equals_ignoring_case(name, "stale")) {
    challenge.stale = equals_ignoring_case(value, "true");
  }
}

}  // namespace

std::vector<HttpChallenge> parse_challenges(std::string_view text) noexcept {
  std::vector<HttpChallenge> challenges;
  ChallengeScanner scanner(text);
  for (;;) {
    scanner.skip(" \t,");
    if (scanner.at_end()) return challenges;
    const std::string_view token = scanner.token();
    if (token.empty()) return challenges;  // not a list of challenges from here on
    scanner.skip(" \t");
    if (!challenges.empty() && scanner.take('=')) {
      scanner.skip(" \t");
      set_parameter(challenges.back(), token, scanner.value());
      continue;
    }
    if (challenges.size() == kHttpChallengesMax) return challenges;
    HttpChallenge& challenge = challenges.emplace_back();
    if (equals_ignoring_case(token, "basic")) challenge.scheme = HttpChallenge::Scheme::basic;
    if (equals_ignoring_case(token, "digest")) challenge.scheme = HttpChallenge::Scheme::digest;
    scanner.skip_token68();
  }
}

}  // namespace kedge::wire
