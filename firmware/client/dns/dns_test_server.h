// SPDX-License-Identifier: BSD-2-Clause-Patent
// Answers that a DNS server would write, and a resolver on simulated time to give them to.
#pragma once

#include <functional>
#include <list>
#include <string>
#include <vector>

#include "client/dns/dns_resolver.h"
#include "tests/fake/net.h"

namespace kedge::client {

struct DnsTestRecord {
  std::string name;
  wire::DnsType type;
  std::string target;  ///< address or alias, as text
  std::uint32_t ttl_s = 300;
};

struct DnsTestAnswer {
  wire::DnsResponseCode code = wire::DnsResponseCode::no_error;
  std::vector<DnsTestRecord> records{};
  bool truncated = false;
};

inline wire::DnsName dns_name(std::string_view text) {
  return *wire::DnsName::parse(text);
}

inline std::vector<std::byte> dns_message(std::uint16_t id, const wire::DnsQuestion& question,
                                          const DnsTestAnswer& answer) {
  std::vector<std::byte> buffer(8192);
  ByteWriter writer(buffer);
  wire::DnsHeader header;
  header.id = id;
  header.response = true;
  header.code = answer.code;
  header.truncated = answer.truncated;
  header.question_count = 1;
  header.answer_count = static_cast<std::uint16_t>(answer.records.size());
  header.write(writer);
  question.name.write(writer);
  writer.be16(static_cast<std::uint16_t>(question.type));
  writer.be16(1);
  for (const DnsTestRecord& record : answer.records) {
    dns_name(record.name).write(writer);
    writer.be16(static_cast<std::uint16_t>(record.type));
    writer.be16(1);
    writer.be32(record.ttl_s);
    if (record.type == wire::DnsType::cname) {
      const wire::DnsName target = dns_name(record.target);
      writer.be16(static_cast<std::uint16_t>(target.bytes().size()));
      target.write(writer);
    } else if (const auto v4 = wire::Ipv4Address::parse(record.target)) {
      writer.be16(wire::Ipv4Address::kSize);
      v4->write(writer);
    } else {
      writer.be16(wire::Ipv6Address::kSize);
      wire::Ipv6Address::parse(record.target)->write(writer);
    }
  }
  const auto message = writer.finish();
  KEDGE_ASSERT(message.ok());
  return {message->begin(), message->end()};
}

/// A query as a server sees it.
struct SeenQuery {
  fake::FakeUdpSocket* socket;
  wire::IpAddress server;
  std::uint16_t id;
  wire::DnsQuestion question;
  std::uint16_t source_port;
  Instant at;

  std::string text() const {
    return format("{} {} {}", server, question.name, static_cast<std::uint16_t>(question.type));
  }
};

inline constexpr wire::Ipv4Address kDns1{10, 0, 0, 2};
inline constexpr wire::Ipv4Address kDns2{10, 0, 0, 3};

class DnsTestBed {
 public:
  DnsTestBed() {
    stack.on_udp = [this](fake::FakeUdpSocket& socket, wire::Endpoint target, ByteView payload) {
      KEDGE_ASSERT(target.port == wire::kDnsPort);
      const auto view = wire::DnsAnswerView::parse(payload);
      KEDGE_ASSERT(view.ok());
      seen.push_back({&socket, target.address, view->header().id, view->question(),
                      socket.local().port, sim.clock.now()});
      if (server) server(seen.back());
    };
    resolver.configure({kDns1}, {});
  }

  fake::SimLoop sim;
  fake::FakeStack stack{sim.loop};
  DnsResolver resolver{stack};
  std::vector<SeenQuery> seen;
  std::function<void(const SeenQuery&)> server;

  void answer(const SeenQuery& query, const DnsTestAnswer& answer, Duration delay = {}) {
    deliver(query, {query.server, wire::kDnsPort}, dns_message(query.id, query.question, answer),
            delay);
  }
  void deliver(const SeenQuery& query, wire::Endpoint source, std::vector<std::byte> message,
               Duration delay = {}) {
    auto action = [this, socket = query.socket, source, message = std::move(message)] {
      for (fake::FakeUdpSocket* open : stack.sockets) {
        if (open == socket) return socket->deliver(source, message);
      }
    };
    if (delay == Duration()) return action();
    timers_.emplace_back(sim.loop, sim.clock.now() + delay, std::move(action));
  }
  void at(Duration delay, std::function<void()> action) {
    timers_.emplace_back(sim.loop, sim.clock.now() + delay, std::move(action));
  }
  Result<std::vector<wire::IpAddress>> resolve(std::string name,
                                               Duration limit = Duration::seconds(60)) {
    return sim.run(resolver.resolve(std::move(name), sim.after(limit)));
  }
  Duration elapsed() { return sim.clock.now() - Instant::from_ns(1'000'000'000); }
  std::vector<std::string> queries() const {
    std::vector<std::string> result;
    for (const SeenQuery& query : seen) result.push_back(query.text());
    return result;
  }

 private:
  std::list<fake::At> timers_;
};

}  // namespace kedge::client
