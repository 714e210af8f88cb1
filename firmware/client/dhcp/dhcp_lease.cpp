// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "client/dhcp/dhcp_lease.h"

#include <algorithm>

#include "client/dhcp/dhcp_errors.h"

namespace kedge::client {
namespace {

namespace option_number = wire::dhcp_option;

constexpr std::uint16_t kMtuMin = 576;  // what every IPv4 host must take (RFC 791 3.1)
constexpr std::uint32_t kInfiniteLease = 0xffffffff;  // RFC 2131 3.3

std::optional<Duration> seconds(const DhcpPacket& packet, std::uint8_t code) {
  const auto value = packet.option(code);
  const auto number = value ? wire::dhcp_u32(*value) : std::nullopt;
  if (!number || *number == kInfiniteLease) return std::nullopt;
  return Duration::seconds(*number);
}

wire::Ipv4Subnet subnet(const DhcpPacket& packet) {
  const wire::Ipv4Address address = packet.header().yours;
  if (const auto mask = packet.address(option_number::kSubnetMask)) {
    // A mask of zero would put the whole world on this link.
    const auto result = wire::Ipv4Subnet::from_netmask(address, *mask);
    if (result && result->prefix_length != 0) return *result;
  }
  return wire::Ipv4Subnet::classful(address);
}

std::vector<net::Ipv4Route> classless_routes(const DhcpPacket& packet) {
  std::vector<net::Ipv4Route> routes;
  auto value = packet.option(option_number::kClasslessRoutes);
  if (!value) value = packet.option(option_number::kMicrosoftClasslessRoutes);
  if (!value) return routes;
  wire::ClasslessRouteReader reader(*value);
  while (const auto route = reader.next()) {
    routes.push_back({route->destination.address, route->destination.prefix_length, route->router});
  }
  if (!reader.ok()) routes.clear();
  return routes;
}

std::vector<std::string> search_list(const DhcpPacket& packet, const std::string& domain) {
  std::vector<std::string> names;
  wire::DomainSearchReader reader(packet.option(option_number::kDomainSearch).value_or(ByteView()));
  while (const auto name = reader.next()) {
    if (!name->is_root()) names.push_back(format("{}", *name));
  }
  if (names.empty() && !domain.empty()) names.push_back(domain);
  return names;
}

std::string_view without_final_dot(std::string_view name) {
  return name.ends_with('.') ? name.substr(0, name.size() - 1) : name;
}

/// Next server and boot file, both of one packet.
BootInformation boot_information(const DhcpPacket& packet, BootSource source) {
  BootInformation boot;
  boot.source = source;
  boot.filename = packet.filename();
  boot.next_server = packet.header().server;
  const std::string_view name = packet.server_name();
  const auto literal = wire::Ipv4Address::parse(name);
  if (!literal) boot.next_server_name = name;
  if (!boot.next_server.is_any()) return boot;
  if (literal) {
    boot.next_server = *literal;
  } else if (name.empty()) {
    // Servers that are both leave siaddr empty and mean themselves.
    boot.next_server = packet.server_id().value_or(wire::Ipv4Address());
  }
  return boot;
}

BootInformation choose_boot(const DhcpLease& lease) {
  if (lease.boot_server && !lease.boot_server->filename().empty()) {
    return boot_information(*lease.boot_server, BootSource::boot_server);
  }
  const bool proxy_has = lease.proxy && !lease.proxy->filename().empty();
  const bool dhcp_has = !lease.dhcp.filename().empty();
  // A ProxyDHCP server is there to speak for the DHCP server (PXE 2.1, 2.2.1), unless that one
  // claims a higher priority.
  if (proxy_has && !(dhcp_has && lease.dhcp.priority() > lease.proxy->priority())) {
    return boot_information(*lease.proxy, BootSource::proxy);
  }
  if (dhcp_has) return boot_information(lease.dhcp, BootSource::dhcp);
  // No file: the next server is still of use to scripts.
  BootInformation boot = boot_information(lease.dhcp, BootSource::none);
  boot.next_server = lease.dhcp.header().server;
  return boot;
}

}  // namespace

Result<DhcpLease> DhcpLease::from_packets(DhcpPacket dhcp, std::optional<DhcpPacket> proxy,
                                          std::optional<DhcpPacket> boot_server) {
  if (!dhcp.header().yours.is_usable_host()) {
    return fail(err::dhcp_unusable_lease);
  }
  DhcpLease lease;
  lease.dhcp = std::move(dhcp);
  lease.proxy = std::move(proxy);
  lease.boot_server = std::move(boot_server);
  const DhcpPacket& packet = lease.dhcp;
  lease.address = subnet(packet);
  lease.gateway = packet.address(option_number::kRouters).value_or(wire::Ipv4Address());
  lease.routes = classless_routes(packet);
  for (const wire::Ipv4Address server : packet.addresses(option_number::kDnsServers)) {
    if (!server.is_any()) lease.dns_servers.emplace_back(server);
  }
  lease.domain = without_final_dot(packet.text(option_number::kDomainName));
  lease.search = search_list(packet, lease.domain);
  lease.ntp_servers = packet.addresses(option_number::kNtpServers);
  lease.log_servers = packet.addresses(option_number::kLogServers);
  const auto mtu = wire::dhcp_u16(packet.option(option_number::kInterfaceMtu).value_or(ByteView()));
  lease.mtu = mtu && *mtu >= kMtuMin ? *mtu : std::uint16_t{0};
  lease.hostname = packet.text(option_number::kHostName);
  lease.root_path = packet.root_path();
  if (lease.root_path.empty() && lease.proxy) lease.root_path = lease.proxy->root_path();
  lease.server_id = packet.server_id().value_or(wire::Ipv4Address());
  lease.lease_time = seconds(packet, option_number::kLeaseTime);
  lease.renewal_time = seconds(packet, option_number::kRenewalTime);
  lease.rebinding_time = seconds(packet, option_number::kRebindingTime);
  lease.boot = choose_boot(lease);
  return lease;
}

Result<DhcpLease> DhcpLease::from_cache(ByteView ack, ByteView proxy_offer, ByteView pxe_reply,
                                        const wire::MacAddress& mac) {
  KEDGE_TRY(DhcpPacket dhcp, DhcpPacket::parse(ack));
  if (dhcp.header().mac() != mac) return fail(err::dhcp_foreign_packet);
  // Firmware copies one packet to several places; what is no news, or no packet, is left out.
  const auto optional_packet = [&](ByteView bytes) -> std::optional<DhcpPacket> {
    if (bytes.empty() || std::ranges::equal(bytes, ack)) return std::nullopt;
    auto packet = DhcpPacket::parse(bytes);
    if (!packet || packet->header().mac() != mac) return std::nullopt;
    return *std::move(packet);
  };
  std::optional<DhcpPacket> proxy = optional_packet(proxy_offer);
  std::optional<DhcpPacket> reply = optional_packet(pxe_reply);
  if (proxy && reply && std::ranges::equal(proxy->bytes(), reply->bytes())) reply.reset();
  return from_packets(std::move(dhcp), std::move(proxy), std::move(reply));
}

void DhcpLease::set_boot_server(DhcpPacket packet) {
  boot_server = std::move(packet);
  boot = choose_boot(*this);
}

net::Ipv4Configuration DhcpLease::configuration() const {
  net::Ipv4Configuration configuration;
  configuration.address = address.address;
  configuration.prefix_bits = address.prefix_length;
  configuration.gateway = gateway;
  configuration.routes = routes;
  configuration.mtu = mtu;
  return configuration;
}

const DhcpPacket* DhcpLease::pxe_packet() const noexcept {
  const auto has_pxe = [](const DhcpPacket& packet) {
    return packet.is_pxe() && packet.option(option_number::kVendorEncapsulated).has_value();
  };
  if (boot_server && has_pxe(*boot_server)) return &*boot_server;
  if (proxy && has_pxe(*proxy)) return &*proxy;
  return has_pxe(dhcp) ? &dhcp : nullptr;
}

}  // namespace kedge::client
