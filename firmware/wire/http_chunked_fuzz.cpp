// SPDX-License-Identifier: BSD-2-Clause-Patent
// Chunked bodies: the outcome does not depend on how the bytes are cut.
#include <string>

#include "base/assert.h"
#include "wire/http_chunked.h"

using namespace kedge;

namespace {

struct Outcome {
  std::string data;
  bool done = false;
  bool failed = false;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome decode(ByteView input, std::size_t piece) {
  wire::HttpChunkDecoder decoder;
  Outcome outcome;
  while (!input.empty() && !decoder.done()) {
    const auto step = decoder.next(input.first(std::min(piece, input.size())));
    if (!step.ok()) {
      outcome.failed = true;
      return outcome;
    }
    KEDGE_ASSERT(step->consumed > 0);
    outcome.data += as_text(step->data);
    input = input.subspan(step->consumed);
  }
  outcome.done = decoder.done();
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView bytes = std::as_bytes(std::span(data + 1, size - 1));
  KEDGE_ASSERT(decode(bytes, SIZE_MAX) == decode(bytes, data[0] % 16 + 1));
  return 0;
}
