// SPDX-License-Identifier: BSD-2-Clause-Patent
// A resolution against a server made of fuzz data: it ends, releases its sockets, and yields
// addresses or an error.
//
// Input: records of { length be16, message }; id and question of each message are repaired.
#include <algorithm>

#include "base/assert.h"
#include "client/dns/dns_test_server.h"

using namespace kedge;

namespace {

/// Bytes behind the id, then the query's own question, then bytes again.
std::vector<std::byte> repaired(ByteView message, const client::SeenQuery& query) {
  std::vector<std::byte> result(wire::kDnsQueryMax + message.size());
  ByteWriter writer(result);
  ByteReader reader(message);
  writer.be16(query.id);
  writer.u8(static_cast<std::uint8_t>((reader.u8() & 0x07) | 0x80));
  writer.u8(reader.u8());
  writer.be16(1);
  writer.be16(reader.be16());
  writer.be32(0);
  query.question.name.write(writer);
  writer.be16(static_cast<std::uint16_t>(query.question.type));
  writer.be16(1);
  writer.bytes(reader.rest());
  result.resize(writer.size());
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  client::DnsTestBed bed;
  bed.resolver.set_settings({.ipv4 = true, .ipv6 = true});
  bed.resolver.configure({client::kDns1, client::kDns2}, {"example.org"});
  ByteReader script(std::as_bytes(std::span(data, size)));
  bed.server = [&](const client::SeenQuery& query) {
    const std::size_t length = script.be16() % 1024;
    const ByteView message = script.bytes(std::min(length, script.remaining()));
    if (!message.empty()) {
      bed.deliver(query, {query.server, wire::kDnsPort}, repaired(message, query));
    }
  };
  bed.stack.on_connect = [&](wire::Endpoint) -> Result<std::shared_ptr<fake::FakeConnection>> {
    auto connection = std::make_shared<fake::FakeConnection>();
    const ByteView bytes = script.bytes(std::min<std::size_t>(64, script.remaining()));
    if (!bytes.empty()) connection->feed(as_text(bytes));
    connection->end();
    return connection;
  };
  const auto result = bed.resolve("boot");
  KEDGE_ASSERT(!result.ok() || !result->empty());
  KEDGE_ASSERT(bed.stack.sockets.empty());
  return 0;
}
