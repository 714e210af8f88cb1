// SPDX-License-Identifier: BSD-2-Clause-Patent
// Response heads and challenges: any bytes, cut anywhere.
#include "base/assert.h"
#include "wire/http_head.h"

using namespace kedge;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t cut = data[0] % size;
  const ByteView bytes = std::as_bytes(std::span(data + 1, size - 1));
  wire::HttpHeadBuffer whole;
  wire::HttpHeadBuffer parts;
  const auto used = whole.feed(bytes);
  KEDGE_ASSERT(used.ok());  // inputs are smaller than the limit
  const auto first = parts.feed(bytes.first(cut));
  const auto second = parts.feed(bytes.subspan(*first));
  KEDGE_ASSERT(first.ok() && second.ok() && *first + *second == *used);
  KEDGE_ASSERT(whole.text() == parts.text() && whole.complete() == parts.complete());
  if (const auto response = wire::HttpResponse::parse(whole.text()); response.ok()) {
    KEDGE_ASSERT(response->status >= 100 && response->status <= 999);
    KEDGE_ASSERT(!response->chunked || !response->content_length);
    KEDGE_ASSERT(response->location.find_first_of("\r\n") == std::string::npos);
  }
  (void)wire::parse_challenges(as_text(bytes));
  (void)wire::HttpContentRange::parse(as_text(bytes));
  return 0;
}
