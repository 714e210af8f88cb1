// SPDX-License-Identifier: BSD-2-Clause-Patent
// Answers to HTTP authentication challenges: Basic (RFC 7617) and Digest (RFC 7616).
#pragma once

#include <optional>
#include <string>

#include "port/entropy.h"
#include "wire/http_head.h"

namespace kedge::client {

struct Credentials {
  std::string user;
  std::string password;
};

std::string base64(ByteView data);

/// The Authorization field of one server, over several requests.
class HttpAuthorization {
 public:
  /// Chooses the strongest challenge that we can answer. Errors: http_auth_unsupported.
  Result<void> accept(const std::vector<wire::HttpChallenge>& challenges) noexcept;
  bool accepted() const noexcept { return challenge_.has_value(); }
  /// The chosen challenge says that only its nonce was too old.
  bool stale() const noexcept { return challenge_ && challenge_->stale; }
  void reset() noexcept { challenge_.reset(); }
  /// The field's value for the next request; empty before accept().
  std::string next(const Credentials& credentials, std::string_view method, std::string_view target,
                   port::Entropy& entropy);
  /// With a given client nonce and count: what next() is made of, for tests.
  static std::string digest(const wire::HttpChallenge& challenge, const Credentials& credentials,
                            std::string_view method, std::string_view target,
                            std::string_view client_nonce, std::uint32_t count);

 private:
  std::optional<wire::HttpChallenge> challenge_;
  std::uint32_t count_ = 0;
};

}  // namespace kedge::client
