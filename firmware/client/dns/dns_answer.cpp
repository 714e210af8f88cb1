// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "client/dns/dns_answer.h"

#include <algorithm>
#include <limits>

#include "client/dns/dns_errors.h"
#include "wire/wire_errors.h"

namespace kedge::client {

Result<DnsAnswer> read_dns_answer(wire::DnsAnswerView view) {
  std::vector<wire::DnsRecord> records;
  while (auto record = view.next()) records.push_back(*std::move(record));
  if (!view.ok()) return fail(err::wire_bad_dns);
  DnsAnswer answer;
  answer.ttl_s = std::numeric_limits<std::uint32_t>::max();
  wire::DnsName current = view.question().name;
  for (unsigned aliases = 0; aliases <= kDnsAliasesMax; ++aliases) {
    const wire::DnsRecord* alias = nullptr;
    // Records of other names have no business here and are not believed (RFC 5452 6).
    for (const wire::DnsRecord& record : records) {
      if (record.name != current) continue;
      if (record.type == wire::DnsType::cname) alias = &record;
      if (record.type != view.question().type) continue;
      const auto address = record.address();
      if (!address || answer.addresses.size() == kDnsAddressesMax) continue;
      answer.addresses.push_back(*address);
      answer.ttl_s = std::min(answer.ttl_s, record.ttl_s);
    }
    if (!answer.addresses.empty()) return answer;
    if (alias == nullptr) {
      if (aliases > 0) answer.alias = current;
      return answer;
    }
    answer.ttl_s = std::min(answer.ttl_s, alias->ttl_s);
    KEDGE_TRY(current, view.target(*alias));
  }
  return fail(err::dns_too_many_aliases);
}

}  // namespace kedge::client
