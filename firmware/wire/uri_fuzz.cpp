// SPDX-License-Identifier: BSD-2-Clause-Patent
// URIs: what is accepted comes back the same; resolving never yields what cannot be parsed.
#include "base/assert.h"
#include "wire/uri.h"

using namespace kedge;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t middle = std::min(text.find('\n'), text.size());
  const auto base = wire::Uri::parse(text.substr(0, middle));
  if (!base.ok()) return 0;
  const auto again = wire::Uri::parse(base->to_string());
  // Coding makes a text longer, possibly over the limit.
  KEDGE_ASSERT(again.ok() ? *again == *base : base->to_string().size() > wire::kUriBytesMax);
  for (const char c : base->request_target()) KEDGE_ASSERT(c > ' ' && c < 0x7f);
  (void)base->tftp_file_name();
  (void)base->last_segment();
  if (middle == text.size()) return 0;
  const auto reference = wire::Uri::parse(text.substr(middle + 1));
  if (!reference.ok()) return 0;
  const wire::Uri target = resolve(*base, *reference);
  const std::string written = target.to_string();
  KEDGE_ASSERT(wire::Uri::parse(written).ok() || written.size() > wire::kUriBytesMax);
  return 0;
}
