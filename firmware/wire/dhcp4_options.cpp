// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "wire/dhcp4_options.h"

namespace kedge::wire {
namespace {

constexpr std::size_t descriptor_octets(std::uint8_t prefix_length) noexcept {
  return (prefix_length + 7u) / 8u;
}

}  // namespace

std::optional<DhcpOptionView> DhcpOptionReader::next() noexcept {
  while (!reader_.at_end()) {
    const std::uint8_t code = reader_.u8();
    if (code == dhcp_option::kPad) continue;
    if (code == dhcp_option::kEnd) {
      reader_.skip(reader_.remaining());
      return std::nullopt;
    }
    const std::uint8_t length = reader_.u8();
    const ByteView value = reader_.bytes(length);
    if (!reader_.ok()) {
      truncated_ = true;
      return std::nullopt;
    }
    return DhcpOptionView{code, value};
  }
  return std::nullopt;
}

std::optional<ByteView> find_dhcp_option(ByteView block, std::uint8_t code) noexcept {
  DhcpOptionReader reader(block);
  while (const auto option = reader.next()) {
    if (option->code == code) return option->value;
  }
  return std::nullopt;
}

std::optional<std::uint8_t> dhcp_u8(ByteView value) noexcept {
  ByteReader reader(value);
  const std::uint8_t result = reader.u8();
  return reader.ok() ? std::optional(result) : std::nullopt;
}

std::optional<std::uint16_t> dhcp_u16(ByteView value) noexcept {
  ByteReader reader(value);
  const std::uint16_t result = reader.be16();
  return reader.ok() ? std::optional(result) : std::nullopt;
}

std::optional<std::uint32_t> dhcp_u32(ByteView value) noexcept {
  ByteReader reader(value);
  const std::uint32_t result = reader.be32();
  return reader.ok() ? std::optional(result) : std::nullopt;
}

std::optional<Ipv4Address> dhcp_address(ByteView value) noexcept {
  const auto number = dhcp_u32(value);
  return number ? std::optional(Ipv4Address(*number)) : std::nullopt;
}

std::string_view dhcp_text(ByteView value) noexcept {
  const std::string_view text = as_text(value);
  return text.substr(0, text.find('\0'));
}

std::optional<ClasslessRoute> ClasslessRouteReader::next() noexcept {
  if (!reader_.ok() || reader_.at_end()) return std::nullopt;
  const std::uint8_t length = reader_.u8();
  if (length > 32 || ++count_ > kClasslessRoutesMax) {
    reader_.fail();
    return std::nullopt;
  }
  std::uint32_t network = 0;
  for (std::size_t i = 0; i < descriptor_octets(length); ++i) {
    network |= std::uint32_t{reader_.u8()} << (24 - 8 * i);
  }
  ClasslessRoute route{{Ipv4Address(network), length}, Ipv4Address::read(reader_)};
  // RFC 3442: bits beyond the mask are to be ignored.
  route.destination.address = route.destination.network();
  return reader_.ok() ? std::optional(route) : std::nullopt;
}

void write_classless_route(ByteWriter& writer, const ClasslessRoute& route) noexcept {
  writer.u8(route.destination.prefix_length);
  const auto octets = route.destination.network().octets();
  for (std::size_t i = 0; i < descriptor_octets(route.destination.prefix_length); ++i) {
    writer.u8(octets[i]);
  }
  route.router.write(writer);
}

std::optional<DnsName> DomainSearchReader::next() noexcept {
  if (!ok_ || offset_ == value_.size()) return std::nullopt;
  if (++count_ > kDomainSearchMax) return std::nullopt;  // the rest is ignored
  auto name = DnsName::read(value_, offset_);
  if (!name) {
    ok_ = false;
    return std::nullopt;
  }
  return *name;
}

}  // namespace kedge::wire
