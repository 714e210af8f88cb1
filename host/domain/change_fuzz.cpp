// SPDX-License-Identifier: BSD-2-Clause-Patent
// A change of any XML is refused, or gives XML that is read again and that the same change leaves
// as it is.
#include "base/assert.h"
#include "domain/domain_change.h"
#include "domain/text_diff.h"
#include "domain/xml_document.h"

using namespace kedge;
using namespace kedge::host;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kBytesMax = 4096;  // the work grows with the square
  if (size > kBytesMax) return 0;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const DomainChange change{.rom = "off",
                            .personality = "driver",
                            .url = "http://a/?b&c",
                            .vlan = "42:5,43",
                            .rng = true};
  const auto once = change_domain(text, change);
  if (!once) return 0;
  (void)unified_diff(text, *once, "input");
  KEDGE_ASSERT(XmlDocument::parse(*once).has_value());
  const auto twice = change_domain(*once, change);
  KEDGE_ASSERT(twice.has_value() && *twice == *once);
  return 0;
}
