// SPDX-License-Identifier: BSD-2-Clause-Patent
// Any firmware descriptor is read or refused.
#include "base/assert.h"
#include "domain/firmware_descriptor.h"

using namespace kedge;
using namespace kedge::host;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto descriptor = parse_descriptor(text, "input");
  if (!descriptor) {
    KEDGE_ASSERT(!descriptor.error().what.empty());
    return 0;
  }
  (void)descriptor->fits("x86_64", "q35");
  DescriptorSet set;
  set.descriptors.push_back(*descriptor);
  KEDGE_ASSERT(describe_loader(set, descriptor->executable) != nullptr);
  return 0;
}
