// SPDX-License-Identifier: BSD-2-Clause-Patent
// DnsCache: a few names and their addresses, for as long as their records allow.
#pragma once

#include <string>
#include <vector>

#include "base/time.h"
#include "wire/dns_name.h"
#include "wire/ip.h"

namespace kedge::client {

class DnsCache {
 public:
  static constexpr std::size_t kEntriesMax = 32;
  /// A boot that takes longer asks again; servers may say days.
  static constexpr std::uint32_t kTtlMaxS = 3600;

  /// The addresses of `name`, or an empty list.
  std::vector<wire::IpAddress> find(const wire::DnsName& name, Instant now) const;
  /// Remembers for `ttl_s` seconds; zero is not remembered. The entry that ends first makes room.
  void add(const wire::DnsName& name, std::vector<wire::IpAddress> addresses, std::uint32_t ttl_s,
           Instant now);
  void clear() noexcept { entries_.clear(); }
  std::size_t size() const noexcept { return entries_.size(); }

 private:
  struct Entry {
    wire::DnsName name;
    std::vector<wire::IpAddress> addresses;
    Instant until;
  };
  std::vector<Entry> entries_;
};

}  // namespace kedge::client
