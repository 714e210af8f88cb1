// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "client/dhcp/dhcp_packet.h"

#include <algorithm>

#include "wire/pxe_options.h"
#include "wire/wire_errors.h"

namespace kedge::client {
namespace {

namespace option_number = wire::dhcp_option;
namespace suboption_number = wire::etherboot_option;

}  // namespace

Result<DhcpPacket> DhcpPacket::parse(ByteView message) {
  if (message.size() > wire::kDhcpMessageMax) {
    return fail(err::wire_bad_dhcp, static_cast<std::uint32_t>(message.size()));
  }
  DhcpPacket packet;
  packet.bytes_.assign(message.begin(), message.end());
  KEDGE_TRY(const wire::Dhcp4View view, wire::Dhcp4View::parse(packet.bytes_));
  packet.header_ = view.header();
  packet.server_name_ = view.server_name();
  packet.file_ = view.file();
  std::vector<wire::DhcpOptionView> options;
  wire::Dhcp4OptionWalk walk(view);
  while (const auto option = walk.next()) {
    // Behind its equals, so that the parts of a long option stay in order.
    options.insert(std::ranges::upper_bound(options, option->code, {}, &wire::DhcpOptionView::code),
                   *option);
  }
  for (const wire::DhcpOptionView& option : options) {
    if (packet.entries_.empty() || packet.entries_.back().code != option.code) {
      packet.entries_.push_back(
          {option.code, static_cast<std::uint16_t>(packet.values_.size()), 0});
    }
    Entry& entry = packet.entries_.back();
    entry.length = static_cast<std::uint16_t>(entry.length + option.value.size());
    packet.values_.insert(packet.values_.end(), option.value.begin(), option.value.end());
  }
  return packet;
}

std::optional<wire::DhcpMessageType> DhcpPacket::type() const noexcept {
  const auto value = option(option_number::kMessageType);
  const auto number = value ? wire::dhcp_u8(*value) : std::nullopt;
  return number ? std::optional(static_cast<wire::DhcpMessageType>(*number)) : std::nullopt;
}

std::optional<ByteView> DhcpPacket::option(std::uint8_t code) const noexcept {
  const auto entry = std::ranges::lower_bound(entries_, code, {}, &Entry::code);
  if (entry == entries_.end() || entry->code != code) return std::nullopt;
  return ByteView(values_).subspan(entry->offset, entry->length);
}

std::optional<ByteView> DhcpPacket::suboption(std::uint8_t outer,
                                              std::uint8_t inner) const noexcept {
  const auto block = option(outer);
  return block ? wire::find_dhcp_option(*block, inner) : std::nullopt;
}

std::vector<std::uint8_t> DhcpPacket::option_codes() const {
  std::vector<std::uint8_t> codes;
  codes.reserve(entries_.size());
  for (const Entry& entry : entries_) codes.push_back(entry.code);
  return codes;
}

std::optional<wire::Ipv4Address> DhcpPacket::address(std::uint8_t code) const noexcept {
  const auto value = option(code);
  return value ? wire::dhcp_address(*value) : std::nullopt;
}

std::vector<wire::Ipv4Address> DhcpPacket::addresses(std::uint8_t code) const {
  std::vector<wire::Ipv4Address> result;
  ByteReader reader(option(code).value_or(ByteView()));
  while (reader.remaining() >= wire::Ipv4Address::kSize) {
    result.push_back(wire::Ipv4Address::read(reader));
  }
  return result;
}

std::string_view DhcpPacket::text(std::uint8_t code) const noexcept {
  return wire::dhcp_text(option(code).value_or(ByteView()));
}

std::string_view DhcpPacket::filename() const noexcept {
  return !file_.empty() ? std::string_view(file_) : text(option_number::kBootFileName);
}

std::string_view DhcpPacket::server_name() const noexcept {
  return !server_name_.empty() ? std::string_view(server_name_)
                               : text(option_number::kTftpServerName);
}

bool DhcpPacket::is_pxe() const noexcept {
  return text(option_number::kVendorClass).starts_with(wire::kPxeVendorClass);
}

int DhcpPacket::priority() const noexcept {
  const auto value = suboption(option_number::kEtherboot, suboption_number::kPriority);
  const auto number = value ? wire::dhcp_u8(*value) : std::nullopt;
  return number ? static_cast<std::int8_t>(*number) : 0;
}

bool DhcpPacket::no_proxy_dhcp() const noexcept {
  const auto value = suboption(option_number::kEtherboot, suboption_number::kNoProxyDhcp);
  return value && wire::dhcp_u8(*value).value_or(0) != 0;
}

bool DhcpPacket::has_boot_information() const noexcept {
  if (!filename().empty() || !root_path().empty()) return true;
  const auto encapsulated = option(option_number::kVendorEncapsulated);
  if (!is_pxe() || !encapsulated) return false;
  const auto pxe = wire::PxeOptions::parse(*encapsulated);
  return pxe && !pxe->empty();
}

}  // namespace kedge::client
