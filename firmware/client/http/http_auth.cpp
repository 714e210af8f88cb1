// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "client/http/http_auth.h"

#include <array>

#include "base/format.h"
#include "client/http/http_client_errors.h"
#include "net/tls/digest.h"

namespace kedge::client {
namespace {

using wire::HttpChallenge;

std::string hex(std::span<const std::uint8_t> bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) text += format("{:02x}", byte);
  return text;
}

bool is_sha256(HttpChallenge::Algorithm algorithm) noexcept {
  return algorithm == HttpChallenge::Algorithm::sha256 ||
         algorithm == HttpChallenge::Algorithm::sha256_session;
}
bool is_session(HttpChallenge::Algorithm algorithm) noexcept {
  return algorithm == HttpChallenge::Algorithm::md5_session ||
         algorithm == HttpChallenge::Algorithm::sha256_session;
}

std::string hash(HttpChallenge::Algorithm algorithm, std::string_view text) {
  if (is_sha256(algorithm)) return hex(net::tls::sha256(as_byte_view(text)));
  return hex(net::tls::md5(as_byte_view(text)));
}

/// How much we like a challenge; 0: cannot be answered.
int rank(const HttpChallenge& challenge) noexcept {
  if (challenge.scheme == HttpChallenge::Scheme::basic) return 1;
  if (challenge.scheme != HttpChallenge::Scheme::digest) return 0;
  if (challenge.algorithm == HttpChallenge::Algorithm::unknown) return 0;
  if (challenge.quality_given && !challenge.quality_auth) return 0;
  return is_sha256(challenge.algorithm) ? 3 : 2;
}

/// Inside of a quoted string (RFC 9110 5.6.4).
std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result += '"';
}

}  // namespace

std::string base64(ByteView data) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < data.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = group << 8 | (i + k < data.size() ? std::to_integer<std::uint32_t>(data[i + k]) : 0);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      const bool padding = i + k > data.size();
      text += padding ? '=' : kAlphabet[group >> (18 - 6 * k) & 63];
    }
  }
  return text;
}

Result<void> HttpAuthorization::accept(const std::vector<HttpChallenge>& challenges) noexcept {
  const HttpChallenge* best = nullptr;
  for (const HttpChallenge& challenge : challenges) {
    if (rank(challenge) > (best == nullptr ? 0 : rank(*best))) best = &challenge;
  }
  if (best == nullptr) return fail(err::http_auth_unsupported);
  challenge_ = *best;
  count_ = 0;
  return {};
}

std::string HttpAuthorization::next(const Credentials& credentials, std::string_view method,
                                    std::string_view target, port::Entropy& entropy) {
  if (!challenge_) return {};
  if (challenge_->scheme == HttpChallenge::Scheme::basic) {
    return "Basic " + base64(as_byte_view(credentials.user + ":" + credentials.password));
  }
  const std::string client_nonce = format("{:08x}{:08x}", entropy.u32(), entropy.u32());
  return digest(*challenge_, credentials, method, target, client_nonce, ++count_);
}

// RFC 7616 3.4
std::string HttpAuthorization::digest(const HttpChallenge& challenge,
                                      const Credentials& credentials, std::string_view method,
                                      std::string_view target, std::string_view client_nonce,
                                      std::uint32_t count) {
  const auto algorithm = challenge.algorithm;
  std::string secret =
      hash(algorithm, credentials.user + ":" + challenge.realm + ":" + credentials.password);
  if (is_session(algorithm)) {
    secret = hash(algorithm, format("{}:{}:{}", secret, challenge.nonce, client_nonce));
  }
  const std::string request = hash(algorithm, format("{}:{}", method, target));
  std::string response =
      challenge.quality_given
          ? format("{}:{}:{:08x}:{}:auth:{}", secret, challenge.nonce, count, client_nonce, request)
          : format("{}:{}:{}", secret, challenge.nonce, request);
  response = hash(algorithm, response);

  std::string text = format("Digest username={}, realm={}, nonce={}, uri={}, response=\"{}\"",
                            quoted(credentials.user), quoted(challenge.realm),
                            quoted(challenge.nonce), quoted(target), response);
  if (!challenge.algorithm_name.empty()) text += ", algorithm=" + challenge.algorithm_name;
  if (!challenge.opaque.empty()) text += ", opaque=" + quoted(challenge.opaque);
  if (challenge.quality_given) text += format(", qop=auth, nc={:08x}", count);
  if (challenge.quality_given || is_session(algorithm)) {
    text += ", cnonce=" + quoted(client_nonce);
  }
  return text;
}

}  // namespace kedge::client
