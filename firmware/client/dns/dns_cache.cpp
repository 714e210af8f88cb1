// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "client/dns/dns_cache.h"

#include <algorithm>

namespace kedge::client {

std::vector<wire::IpAddress> DnsCache::find(const wire::DnsName& name, Instant now) const {
  for (const Entry& entry : entries_) {
    if (entry.name == name && now < entry.until) return entry.addresses;
  }
  return {};
}

void DnsCache::add(const wire::DnsName& name, std::vector<wire::IpAddress> addresses,
                   std::uint32_t ttl_s, Instant now) {
  std::erase_if(entries_,
                [&](const Entry& entry) { return entry.until <= now || entry.name == name; });
  if (ttl_s == 0 || addresses.empty()) return;
  if (entries_.size() == kEntriesMax) {
    entries_.erase(std::ranges::min_element(entries_, {}, &Entry::until));
  }
  const Instant until = now + Duration::seconds(std::min(ttl_s, kTtlMaxS));
  entries_.push_back({name, std::move(addresses), until});
}

}  // namespace kedge::client
