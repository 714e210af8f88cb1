// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "wire/dhcp4.h"

#include <algorithm>

#include "wire/wire_errors.h"

namespace kedge::wire {
namespace {

constexpr std::size_t kServerNameBytes = 64;
constexpr std::size_t kFileBytes = 128;
constexpr std::uint32_t kMagicCookie = 0x63825363;  // RFC 2131 3
constexpr std::size_t kOptionMax = 255;

// Option 52 (RFC 2132 9.3).
constexpr std::uint8_t kFileHoldsOptions = 1;
constexpr std::uint8_t kServerNameHoldsOptions = 2;

}  // namespace

MacAddress Dhcp4Header::mac() const noexcept {
  if (hardware_type != kEthernet || hardware_length != MacAddress::kSize) return {};
  std::array<std::uint8_t, MacAddress::kSize> octets;
  std::copy_n(hardware_address.begin(), octets.size(), octets.begin());
  return MacAddress(octets);
}

void Dhcp4Header::set_mac(const MacAddress& mac) noexcept {
  hardware_type = kEthernet;
  hardware_length = MacAddress::kSize;
  hardware_address.fill(0);
  std::copy(mac.octets().begin(), mac.octets().end(), hardware_address.begin());
}

Result<Dhcp4View> Dhcp4View::parse(ByteView message) noexcept {
  ByteReader reader(message);
  Dhcp4View view;
  Dhcp4Header& header = view.header_;
  const std::uint8_t operation = reader.u8();
  header.operation = static_cast<BootpOperation>(operation);
  header.hardware_type = reader.u8();
  header.hardware_length = reader.u8();
  header.hops = reader.u8();
  header.transaction = reader.be32();
  header.seconds = reader.be16();
  header.flags = reader.be16();
  header.client = Ipv4Address::read(reader);
  header.yours = Ipv4Address::read(reader);
  header.server = Ipv4Address::read(reader);
  header.gateway = Ipv4Address::read(reader);
  for (std::uint8_t& octet : header.hardware_address) octet = reader.u8();
  const ByteView server_name = reader.bytes(kServerNameBytes);
  const ByteView file = reader.bytes(kFileBytes);
  if (!reader.ok()) return fail(err::wire_bad_dhcp, static_cast<std::uint32_t>(message.size()));
  if (operation != static_cast<std::uint8_t>(BootpOperation::request) &&
      operation != static_cast<std::uint8_t>(BootpOperation::reply)) {
    return fail(err::wire_bad_dhcp);
  }
  std::uint8_t overload = 0;
  // Without the cookie it is BOOTP with a vendor area of unknown meaning (RFC 1497).
  if (reader.remaining() >= sizeof kMagicCookie && reader.be32() == kMagicCookie) {
    view.blocks_[view.block_count_++] = reader.rest();
    if (const auto value = find_dhcp_option(view.blocks_[0], dhcp_option::kOverload)) {
      overload = dhcp_u8(*value).value_or(0);
    }
  }
  if ((overload & kFileHoldsOptions) != 0) {
    view.blocks_[view.block_count_++] = file;
  } else {
    view.file_ = dhcp_text(file);
  }
  if ((overload & kServerNameHoldsOptions) != 0) {
    view.blocks_[view.block_count_++] = server_name;
  } else {
    view.server_name_ = dhcp_text(server_name);
  }
  return view;
}

std::optional<ByteView> Dhcp4View::option(std::uint8_t code) const noexcept {
  for (const ByteView block : option_blocks()) {
    if (const auto value = find_dhcp_option(block, code)) return value;
  }
  return std::nullopt;
}

std::optional<DhcpMessageType> Dhcp4View::type() const noexcept {
  const auto value = option(dhcp_option::kMessageType);
  if (!value) return std::nullopt;
  const auto number = dhcp_u8(*value);
  return number ? std::optional(static_cast<DhcpMessageType>(*number)) : std::nullopt;
}

std::optional<DhcpOptionView> Dhcp4OptionWalk::next() noexcept {
  for (;;) {
    if (const auto option = reader_.next()) return option;
    if (block_ + 1 >= blocks_.size()) return std::nullopt;
    reader_ = DhcpOptionReader(blocks_[++block_]);
  }
}

Dhcp4Builder::Dhcp4Builder(ByteSpan buffer, const Dhcp4Header& header, std::string_view server_name,
                           std::string_view file) noexcept
    : writer_(buffer) {
  writer_.u8(static_cast<std::uint8_t>(header.operation));
  writer_.u8(header.hardware_type);
  writer_.u8(header.hardware_length);
  writer_.u8(header.hops);
  writer_.be32(header.transaction);
  writer_.be16(header.seconds);
  writer_.be16(header.flags);
  header.client.write(writer_);
  header.yours.write(writer_);
  header.server.write(writer_);
  header.gateway.write(writer_);
  writer_.bytes(std::as_bytes(std::span(header.hardware_address)));
  // Cut to leave the NUL that ends them.
  server_name = server_name.substr(0, kServerNameBytes - 1);
  file = file.substr(0, kFileBytes - 1);
  writer_.text(server_name);
  writer_.zeros(kServerNameBytes - server_name.size());
  writer_.text(file);
  writer_.zeros(kFileBytes - file.size());
  writer_.be32(kMagicCookie);
}

void Dhcp4Builder::option(std::uint8_t code, ByteView value) noexcept {
  do {
    const ByteView part = value.first(std::min(value.size(), kOptionMax));
    writer_.u8(code);
    writer_.u8(static_cast<std::uint8_t>(part.size()));
    writer_.bytes(part);
    value = value.subspan(part.size());
  } while (!value.empty());
}

void Dhcp4Builder::option_u8(std::uint8_t code, std::uint8_t value) noexcept {
  writer_.u8(code);
  writer_.u8(sizeof value);
  writer_.u8(value);
}

void Dhcp4Builder::option_u16(std::uint8_t code, std::uint16_t value) noexcept {
  writer_.u8(code);
  writer_.u8(sizeof value);
  writer_.be16(value);
}

void Dhcp4Builder::option_u32(std::uint8_t code, std::uint32_t value) noexcept {
  writer_.u8(code);
  writer_.u8(sizeof value);
  writer_.be32(value);
}

Result<ByteView> Dhcp4Builder::finish() noexcept {
  writer_.u8(dhcp_option::kEnd);
  if (writer_.ok() && writer_.size() < kBootpMessageMin) {
    writer_.zeros(std::min(kBootpMessageMin - writer_.size(), writer_.space()));
  }
  return writer_.finish();
}

}  // namespace kedge::wire
