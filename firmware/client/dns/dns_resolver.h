// SPDX-License-Identifier: BSD-2-Clause-Patent
// DnsResolver: host names to addresses by recursive DNS servers (RFC 1035; RFC 5452 against forged
// answers: random id and source port for each query; source, id and question are checked).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/task.h"
#include "client/dns/dns_answer.h"
#include "client/dns/dns_cache.h"
#include "net/resolver.h"
#include "net/stack.h"

namespace kedge::client {

struct DnsSettings {
  bool ipv4 = true;   ///< ask for A records
  bool ipv6 = false;  ///< ask for AAAA records, at the same time
  /// How long a server has in the first round; doubled in each further one.
  Duration first_wait = Duration::seconds(1);
  unsigned rounds = 3;  ///< times that each server is asked
};

class DnsResolver final : public net::Resolver {
 public:
  static constexpr std::size_t kServersMax = 8;
  static constexpr std::size_t kSearchMax = 8;
  static constexpr std::size_t kTcpAnswerMax = 16384;

  explicit DnsResolver(net::Stack& stack, DnsSettings settings = {}) noexcept
      : stack_(stack), settings_(settings) {}

  void set_settings(const DnsSettings& settings) noexcept { settings_ = settings; }
  /// Forgets what was cached. What exceeds kServersMax and kSearchMax is ignored.
  void configure(std::vector<wire::IpAddress> servers,
                 std::vector<std::string> search) noexcept override;
  /// Literals are returned as they are. A name with a dot is tried as it is and then with each
  /// search domain; one without, the other way round; one that ends in a dot only as it is.
  /// Errors: dns_*, wire_bad_host_name, async_cancelled.
  async::Task<Result<std::vector<wire::IpAddress>>> resolve(std::string name,
                                                            Instant deadline) noexcept override;

  /// Who said what, for the last failure: "10.0.0.2 said SERVFAIL for boot.example.org".
  std::string_view explanation() const noexcept { return explanation_; }

 private:
  /// One question on its way; on the heap because names and messages are too large for frames.
  struct Query;

  std::vector<wire::DnsName> candidates(const wire::DnsName& name, std::string_view text) const;
  async::Task<Result<std::vector<wire::IpAddress>>> look_up(const wire::DnsName& name,
                                                            Instant deadline) noexcept;
  /// Addresses of one family; an empty list when the name has none.
  async::Task<Result<DnsAddresses>> ask(const wire::DnsName& name, wire::DnsType type,
                                        Instant deadline) noexcept;
  async::Task<Result<void>> ask_servers(Query& query, Instant deadline) noexcept;
  async::Task<Result<void>> ask_server(Query& query, wire::IpAddress server,
                                       Instant until) noexcept;
  async::Task<Result<void>> ask_by_tcp(Query& query, wire::IpAddress server,
                                       Instant until) noexcept;
  /// Interprets a message. True when it answers the query: query.answer or query.failure is set.
  bool take(Query& query, wire::IpAddress server, ByteView message) noexcept;
  void explain(const Query& query, wire::IpAddress server, std::string_view what) noexcept;

  net::Stack& stack_;
  DnsSettings settings_;
  std::vector<wire::IpAddress> servers_;
  std::vector<wire::DnsName> search_;
  DnsCache cache_;
  std::string explanation_;
};

}  // namespace kedge::client
