// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "net/lwip/icmp_unreachable.h"

#include "net/lwip/checksum.h"

namespace kedge::net {
namespace {

constexpr std::uint8_t kProtocolIcmp = 1;
constexpr std::uint8_t kTypeUnreachable = 3;
constexpr std::uint16_t kFragmentMask = 0x3fff;  // more fragments, and the offset

struct Ipv4Header {
  std::uint8_t protocol = 0;
  std::uint16_t total_length = 0;
  wire::Ipv4Address source;
  wire::Ipv4Address destination;
};

// RFC 791 3.1, options skipped.
std::optional<Ipv4Header> read_header(ByteReader& reader) noexcept {
  Ipv4Header header;
  const std::uint8_t version_length = reader.u8();
  reader.skip(1);
  header.total_length = reader.be16();
  reader.skip(2);
  const std::uint16_t fragment = reader.be16();
  reader.skip(1);
  header.protocol = reader.u8();
  reader.skip(2);
  header.source = wire::Ipv4Address::read(reader);
  header.destination = wire::Ipv4Address::read(reader);
  const std::size_t length = (version_length & 0xf) * std::size_t{4};
  if (version_length >> 4 != 4 || length < 20 || (fragment & kFragmentMask) != 0)
    return std::nullopt;
  reader.skip(length - 20);
  if (!reader.ok() || header.total_length < length) return std::nullopt;
  return header;
}

}  // namespace

std::optional<IcmpUnreachable> IcmpUnreachable::parse(ByteView packet) noexcept {
  ByteReader outer(packet);
  const auto carrier = read_header(outer);
  if (!carrier || carrier->protocol != kProtocolIcmp) return std::nullopt;
  const std::size_t header_bytes = outer.offset();
  if (carrier->total_length > packet.size()) return std::nullopt;
  const ByteView message = packet.subspan(header_bytes, carrier->total_length - header_bytes);
  ByteReader reader(message);
  const std::uint8_t type = reader.u8();
  IcmpUnreachable report;
  report.code = reader.u8();
  reader.skip(6);  // checksum, and four bytes that differ by code
  if (type != kTypeUnreachable || !reader.ok() || internet_sum(message) != 0xffff) {
    return std::nullopt;
  }
  const auto about = read_header(reader);
  if (!about || about->source != carrier->destination) return std::nullopt;
  if (about->protocol != kTcp && about->protocol != kUdp) return std::nullopt;
  report.protocol = about->protocol;
  report.local = about->source;
  report.local_port = reader.be16();
  report.remote = {about->destination, reader.be16()};
  report.sequence = reader.be32();
  if (!reader.ok()) return std::nullopt;
  return report;
}

}  // namespace kedge::net
