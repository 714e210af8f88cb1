// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "side_by_side/traffic.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace kedge::host::bench {
namespace {

constexpr std::uint32_t kIpv4 = 0x0800;
constexpr std::uint32_t kTcp = 6;
constexpr std::uint32_t kUdp = 17;
constexpr std::uint32_t kHttpPort = 80;
constexpr std::uint32_t kTftpPort = 69;
constexpr std::size_t kEthernetBytes = 14;
constexpr std::size_t kUdpBytes = 8;

// Numbers at an offset of a text; 0 beyond its end.
std::uint32_t byte_at(std::string_view text, std::size_t at) {
  return at < text.size() ? static_cast<unsigned char>(text[at]) : 0;
}
std::uint32_t be16(std::string_view text, std::size_t at) {
  return byte_at(text, at) << 8 | byte_at(text, at + 1);
}
std::uint32_t be32(std::string_view text, std::size_t at) {
  return be16(text, at) << 16 | be16(text, at + 2);
}

// A TCP segment or UDP datagram. `payload` is what was captured of it, `payload_bytes` its length.
struct Packet {
  std::uint32_t protocol = 0;
  std::uint32_t source = 0;
  std::uint32_t destination = 0;
  std::uint32_t source_port = 0;
  std::uint32_t destination_port = 0;
  std::string_view header;
  std::string_view payload;
  std::uint32_t payload_bytes = 0;
};

std::optional<Packet> read_packet(std::string_view frame) {
  if (be16(frame, 12) != kIpv4 || frame.size() < kEthernetBytes + 20) return std::nullopt;
  const std::string_view ip = frame.substr(kEthernetBytes);
  const std::size_t ip_bytes = (byte_at(ip, 0) & 0xf) * 4;
  Packet packet;
  packet.protocol = byte_at(ip, 9);
  if (packet.protocol != kTcp && packet.protocol != kUdp) return std::nullopt;
  constexpr std::uint32_t kFragmentOffset = 0x1fff;
  const bool later_fragment = (be16(ip, 6) & kFragmentOffset) != 0;
  if (later_fragment || ip.size() < ip_bytes + kUdpBytes) return std::nullopt;
  packet.source = be32(ip, 12);
  packet.destination = be32(ip, 16);
  packet.header = ip.substr(ip_bytes);
  packet.source_port = be16(packet.header, 0);
  packet.destination_port = be16(packet.header, 2);
  const bool udp = packet.protocol == kUdp;
  const std::size_t header_bytes = udp ? kUdpBytes : (byte_at(packet.header, 12) >> 4) * 4;
  // The first fragment of a datagram stands for all: its UDP header has the whole length.
  const std::size_t total = udp ? be16(packet.header, 4) : be16(ip, 2) - ip_bytes;
  if (total < header_bytes) return std::nullopt;
  packet.payload_bytes = static_cast<std::uint32_t>(total - header_bytes);
  packet.payload = packet.header.substr(std::min(header_bytes, packet.header.size()));
  return packet;
}

// The client's side of a connection: address and port.
using Client = std::pair<std::uint32_t, std::uint32_t>;

// One direction of a TCP connection: what the server sent and the client acknowledged.
struct TcpFlow {
  bool begun = false;
  std::uint32_t base = 0;  // sequence number of the first byte (RFC 9293 3.4)
  std::uint64_t sent = 0;  // relative to base
  std::uint64_t acknowledged = 0;
};

// Sequence numbers wrap; a download is longer than their range only from 4 GiB on. The full number
// is the one nearest to what is known already.
std::uint64_t unwrap(std::uint64_t near, std::uint32_t relative) {
  const auto difference = static_cast<std::int32_t>(relative - static_cast<std::uint32_t>(near));
  const auto full = static_cast<std::int64_t>(near) + difference;
  return full < 0 ? 0 : static_cast<std::uint64_t>(full);
}

void count_data(Transfer& transfer, std::uint32_t bytes, double at) {
  ++transfer.data_frames;
  transfer.last_data = at;
  transfer.data_bytes_max = std::max(transfer.data_bytes_max, bytes);
}

void take_tcp_data(Transfer& transfer, TcpFlow& flow, const Packet& packet, double at) {
  const std::uint32_t sequence = be32(packet.header, 4);
  if (packet.payload_bytes == 0) return;
  if (!flow.begun) {
    flow.begun = true;
    flow.base = sequence;
  }
  count_data(transfer, packet.payload_bytes, at);
  const std::uint64_t begin = unwrap(flow.sent, sequence - flow.base);
  const std::uint64_t end = begin + packet.payload_bytes;
  if (begin < flow.sent) {
    transfer.resent_bytes += std::min<std::uint64_t>(flow.sent - begin, packet.payload_bytes);
  }
  if (end > flow.sent) transfer.sent_bytes += end - flow.sent;
  flow.sent = std::max(flow.sent, end);
}

void take_tcp_ack(Transfer& transfer, TcpFlow& flow, const Packet& packet, double at) {
  if (!flow.begun) return;
  ++transfer.ack_frames;
  if (be16(packet.header, 14) == 0) ++transfer.zero_windows;
  // The server's FIN has a number, too, but is no byte of the file.
  const std::uint64_t acknowledged =
      std::min(unwrap(flow.acknowledged, be32(packet.header, 8) - flow.base), flow.sent);
  if (acknowledged <= flow.acknowledged) return;
  transfer.bytes += acknowledged - flow.acknowledged;
  flow.acknowledged = acknowledged;
  transfer.acknowledged = at;
}

struct TftpFlow {
  std::uint32_t next_block = 1;
  std::uint64_t received = 0;  // bytes in order
  std::uint64_t acknowledged = 0;
};

// RFC 1350 5: opcodes.
constexpr std::uint32_t kReadRequest = 1;
constexpr std::uint32_t kData = 3;
constexpr std::uint32_t kAck = 4;
constexpr std::uint32_t kBlockLast = 0xffff;

void take_tftp_data(Transfer& transfer, TftpFlow& flow, const Packet& packet, double at) {
  if (packet.payload_bytes < 4) return;
  const std::uint32_t bytes = packet.payload_bytes - 4;
  const std::uint32_t block = be16(packet.payload, 2);
  count_data(transfer, bytes, at);
  // Behind block 65535 servers go on with 0 or with 1.
  if (block != (flow.next_block & kBlockLast) && !(flow.next_block > kBlockLast && block == 1)) {
    transfer.resent_bytes += bytes;
    return;
  }
  flow.next_block = block + 1;
  flow.received += bytes;
  transfer.sent_bytes += bytes;
}

void take_tftp_ack(Transfer& transfer, TftpFlow& flow, double at) {
  ++transfer.ack_frames;
  if (flow.received <= flow.acknowledged) return;
  transfer.bytes += flow.received - flow.acknowledged;
  flow.acknowledged = flow.received;
  transfer.acknowledged = at;
}

}  // namespace

