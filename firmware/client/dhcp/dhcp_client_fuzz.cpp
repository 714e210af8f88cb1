// SPDX-License-Identifier: BSD-2-Clause-Patent
// The whole DHCP conversation against servers made of fuzz data. The client must always come to an
// end, release its socket, and configure only addresses that a host can have.
//
// Input: records of { delay in 10 ms, length be16, message }; the transaction and the MAC of each
// message are repaired, so that the fuzzer does not have to guess them.
#include "base/assert.h"
#include "client/dhcp/dhcp_test_bed.h"

using namespace kedge;

namespace {

struct Record {
  Duration delay;
  std::vector<std::byte> message;
};

std::vector<Record> records(ByteView input) {
  constexpr std::size_t kRecordsMax = 32;
  std::vector<Record> result;
  ByteReader reader(input);
  while (!reader.at_end() && result.size() < kRecordsMax) {
    const Duration delay = Duration::milliseconds(10) * reader.u8();
    const std::size_t length = reader.be16() % (wire::kDhcpMessageMax + 2);
    const ByteView message = reader.bytes(std::min(length, reader.remaining()));
    result.push_back({delay, {message.begin(), message.end()}});
  }
  return result;
}

void repair(std::vector<std::byte>& message, std::uint32_t transaction,
            const wire::MacAddress& mac) {
  if (message.size() < wire::kDhcpHeaderBytes + 4) return;
  ByteWriter start(message);
  start.u8(2);
  start.u8(wire::Dhcp4Header::kEthernet);
  start.u8(wire::MacAddress::kSize);
  start.u8(0);
  start.be32(transaction);
  ByteWriter address(std::span(message).subspan(28));
  mac.write(address);
  ByteWriter cookie(std::span(message).subspan(wire::kDhcpHeaderBytes));
  cookie.be32(0x63825363);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  client::DhcpTestBed bed;
  bed.settings.restarts = 1;
  std::vector<Record> script = records(std::as_bytes(std::span(data, size)));
  std::size_t next = 0;
  bed.server = [&](const client::Sent& request) {
    // Three answers for each message of the client.
    for (int i = 0; i < 3 && next < script.size(); ++i, ++next) {
      repair(script[next].message, request.packet.header().transaction,
             bed.interface.idle_device.address);
      bed.answer_bytes(script[next].message, client::kServer, script[next].delay);
    }
  };
  const auto lease = bed.acquire();
  KEDGE_ASSERT(bed.stack.sockets.empty());
  if (lease.ok()) {
    KEDGE_ASSERT(lease->address.address.is_usable_host());
    KEDGE_ASSERT(bed.interface.ipv4().address == lease->address.address);
    // What was received can be handed on and read back as the same lease.
    const auto again = client::DhcpLease::from_cache(
        lease->dhcp.bytes(), lease->proxy ? lease->proxy->bytes() : ByteView(), {},
        bed.interface.idle_device.address);
    KEDGE_ASSERT(again.ok() && again->address == lease->address);
  } else {
    KEDGE_ASSERT(bed.interface.ipv4().address.is_any());
  }
  return 0;
}
