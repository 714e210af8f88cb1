// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "wire/pxe_options.h"

#include "wire/dhcp4_options.h"
#include "wire/wire_errors.h"

namespace kedge::wire {
namespace {

bool boot_servers_ok(ByteView value) noexcept {
  PxeBootServerReader reader(value);
  while (reader.next()) {
  }
  return reader.ok();
}

bool menu_ok(ByteView value) noexcept {
  PxeMenuReader reader(value);
  while (reader.next()) {
  }
  return reader.ok();
}

/// Takes one suboption; false when its value is malformed.
bool take(PxeOptions& options, const DhcpOptionView& option) noexcept {
  ByteReader reader(option.value);
  switch (option.code) {
    case pxe_option::kDiscoveryControl:
      options.control = PxeDiscoveryControl{reader.u8()};
      return reader.ok();
    case pxe_option::kDiscoveryMulticast:
      options.multicast = Ipv4Address::read(reader);
      return reader.ok();
    case pxe_option::kBootServers:
      options.boot_servers = option.value;
      return boot_servers_ok(option.value);
    case pxe_option::kBootMenu:
      options.menu = option.value;
      return menu_ok(option.value);
    case pxe_option::kMenuPrompt: {
      const std::uint8_t timeout = reader.u8();
      options.prompt = PxePrompt{timeout, dhcp_text(reader.rest())};
      return reader.ok();
    }
    case pxe_option::kBootItem: {
      const std::uint16_t type = reader.be16();
      options.item = PxeBootItem{type, reader.be16()};
      return reader.ok();
    }
    default:
      return true;
  }
}

}  // namespace

Ipv4Address PxeBootServer::address(std::size_t index) const noexcept {
  ByteReader reader(addresses);
  reader.skip(index * Ipv4Address::kSize);
  return Ipv4Address::read(reader);
}

std::optional<PxeBootServer> PxeBootServerReader::next() noexcept {
  if (!reader_.ok() || reader_.at_end()) return std::nullopt;
  PxeBootServer server;
  server.type = reader_.be16();
  const std::size_t count = reader_.u8();
  server.addresses = reader_.bytes(count * Ipv4Address::kSize);
  return reader_.ok() ? std::optional(server) : std::nullopt;
}

std::optional<PxeMenuItem> PxeMenuReader::next() noexcept {
  if (!reader_.ok() || reader_.at_end()) return std::nullopt;
  PxeMenuItem item;
  item.type = reader_.be16();
  const std::size_t length = reader_.u8();
  item.text = dhcp_text(reader_.bytes(length));
  return reader_.ok() ? std::optional(item) : std::nullopt;
}

Result<PxeOptions> PxeOptions::parse(ByteView value) noexcept {
  PxeOptions options;
  DhcpOptionReader reader(value);
  while (const auto option = reader.next()) {
    if (!take(options, *option)) return fail(err::wire_bad_pxe_options, option->code);
  }
  if (reader.truncated()) return fail(err::wire_bad_pxe_options);
  return options;
}

void write_pxe_boot_item(ByteWriter& writer, PxeBootItem item) noexcept {
  writer.u8(pxe_option::kBootItem);
  writer.u8(4);
  writer.be16(item.type);
  writer.be16(item.layer);
  writer.u8(dhcp_option::kEnd);
}

}  // namespace kedge::wire
