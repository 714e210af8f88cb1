// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "client/dns/dns_resolver.h"

#include <algorithm>
#include <array>

#include "async/combine.h"
#include "base/log.h"
#include "client/dns/dns_errors.h"

namespace kedge::client {
namespace {

using wire::DnsResponseCode;

constexpr std::string_view kLogTag = "dns";
constexpr unsigned kDoublingsMax = 10;
// Answers that are not ours may be forged on purpose; after so many the server counts as silent.
constexpr unsigned kStrangersMax = 256;

/// The name `name` under `domain`, or nothing when that is too long.
std::optional<wire::DnsName> joined(const wire::DnsName& name, const wire::DnsName& domain) {
  const auto result = wire::DnsName::parse(format("{}.{}", name, domain));
  return result ? std::optional(*result) : std::nullopt;
}

/// A failure that another candidate name may not have.
bool is_about_the_name(const Error& error) noexcept {
  return error == err::dns_not_found || error == err::dns_no_address;
}

}  // namespace

struct DnsResolver::Query {
  wire::DnsQuestion question;
  std::uint16_t id = 0;
  bool truncated = false;
  std::optional<DnsAnswer> answer;
  std::optional<Error> failure;  // what a server said; another may say better
  std::array<std::byte, wire::kDnsQueryMax> buffer;
  std::array<std::byte, 2> length;  // before a message over TCP (RFC 1035 4.2.2)
  std::vector<std::byte> received;
};

void DnsResolver::configure(std::vector<wire::IpAddress> servers,
                            std::vector<std::string> search) noexcept {
  servers_ = std::move(servers);
  if (servers_.size() > kServersMax) servers_.resize(kServersMax);
  search_.clear();
  for (const std::string& domain : search) {
    const auto name = wire::DnsName::parse(domain);
    if (name && !name->is_root() && search_.size() < kSearchMax) search_.push_back(*name);
  }
  cache_.clear();
}

std::vector<wire::DnsName> DnsResolver::candidates(const wire::DnsName& name,
                                                   std::string_view text) const {
  if (text.ends_with('.')) return {name};
  std::vector<wire::DnsName> names;
  const bool plain_first = text.find('.') != std::string_view::npos;
  if (plain_first) names.push_back(name);
  for (const wire::DnsName& domain : search_) {
    if (const auto full = joined(name, domain)) names.push_back(*full);
  }
  if (!plain_first) names.push_back(name);
  return names;
}

async::Task<Result<std::vector<wire::IpAddress>>> DnsResolver::resolve(std::string name,
                                                                       Instant deadline) noexcept {
  if (const auto literal = wire::IpAddress::parse(name)) {
    co_return std::vector<wire::IpAddress>{*literal};
  }
  explanation_.clear();
  const auto parsed = std::make_unique<Result<wire::DnsName>>(wire::DnsName::parse(name));
  if (!*parsed) co_return parsed->error();
  if (servers_.empty()) co_return fail(err::dns_no_servers);
  const std::vector<wire::DnsName> names = candidates(**parsed, name);
  std::optional<Error> failure;
  std::string told;
  for (const wire::DnsName& candidate : names) {
    auto found = co_await look_up(candidate, deadline);
    if (found) co_return std::move(found);
    // The most telling failure: one that is not merely "no such name".
    if (!failure || is_about_the_name(*failure)) {
      failure = found.error();
      told = explanation_;
    }
    if (!is_about_the_name(found.error()) && found.error() != err::dns_server_failure) break;
  }
  explanation_ = std::move(told);
  co_return *failure;
}

async::Task<Result<std::vector<wire::IpAddress>>> DnsResolver::look_up(const wire::DnsName& name,
                                                                       Instant deadline) noexcept {
  const Instant now = co_await async::current_time();
  if (auto cached = cache_.find(name, now); !cached.empty()) co_return std::move(cached);
  auto skipped = []() -> async::Task<Result<DnsAddresses>> { co_return DnsAddresses(); };
  auto outcome = co_await async::when_all(
      settings_.ipv6 ? ask(name, wire::DnsType::aaaa, deadline) : skipped(),
      settings_.ipv4 ? ask(name, wire::DnsType::a, deadline) : skipped());
  const auto& [v6, v4] = outcome.values;
  std::vector<wire::IpAddress> addresses;  // RFC 6724: IPv6 first
  std::uint32_t ttl_s = DnsCache::kTtlMaxS;
  for (const Result<DnsAddresses>* answer : {&v6, &v4}) {
    if (!*answer || (*answer)->addresses.empty()) continue;
    const DnsAddresses& found = **answer;
    addresses.insert(addresses.end(), found.addresses.begin(), found.addresses.end());
    ttl_s = std::min(ttl_s, found.ttl_s);
  }
  if (!addresses.empty()) {
    cache_.add(name, addresses, ttl_s, now);
    co_return std::move(addresses);
  }
  if (!v4) co_return v4.error();
  if (!v6) co_return v6.error();
  co_return fail(err::dns_no_address);
}

async::Task<Result<DnsAddresses>> DnsResolver::ask(const wire::DnsName& name, wire::DnsType type,
                                                   Instant deadline) noexcept {
  const auto query = std::make_unique<Query>();
  query->question = {name, type};
  std::uint32_t ttl_s = DnsCache::kTtlMaxS;
  // A recursive server follows aliases itself; where one does not, we do.
  for (unsigned aliases = 0; aliases <= kDnsAliasesMax; ++aliases) {
    KEDGE_CO_CHECK(co_await ask_servers(*query, deadline));
    DnsAnswer& answer = *query->answer;
    ttl_s = answer.ttl_s = std::min(answer.ttl_s, ttl_s);
    if (!answer.alias) co_return static_cast<DnsAddresses&&>(answer);
    query->question.name = *answer.alias;
  }
  co_return fail(err::dns_too_many_aliases);
}

async::Task<Result<void>> DnsResolver::ask_servers(Query& query, Instant deadline) noexcept {
  query.answer.reset();
  query.failure.reset();
  Duration wait = settings_.first_wait;
  for (unsigned round = 0; round < settings_.rounds; ++round) {
    for (std::size_t i = 0; i < servers_.size(); ++i) {
      const Instant now = co_await async::current_time();
      if (now >= deadline) break;
      const wire::IpAddress server = servers_[i];
      const Result<void> asked = co_await ask_server(query, server, std::min(deadline, now + wait));
      if (query.answer) co_return Result<void>();
      if (query.failure && *query.failure == err::dns_not_found) co_return *query.failure;
      if (asked) continue;
      if (asked.error() == err::async_cancelled) co_return asked.error();
      explain(query, server,
              asked.error() == err::async_timed_out ? "did not answer" : asked.error().site().text);
    }
    // Who has answered at all will not say otherwise a second later.
    if (query.failure) co_return *query.failure;
    if (round < kDoublingsMax) wait = wait * 2;
  }
  co_return fail(err::dns_no_answer);
}

async::Task<Result<void>> DnsResolver::ask_server(Query& query, wire::IpAddress server,
                                                  Instant until) noexcept {
  query.id = static_cast<std::uint16_t>(stack_.entropy().u32());
  query.truncated = false;
  KEDGE_CO_TRY(const ByteView message,
               wire::write_dns_query(query.buffer, query.id, query.question));
  // A new socket for each query: a source port that nobody could have seen (RFC 5452 9.2).
  KEDGE_CO_TRY(const std::unique_ptr<net::UdpSocket> socket, stack_.open_udp({}));
  const wire::Endpoint target{server, wire::kDnsPort};
  KEDGE_CO_CHECK(socket->send(target, message));
  for (unsigned strangers = 0; strangers < kStrangersMax; ++strangers) {
    KEDGE_CO_TRY(const net::Datagram datagram, co_await socket->receive(until));
    if (datagram.source != target || !take(query, server, datagram.payload)) continue;
    if (query.truncated) co_return co_await ask_by_tcp(query, server, until);
    co_return Result<void>();
  }
  co_return fail(err::async_timed_out);
}

async::Task<Result<void>> DnsResolver::ask_by_tcp(Query& query, wire::IpAddress server,
                                                  Instant until) noexcept {
  KEDGE_CO_TRY(const std::unique_ptr<net::Stream> stream,
               co_await stack_.connect({server, wire::kDnsPort}, until));
  KEDGE_CO_TRY(const ByteView message,
               wire::write_dns_query(query.buffer, query.id, query.question));
  ByteWriter prefix(query.length);
  prefix.be16(static_cast<std::uint16_t>(message.size()));
  KEDGE_CO_CHECK(co_await stream->write(query.length, until));
  KEDGE_CO_CHECK(co_await stream->write(message, until));
  query.received.clear();
  std::size_t wanted = query.length.size();
  bool have_length = false;
  while (query.received.size() < wanted) {
    KEDGE_CO_TRY(const ByteView bytes, co_await stream->peek(until));
    if (bytes.empty()) co_return fail(err::dns_bad_tcp_answer);
    const ByteView part = bytes.first(std::min(bytes.size(), wanted - query.received.size()));
    query.received.insert(query.received.end(), part.begin(), part.end());
    stream->consume(part.size());
    if (have_length || query.received.size() < wanted) continue;
    have_length = true;
    ByteReader reader(query.received);
    wanted = reader.be16();
    query.received.clear();
    if (wanted == 0 || wanted > kTcpAnswerMax) co_return fail(err::dns_bad_tcp_answer);
  }
  query.truncated = false;
  if (!take(query, server, query.received) || query.truncated) {
    co_return fail(err::dns_bad_tcp_answer);
  }
  co_return Result<void>();
}

bool DnsResolver::take(Query& query, wire::IpAddress server, ByteView message) noexcept {
  const auto view = wire::DnsAnswerView::parse(message);
  if (!view || view->header().id != query.id || !view->header().response ||
      view->header().opcode != 0 || view->question() != query.question) {
    return false;
  }
  const DnsResponseCode code = view->header().code;
  if (code == DnsResponseCode::name_error) {
    explain(query, server, "said NXDOMAIN");
    query.failure = fail(err::dns_not_found);
    return true;
  }
  if (code != DnsResponseCode::no_error) {
    explain(query, server, format("said {}", wire::dns_response_text(code)));
    query.failure = fail(err::dns_server_failure, static_cast<std::uint32_t>(code));
    return true;
  }
  query.truncated = view->header().truncated;
  if (query.truncated) return true;
  auto answer = read_dns_answer(*view);
  if (answer) {
    query.answer = *std::move(answer);
    if (query.answer->addresses.empty() && !query.answer->alias) {
      explain(query, server, "knows no address");
    }
  } else {
    explain(query, server, answer.error().site().text);
    query.failure = answer.error();
  }
  return true;
}

void DnsResolver::explain(const Query& query, wire::IpAddress server,
                          std::string_view what) noexcept {
  explanation_ = format("{} {} for {}", server, what, query.question.name);
  log(LogLevel::debug, kLogTag, "{}", explanation_);
}

}  // namespace kedge::client
