// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "wire/http_chunked.h"

#include <algorithm>

#include "wire/http_errors.h"

namespace kedge::wire {

Result<HttpChunkDecoder::Step> HttpChunkDecoder::next(ByteView input) noexcept {
  Step step;
  while (step.consumed < input.size() && state_ != State::done) {
    if (state_ == State::data) {
      const std::uint64_t here = std::min<std::uint64_t>(remaining_, input.size() - step.consumed);
      step.data = input.subspan(step.consumed, static_cast<std::size_t>(here));
      step.consumed += step.data.size();
      remaining_ -= here;
      if (remaining_ == 0) {
        state_ = State::data_end;
        return_seen_ = false;
      }
      return step;
    }
    if (!framing(static_cast<char>(input[step.consumed++]))) return fail(err::http_bad_chunk);
  }
  return step;
}

bool HttpChunkDecoder::framing(char c) noexcept {
  switch (state_) {
    case State::size:
    case State::extension:
      return size_character(c);
    case State::data_end:
      if (c == '\r' && !return_seen_) return return_seen_ = true;
      state_ = State::size;
      digits_seen_ = false;
      line_bytes_ = 0;
      return c == '\n';
    case State::trailer_start:
      state_ = c == '\n' ? State::done : c == '\r' ? State::trailer_cr : State::trailer;
      return ++line_bytes_ <= kTrailerBytesMax;
    case State::trailer_cr:
      state_ = State::done;
      return c == '\n';
    case State::trailer:
      if (c == '\n') state_ = State::trailer_start;
      return ++line_bytes_ <= kTrailerBytesMax;
    case State::data:
    case State::done:
      break;
  }
  return false;
}

bool HttpChunkDecoder::size_character(char c) noexcept {
  if (++line_bytes_ > kLineBytesMax) return false;
  if (c == '\n') {
    if (!digits_seen_) return false;
    state_ = remaining_ > 0 ? State::data : State::trailer_start;
    line_bytes_ = 0;
    return true;
  }
  if (state_ == State::extension) return true;
  const int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
  if (digit < 0) {
    state_ = State::extension;
    return digits_seen_ && (c == ';' || c == ' ' || c == '\t' || c == '\r');
  }
  if (remaining_ >> 59 != 0) return false;  // would pass 2^63
  remaining_ = remaining_ << 4 | static_cast<std::uint64_t>(digit);
  return digits_seen_ = true;
}

}  // namespace kedge::wire
