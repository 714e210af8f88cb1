// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "wire/http_chunked.h"

#include <gmock/gmock.h>

#include "wire/http_errors.h"

using namespace kedge;
using wire::HttpChunkDecoder;

namespace {

struct Decoded {
  std::string data;
  bool done = false;
  bool failed = false;
  std::size_t consumed = 0;
};

/// Decodes pieces of at most `piece` bytes.
Decoded decode(std::string_view input, std::size_t piece) {
  HttpChunkDecoder decoder;
  Decoded result;
  while (result.consumed < input.size() && !decoder.done()) {
    const auto step = decoder.next(as_byte_view(input.substr(result.consumed, piece)));
    if (!step.ok()) {
      EXPECT_EQ(step.error(), err::http_bad_chunk);
      result.failed = true;
      return result;
    }
    result.data += as_text(step->data);
    result.consumed += step->consumed;
  }
  result.done = decoder.done();
  return result;
}

TEST(HttpChunked, IsDecodedWhereverItIsCut) {
  constexpr std::string_view kInput =
      "4\r\nWiki\r\n6;name=\"a;b\"\r\npedia \r\nE \r\nin \r\n\r\nchunks.\r\n"
      "0\r\nTrailer: x\r\nOther: y\r\n\r\nNEXT";
  for (std::size_t piece = 1; piece <= kInput.size(); ++piece) {
    const Decoded result = decode(kInput, piece);
    EXPECT_EQ(result.data, "Wikipedia in \r\n\r\nchunks.") << piece;
    EXPECT_TRUE(result.done);
    EXPECT_EQ(kInput.substr(result.consumed), "NEXT");
  }
}

TEST(HttpChunked, AcceptsBareLineFeedsAndLeadingZeros) {
  EXPECT_EQ(decode("0003\nabc\n00\n\n", 100).data, "abc");
  EXPECT_TRUE(decode("0003\nabc\n00\n\n", 100).done);
}

TEST(HttpChunked, IsNotDoneBeforeTheLastLineEnd) {
  constexpr std::string_view kInput = "1\r\nx\r\n0\r\n\r\n";
  for (std::size_t size = 0; size < kInput.size(); ++size) {
    EXPECT_FALSE(decode(kInput.substr(0, size), 100).done) << size;
  }
}

TEST(HttpChunked, RefusesMalformedFraming) {
  for (const char* input :
       {"\r\n", "x\r\n", ";\r\n", "-1\r\n", "3\r\nabcd\r\n", "1\r\nab\r\n", "1g\r\n",
        "8000000000000000\r\n", "10000000000000000\r\n", "1\r\na\r\r\n", "0\r\n\rx"}) {
    EXPECT_TRUE(decode(input, 100).failed) << input;
  }
}

TEST(HttpChunked, LimitsLinesAndTrailers) {
  EXPECT_TRUE(decode("1;" + std::string(HttpChunkDecoder::kLineBytesMax, 'x'), 1000).failed);
  EXPECT_TRUE(
      decode("0\r\n" + std::string(HttpChunkDecoder::kTrailerBytesMax + 1, 'x'), 1000).failed);
}

TEST(HttpChunked, KnowsChunksBeyondFourGibibytes) {
  HttpChunkDecoder decoder;
  const auto step = decoder.next(as_byte_view("140000000\r\nab"));
  ASSERT_TRUE(step.ok());
  EXPECT_EQ(as_text(step->data), "ab");
  EXPECT_FALSE(decoder.done());
}

}  // namespace
