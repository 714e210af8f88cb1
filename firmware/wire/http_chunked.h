// SPDX-License-Identifier: BSD-2-Clause-Patent
// The chunked transfer coding (RFC 9112 7.1), decoded in place: data is shown, not copied.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"

namespace kedge::wire {

class HttpChunkDecoder {
 public:
  static constexpr std::size_t kLineBytesMax = 4096;      // chunk size with its extensions
  static constexpr std::size_t kTrailerBytesMax = 16384;  // all trailer fields together

  struct Step {
    std::size_t consumed = 0;  ///< bytes of the input that are done with, data included
    ByteView data;             ///< the last of these; may be empty
  };

  /// Goes through framing up to and including the next piece of data. Call again with what was not
  /// consumed, until done(). Errors: http_bad_chunk.
  Result<Step> next(ByteView input) noexcept;
  bool done() const noexcept { return state_ == State::done; }

 private:
  enum class State : std::uint8_t {
    size,       // hexadecimal digits
    extension,  // the rest of the size line
    data,
    data_end,       // the line end after the data
    trailer_start,  // at the start of a trailer line
    trailer,        // within one
    trailer_cr,     // after CR at the start of a line
    done,
  };

  bool framing(char c) noexcept;
  bool size_character(char c) noexcept;

  State state_ = State::size;
  bool digits_seen_ = false;
  bool return_seen_ = false;
  std::uint64_t remaining_ = 0;
  std::size_t line_bytes_ = 0;
};

}  // namespace kedge::wire
