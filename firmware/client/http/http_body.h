// SPDX-License-Identifier: BSD-2-Clause-Patent
// HttpBody: finds a response's data in the bytes of its connection (RFC 9112 6.3).
#pragma once

#include "wire/http_chunked.h"
#include "wire/http_head.h"

namespace kedge::client {

class HttpBody {
 public:
  HttpBody() noexcept = default;
  HttpBody(const wire::HttpResponse& response, bool answers_head) noexcept {
    if (answers_head || response.never_has_body()) return;
    if (response.chunked) {
      form_ = Form::chunked;
    } else if (response.content_length) {
      form_ = Form::length;
      remaining_ = *response.content_length;
    } else {
      form_ = Form::until_close;
    }
  }

  /// The next piece of data in `input`, and how much of `input` is done with.
  Result<wire::HttpChunkDecoder::Step> next(ByteView input) noexcept {
    if (form_ == Form::chunked) return chunks_.next(input);
    if (form_ == Form::length && input.size() > remaining_) {
      input = input.first(static_cast<std::size_t>(remaining_));
    }
    remaining_ -= form_ == Form::length ? input.size() : 0;
    return wire::HttpChunkDecoder::Step{input.size(), input};
  }
  /// All data has been seen. A body that lasts until the end of the connection never says so.
  bool done() const noexcept {
    return form_ == Form::chunked ? chunks_.done() : form_ == Form::length && remaining_ == 0;
  }
  bool ends_with_connection() const noexcept { return form_ == Form::until_close; }
  /// Bytes still to come, when that is known.
  bool at_most(std::uint64_t bytes) const noexcept {
    return form_ == Form::length && remaining_ <= bytes;
  }
  bool is_chunked() const noexcept { return form_ == Form::chunked; }

 private:
  enum class Form : std::uint8_t { length, chunked, until_close };
  Form form_ = Form::length;
  std::uint64_t remaining_ = 0;
  wire::HttpChunkDecoder chunks_;
};

}  // namespace kedge::client
