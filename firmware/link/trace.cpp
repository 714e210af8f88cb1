// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "link/trace.h"

#include <algorithm>
#include <cstring>

#include "base/log.h"
#include "wire/ip.h"

namespace kedge::link {
namespace {

constexpr std::size_t kHeadBytes = 14 + 60 + 20;
constexpr std::uint16_t kTypeIpv4 = 0x0800;
constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kUdp = 17;

std::string_view arrow(Direction direction) {
  return direction == Direction::received ? "<-" : "->";
}

void trace_ipv4(std::string_view tag, Direction direction, std::size_t length,
                ByteReader& reader) noexcept {
  const std::size_t header_bytes = (reader.u8() & 0xf) * std::size_t{4};
  reader.skip(8);
  const std::uint8_t protocol = reader.u8();
  reader.skip(2);
  const auto source = wire::Ipv4Address::read(reader);
  const auto target = wire::Ipv4Address::read(reader);
  reader.skip(header_bytes >= 20 ? header_bytes - 20 : 0);
  if (protocol != kTcp && protocol != kUdp) {
    log(LogLevel::debug, tag, "{} {} to {} protocol {}, {} bytes", arrow(direction), source, target,
        protocol, length);
    return;
  }
  const std::uint16_t source_port = reader.be16();
  const std::uint16_t target_port = reader.be16();
  if (protocol == kUdp) {
    log(LogLevel::debug, tag, "{} UDP {}:{} to {}:{}, {} bytes", arrow(direction), source,
        source_port, target, target_port, length);
    return;
  }
  const std::uint32_t sequence = reader.be32();
  const std::uint32_t acknowledged = reader.be32();
  reader.skip(1);
  const std::uint8_t flags = reader.u8();
  const std::uint16_t window = reader.be16();
  log(LogLevel::debug, tag, "{} TCP {}:{} to {}:{} seq {} ack {} flags {:02x} window {}, {} bytes",
      arrow(direction), source, source_port, target, target_port, sequence, acknowledged, flags,
      window, length);
}

}  // namespace

void FrameTrace::observe(Direction direction, Instant, std::span<const ByteView> pieces) noexcept {
  if (!log_enabled(LogLevel::debug)) return;
  std::byte head[kHeadBytes];
  std::size_t kept = 0;
  std::size_t length = 0;
  for (const ByteView piece : pieces) {
    const std::size_t part = std::min(piece.size(), sizeof head - kept);
    if (part > 0) std::memcpy(head + kept, piece.data(), part);
    kept += part;
    length += piece.size();
  }
  ByteReader reader(ByteView(head, kept));
  const auto target = wire::MacAddress::read(reader);
  const auto source = wire::MacAddress::read(reader);
  const std::uint16_t type = reader.be16();
  if (type == kTypeIpv4) return trace_ipv4(tag_, direction, length, reader);
  log(LogLevel::debug, tag_, "{} {} to {} type {:04x}, {} bytes", arrow(direction), source, target,
      type, length);
}

}  // namespace kedge::link
