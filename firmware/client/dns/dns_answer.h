// SPDX-License-Identifier: BSD-2-Clause-Patent
// What an answer means: the addresses at the end of its alias chain.
#pragma once

#include <optional>
#include <vector>

#include "wire/dns.h"

namespace kedge::client {

inline constexpr unsigned kDnsAliasesMax = 8;
inline constexpr std::size_t kDnsAddressesMax = 16;

/// The addresses of a name, and for how long they may be kept.
struct DnsAddresses {
  std::vector<wire::IpAddress> addresses;
  std::uint32_t ttl_s = 0;  ///< least of all records that were used
};

struct DnsAnswer : DnsAddresses {
  /// Where the alias chain ends, when the answer has no address for that name.
  std::optional<wire::DnsName> alias;
};

/// Follows the aliases from the question's name. Errors: dns_too_many_aliases, wire_bad_dns.
Result<DnsAnswer> read_dns_answer(wire::DnsAnswerView view);

}  // namespace kedge::client