std::optional<Transfer> find_http_transfer(const std::vector<e2e::CapturedFrame>& frames,
                                           std::string_view path) {
  const std::string request = fmt::format("GET {} ", path);
  std::optional<Transfer> transfer;
  std::map<Client, TcpFlow> flows;
  for (const e2e::CapturedFrame& frame : frames) {
    const auto packet = read_packet(frame.bytes);
    if (!packet || packet->protocol != kTcp) continue;
    if (packet->destination_port == kHttpPort) {
      const Client client{packet->source, packet->source_port};
      if (packet->payload.starts_with(request)) {
        if (!transfer) transfer = Transfer{.requested = frame.at, .acknowledged = frame.at};
        flows.try_emplace(client);
      }
      const auto flow = flows.find(client);
      if (flow != flows.end()) take_tcp_ack(*transfer, flow->second, *packet, frame.at);
    } else if (packet->source_port == kHttpPort) {
      const auto flow = flows.find({packet->destination, packet->destination_port});
      if (flow != flows.end()) take_tcp_data(*transfer, flow->second, *packet, frame.at);
    }
  }
  return transfer;
}

std::optional<Transfer> find_tftp_transfer(const std::vector<e2e::CapturedFrame>& frames,
                                           std::string_view file) {
  std::optional<Transfer> transfer;
  std::map<Client, TftpFlow> flows;
  for (const e2e::CapturedFrame& frame : frames) {
    const auto packet = read_packet(frame.bytes);
    if (!packet || packet->protocol != kUdp) continue;
    const std::uint32_t opcode = be16(packet->payload, 0);
    const Client from{packet->source, packet->source_port};
    if (packet->destination_port == kTftpPort) {
      std::string_view name =
          packet->payload.substr(std::min<std::size_t>(2, packet->payload.size()));
      name = name.substr(0, name.find('\0'));
      if (name.starts_with('/')) name.remove_prefix(1);
      if (opcode != kReadRequest || name != file) continue;
      if (!transfer) transfer = Transfer{.requested = frame.at, .acknowledged = frame.at};
      flows[from] = TftpFlow();  // a port that is used again begins again
    } else if (const auto flow = flows.find(from); flow != flows.end()) {
      if (opcode == kAck) take_tftp_ack(*transfer, flow->second, frame.at);
    } else if (const auto to = flows.find({packet->destination, packet->destination_port});
               to != flows.end() && opcode == kData) {
      take_tftp_data(*transfer, to->second, *packet, frame.at);
    }
  }
  return transfer;
}

}  // namespace kedge::host::bench
