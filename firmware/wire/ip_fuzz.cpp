// SPDX-License-Identifier: BSD-2-Clause-Patent
// Address texts: whatever is accepted comes back the same after being written and read again.
#include "base/assert.h"
#include "wire/ip.h"
#include "wire/mac.h"

using namespace kedge;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto address = wire::IpAddress::parse(text)) {
    const auto again = wire::IpAddress::parse(format("{}", *address));
    KEDGE_ASSERT(again.ok() && *again == *address);
  }
  if (const auto subnet = wire::Ipv4Subnet::parse(text)) {
    const auto again = wire::Ipv4Subnet::parse(format("{}", *subnet));
    KEDGE_ASSERT(again.ok() && *again == *subnet);
  }
  if (const auto mac = wire::MacAddress::parse(text)) {
    const auto again = wire::MacAddress::parse(format("{}", *mac));
    KEDGE_ASSERT(again.ok() && *again == *mac);
  }
  return 0;
}
