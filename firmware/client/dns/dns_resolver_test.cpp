// SPDX-License-Identifier: BSD-2-Clause-Patent
// Conversations with scripted DNS servers on simulated time.
#include "client/dns/dns_resolver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "client/dns/dns_errors.h"
#include "client/dns/dns_test_server.h"
#include "wire/wire_errors.h"

namespace kedge::client {
namespace {

using namespace kedge::literals;
using testing::ElementsAre;
using wire::DnsResponseCode;
using wire::DnsType;

const wire::IpAddress kAddress = wire::Ipv4Address(192, 0, 2, 1);
const wire::IpAddress kAddress6 = *wire::Ipv6Address::parse("2001:db8::1");

class DnsResolverTest : public testing::Test, protected DnsTestBed {
 protected:
  static DnsTestAnswer address_of(const SeenQuery& query) {
    return {.records = {{format("{}", query.question.name), query.question.type,
                         query.question.type == DnsType::a ? "192.0.2.1" : "2001:db8::1"}}};
  }
  /// Knows this name and no other.
  void serve(std::string_view known, Duration delay = 1_ms) {
    server = [this, name = dns_name(known), delay](const SeenQuery& query) {
      answer(query,
             query.question.name == name ? address_of(query)
                                         : DnsTestAnswer{.code = DnsResponseCode::name_error},
             delay);
    };
  }
};

TEST_F(DnsResolverTest, LiteralsNeedNoServer) {
  resolver.configure({}, {});
  EXPECT_THAT(*resolve("192.0.2.1"), ElementsAre(kAddress));
  EXPECT_THAT(*resolve("2001:db8::1"), ElementsAre(kAddress6));
  EXPECT_EQ(resolve("boot.example.org").error(), err::dns_no_servers);
}

TEST_F(DnsResolverTest, AsksTheFirstServerForAnAddress) {
  resolver.configure({kDns1, kDns2}, {});
  serve("boot.example.org");
  EXPECT_THAT(*resolve("boot.example.org"), ElementsAre(kAddress));
  EXPECT_THAT(queries(), ElementsAre("10.0.0.2 boot.example.org 1"));
  EXPECT_EQ(elapsed(), 1_ms);
  EXPECT_TRUE(stack.sockets.empty());
}

TEST_F(DnsResolverTest, AsksForBothFamiliesAtOnce) {
  resolver.set_settings({.ipv4 = true, .ipv6 = true});
  serve("boot.example.org", 100_ms);
  EXPECT_THAT(*resolve("boot.example.org"), ElementsAre(kAddress6, kAddress));
  EXPECT_EQ(elapsed(), 100_ms);
}

TEST_F(DnsResolverTest, OneFamilyIsEnough) {
  resolver.set_settings({.ipv4 = true, .ipv6 = true});
  server = [this](const SeenQuery& query) {
    if (query.question.type == DnsType::a) return answer(query, address_of(query));
    answer(query, {.code = DnsResponseCode::server_failure});
  };
  EXPECT_THAT(*resolve("boot.example.org"), ElementsAre(kAddress));
}

TEST_F(DnsResolverTest, IdsAndSourcePortsDiffer) {
  std::set<std::uint16_t> ids;
  EXPECT_EQ(resolve("boot.example.org").error(), err::dns_no_answer);
  std::set<std::uint16_t> ports;
  for (const SeenQuery& query : seen) {
    ids.insert(query.id);
    ports.insert(query.source_port);
  }
  ASSERT_EQ(seen.size(), 3u);
  EXPECT_EQ(ids.size(), 3u);
  EXPECT_EQ(ports.size(), 3u);
}

TEST_F(DnsResolverTest, SilentServersAreAskedInRoundsWithDoubledWaits) {
  resolver.configure({kDns1, kDns2}, {});
  EXPECT_EQ(resolve("a.b").error(), err::dns_no_answer);
  EXPECT_THAT(queries(), ElementsAre("10.0.0.2 a.b 1", "10.0.0.3 a.b 1", "10.0.0.2 a.b 1",
                                     "10.0.0.3 a.b 1", "10.0.0.2 a.b 1", "10.0.0.3 a.b 1"));
  EXPECT_EQ(elapsed(), 14_s);  // 2 * (1 + 2 + 4) s
  EXPECT_EQ(resolver.explanation(), "10.0.0.3 did not answer for a.b");
}

TEST_F(DnsResolverTest, DeadlineCutsItShort) {
  EXPECT_EQ(resolve("a.b", 1500_ms).error(), err::dns_no_answer);
  EXPECT_EQ(elapsed(), 1500_ms);
  EXPECT_EQ(seen.size(), 2u) << "nothing is sent when the time is over";
}

TEST_F(DnsResolverTest, SecondServerHelpsOut) {
  resolver.configure({kDns1, kDns2}, {});
  server = [this](const SeenQuery& query) {
    if (query.server == wire::IpAddress(kDns1)) {
      return answer(query, {.code = DnsResponseCode::refused});
    }
    answer(query, address_of(query));
  };
  EXPECT_TRUE(resolve("a.b").ok());
  EXPECT_EQ(elapsed(), Duration());
}

TEST_F(DnsResolverTest, ClosedPortIsNotWaitedFor) {
  resolver.configure({kDns1, kDns2}, {});
  server = [this](const SeenQuery& query) {
    if (query.server == wire::IpAddress(kDns1)) {
      return query.socket->fail_next(Error(err::net_refused));
    }
    answer(query, address_of(query));
  };
  EXPECT_TRUE(resolve("a.b").ok());
  EXPECT_EQ(elapsed(), Duration());
}

TEST_F(DnsResolverTest, UnknownNamesAreNotAskedForTwice) {
  resolver.configure({kDns1, kDns2}, {});
  serve("other.example.org");
  EXPECT_EQ(resolve("boot.example.org").error(), err::dns_not_found);
  EXPECT_EQ(seen.size(), 1u);
  EXPECT_EQ(resolver.explanation(), "10.0.0.2 said NXDOMAIN for boot.example.org");
}

TEST_F(DnsResolverTest, FailingServersAreNamedWithWhatTheySaid) {
  server = [this](const SeenQuery& query) {
    answer(query, {.code = DnsResponseCode::server_failure});
  };
  const auto result = resolve("boot.example.org");
  EXPECT_EQ(result.error(), err::dns_server_failure);
  EXPECT_EQ(result.error().detail(), 2u);
  EXPECT_EQ(resolver.explanation(), "10.0.0.2 said SERVFAIL for boot.example.org");
  EXPECT_EQ(seen.size(), 1u);
}

TEST_F(DnsResolverTest, NamesWithoutAddressHaveTheirOwnError) {
  server = [this](const SeenQuery& query) { answer(query, {}); };
  EXPECT_EQ(resolve("boot.example.org").error(), err::dns_no_address);
}

TEST_F(DnsResolverTest, SearchDomainsComeFirstForPlainNames) {
  resolver.configure({kDns1}, {"lab.example.org", "example.org"});
  serve("boot.example.org");
  EXPECT_TRUE(resolve("boot").ok());
  EXPECT_THAT(queries(),
              ElementsAre("10.0.0.2 boot.lab.example.org 1", "10.0.0.2 boot.example.org 1"));
}

TEST_F(DnsResolverTest, SearchDomainsComeLastForNamesWithDots) {
  resolver.configure({kDns1}, {"example.org"});
  serve("boot.lab.example.org");
  EXPECT_TRUE(resolve("boot.lab").ok());
  EXPECT_THAT(queries(), ElementsAre("10.0.0.2 boot.lab 1", "10.0.0.2 boot.lab.example.org 1"));
}

TEST_F(DnsResolverTest, FinalDotMeansNoSearch) {
  resolver.configure({kDns1}, {"example.org"});
  serve("nothing");
  EXPECT_EQ(resolve("boot.").error(), err::dns_not_found);
  EXPECT_THAT(queries(), ElementsAre("10.0.0.2 boot 1"));
}

TEST_F(DnsResolverTest, SilenceEndsTheSearch) {
  resolver.configure({kDns1}, {"example.org"});
  EXPECT_EQ(resolve("boot").error(), err::dns_no_answer);
  EXPECT_EQ(seen.size(), 3u) << "only the first name, three rounds";
}

TEST_F(DnsResolverTest, ServerFailureIsRememberedOverUnknownNames) {
  resolver.configure({kDns1}, {"example.org"});
  server = [this](const SeenQuery& query) {
    const bool in_domain = query.question.name == dns_name("boot.example.org");
    answer(query,
           {.code = in_domain ? DnsResponseCode::server_failure : DnsResponseCode::name_error});
  };
  EXPECT_EQ(resolve("boot").error(), err::dns_server_failure);
  EXPECT_EQ(seen.size(), 2u);
  EXPECT_EQ(resolver.explanation(), "10.0.0.2 said SERVFAIL for boot.example.org");
}

TEST_F(DnsResolverTest, BadNamesAreRefusedBeforeAsking) {
  EXPECT_EQ(resolve("a..b").error(), err::wire_bad_host_name);
  EXPECT_EQ(resolve("").error(), err::wire_bad_host_name);
  EXPECT_TRUE(seen.empty());
}

TEST_F(DnsResolverTest, AnswersAreCached) {
  serve("boot.example.org");
  EXPECT_TRUE(resolve("boot.example.org").ok());
  EXPECT_TRUE(resolve("BOOT.example.org").ok());
  EXPECT_EQ(seen.size(), 1u);
  sim.clock.advance(300_s);
  EXPECT_TRUE(resolve("boot.example.org").ok());
  EXPECT_EQ(seen.size(), 2u);
  resolver.configure({kDns1}, {});
  EXPECT_TRUE(resolve("boot.example.org").ok());
  EXPECT_EQ(seen.size(), 3u) << "another configuration may be another network";
}

TEST_F(DnsResolverTest, OpenAliasesAreFollowedByAsking) {
  server = [this](const SeenQuery& query) {
    if (query.question.name == dns_name("boot.example.org")) {
      return answer(query, {.records = {{"boot.example.org", DnsType::cname, "web.example.net"}}});
    }
    answer(query, address_of(query));
  };
  EXPECT_THAT(*resolve("boot.example.org"), ElementsAre(kAddress));
  EXPECT_EQ(seen.back().question.name, dns_name("web.example.net"));
}

TEST_F(DnsResolverTest, EndlessAliasesAreAnError) {
  server = [this](const SeenQuery& query) {
    const std::string name = format("{}", query.question.name);
    answer(query, {.records = {{name, DnsType::cname, "x" + name}}});
  };
  EXPECT_EQ(resolve("a.b").error(), err::dns_too_many_aliases);
  EXPECT_EQ(seen.size(), kDnsAliasesMax + 1);
}

TEST_F(DnsResolverTest, ForgedAnswersAreIgnored) {
  server = [this](const SeenQuery& query) {
    const DnsTestAnswer forged{.records = {{"a.b", DnsType::a, "192.0.2.66"}}};
    const wire::Endpoint dns{kDns1, wire::kDnsPort};
    const wire::DnsQuestion& question = query.question;
    const auto wrong_id = dns_message(query.id + 1, question, forged);
    const auto other_name = dns_message(query.id, {dns_name("b.b"), DnsType::a}, forged);
    const auto other_type = dns_message(query.id, {question.name, DnsType::aaaa}, forged);
    auto no_response = dns_message(query.id, question, forged);
    no_response[2] &= std::byte{0x7f};
    auto other_opcode = dns_message(query.id, question, forged);
    other_opcode[2] |= std::byte{0x10};
    for (const auto& message : {wrong_id, other_name, other_type, no_response, other_opcode}) {
      deliver(query, dns, message);
    }
    const auto good = dns_message(query.id, question, forged);
    deliver(query, {kDns2, wire::kDnsPort}, good);  // another server
    deliver(query, {kDns1, 5353}, good);            // another port
    deliver(query, dns, {std::byte{1}});
    answer(query, address_of(query), 10_ms);
  };
  EXPECT_THAT(*resolve("a.b"), ElementsAre(kAddress));
  EXPECT_EQ(seen.size(), 1u);
}

TEST_F(DnsResolverTest, TruncatedAnswersAreFetchedByTcp) {
  server = [this](const SeenQuery& query) { answer(query, {.truncated = true}); };
  auto connection = std::make_shared<fake::FakeConnection>();
  stack.on_connect = [&](wire::Endpoint target) -> Result<std::shared_ptr<fake::FakeConnection>> {
    EXPECT_EQ(target, (wire::Endpoint{kDns1, wire::kDnsPort}));
    return connection;
  };
  bool answered = false;
  connection->on_write = [&](fake::FakeConnection& c) {
    if (c.written.size() <= 2 || std::exchange(answered, true)) return;
    EXPECT_EQ(c.written.size(), 2u + static_cast<unsigned char>(c.written[1]));
    const auto message = dns_message(seen.back().id, seen.back().question, address_of(seen.back()));
    std::string bytes{static_cast<char>(message.size() >> 8), static_cast<char>(message.size())};
    bytes += as_text(message);
    for (const char byte : bytes) c.feed({&byte, 1});  // the worst case of chunking
  };
  EXPECT_THAT(*resolve("a.b"), ElementsAre(kAddress));
  EXPECT_TRUE(connection->client_gone);
}

TEST_F(DnsResolverTest, BrokenTcpAnswersLeadToTheNextServer) {
  for (const std::string_view bytes : {std::string_view("\0\0", 2), std::string_view("\xff\xff", 2),
                                       std::string_view("\0\5ab", 4), std::string_view("")}) {
    DnsTestBed bed;
    bed.resolver.configure({kDns1, kDns2}, {});
    bed.server = [&bed](const SeenQuery& query) {
      if (query.server == wire::IpAddress(kDns2)) return bed.answer(query, address_of(query));
      bed.answer(query, {.truncated = true});
    };
    bed.stack.on_connect = [&](wire::Endpoint) -> Result<std::shared_ptr<fake::FakeConnection>> {
      auto connection = std::make_shared<fake::FakeConnection>();
      if (!bytes.empty()) connection->feed(bytes);
      connection->end();
      return connection;
    };
    EXPECT_TRUE(bed.resolve("a.b").ok());
    EXPECT_EQ(bed.seen.size(), 2u);
  }
}

TEST_F(DnsResolverTest, CancellationAtEachAwaitEndsCleanly) {
  bool completed = false;
  for (unsigned turns = 0; !completed; ++turns) {
    ASSERT_LT(turns, 100u);
    DnsTestBed bed;
    bed.resolver.set_settings({.ipv4 = true, .ipv6 = true});
    bed.resolver.configure({kDns1, kDns2}, {"example.org"});
    bed.server = [&bed](const SeenQuery& query) {
      if (query.server == wire::IpAddress(kDns1)) return;
      bed.answer(query,
                 query.question.name == dns_name("boot")
                     ? address_of(query)
                     : DnsTestAnswer{.code = DnsResponseCode::name_error},
                 5_ms);
    };
    auto task = bed.resolver.resolve("boot", bed.sim.after(60_s));
    task.start(async::Context{&bed.sim.loop, &bed.sim.scope}, nullptr);
    for (unsigned turn = 0; turn < turns && !task.done(); ++turn) {
      if (!bed.sim.loop.run_once()) bed.sim.loop.idle();
    }
    bed.sim.scope.cancel();
    while (!task.done()) {
      if (!bed.sim.loop.run_once()) bed.sim.loop.idle();
    }
    const auto result = task.take();
    completed = result.ok();
    if (!completed) EXPECT_EQ(result.error(), err::async_cancelled) << "after " << turns;
    EXPECT_TRUE(bed.stack.sockets.empty());
  }
}

}  // namespace
}  // namespace kedge::client
