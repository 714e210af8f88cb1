// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "client/dhcp/dhcp_lease.h"

#include <gtest/gtest.h>

#include "client/dhcp/dhcp_errors.h"
#include "client/dhcp/dhcp_test_bed.h"

namespace kedge::client {
namespace {

using namespace std::literals;

const wire::MacAddress kMac({0x52, 0x54, 0x00, 0x12, 0x34, 0x56});

std::vector<std::byte> bytes(Reply reply) {
  if (!reply.type) reply.type = wire::DhcpMessageType::ack;
  return reply.bytes(1, kMac);
}

DhcpPacket packet(const Reply& reply) {
  return *DhcpPacket::parse(bytes(reply));
}

DhcpLease lease(const Reply& ack, std::optional<Reply> proxy = {},
                std::optional<Reply> boot_server = {}) {
  std::optional<DhcpPacket> proxy_packet;
  std::optional<DhcpPacket> boot_packet;
  if (proxy) proxy_packet = packet(*proxy);
  if (boot_server) boot_packet = packet(*boot_server);
  auto result = DhcpLease::from_packets(packet(ack), proxy_packet, boot_packet);
  EXPECT_TRUE(result.ok());
  return *std::move(result);
}

TEST(DhcpLease, TakesEverythingFromTheAcknowledgement) {
  const DhcpLease all = lease({.next_server = {10, 0, 0, 2},
                               .file = "boot.efi",
                               .options = {{1, "\xff\xff\xff\x00"s},
                                           {3, "\x0a\0\0\x01\x0a\0\0\x09"s},
                                           {6, "\x0a\0\0\x02\0\0\0\0\x0a\0\0\x03"s},
                                           {7, "\x0a\0\0\x05"s},
                                           {12, "vm1"},
                                           {15, "example.org."},
                                           {17, "nfs:server"},
                                           {26, "\x23\x28"s},
                                           {42, "\x0a\0\0\x06"s},
                                           {51, "\x00\x00\x0e\x10"s},
                                           {58, "\x00\x00\x07\x08"s},
                                           {59, "\x00\x00\x0c\x4e"s},
                                           {119, "\3lab\7example\3org\0\3net\xc0\x04"s}}});
  EXPECT_EQ(all.address, (wire::Ipv4Subnet{kOurs, 24}));
  EXPECT_EQ(all.gateway, wire::Ipv4Address(10, 0, 0, 1));
  EXPECT_EQ(all.dns_servers, (std::vector<wire::IpAddress>{wire::Ipv4Address(10, 0, 0, 2),
                                                           wire::Ipv4Address(10, 0, 0, 3)}));
  EXPECT_EQ(all.log_servers, std::vector{wire::Ipv4Address(10, 0, 0, 5)});
  EXPECT_EQ(all.hostname, "vm1");
  EXPECT_EQ(all.domain, "example.org");
  EXPECT_EQ(all.search, (std::vector<std::string>{"lab.example.org", "net.example.org"}));
  EXPECT_EQ(all.root_path, "nfs:server");
  EXPECT_EQ(all.mtu, 9000);
  EXPECT_EQ(all.ntp_servers, std::vector{wire::Ipv4Address(10, 0, 0, 6)});
  EXPECT_EQ(all.lease_time, Duration::seconds(3600));
  EXPECT_EQ(all.renewal_time, Duration::seconds(1800));
  EXPECT_EQ(all.rebinding_time, Duration::seconds(3150));
  EXPECT_EQ(all.server_id, kServer);
  EXPECT_EQ(all.boot.source, BootSource::dhcp);
  EXPECT_EQ(all.boot.filename, "boot.efi");
  EXPECT_EQ(all.boot.next_server, wire::Ipv4Address(10, 0, 0, 2));
  const net::Ipv4Configuration configuration = all.configuration();
  EXPECT_EQ(configuration.address, kOurs);
  EXPECT_EQ(configuration.prefix_bits, 24);
  EXPECT_EQ(configuration.gateway, wire::Ipv4Address(10, 0, 0, 1));
  EXPECT_EQ(configuration.mtu, 9000);
}

TEST(DhcpLease, GuessesTheNetmaskThatIsMissingOrNonsense) {
  EXPECT_EQ(lease({}).address.prefix_length, 8);
  EXPECT_EQ(lease({.options = {{1, "\xff\x00\xff\x00"s}}}).address.prefix_length, 8);
  EXPECT_EQ(lease({.options = {{1, "\0\0\0\0"s}}}).address.prefix_length, 8);
  EXPECT_EQ(lease({.options = {{1, "\xff\xff\xff\xff"s}}}).address.prefix_length, 32);
}

TEST(DhcpLease, InfiniteLeasesHaveNoTimes) {
  EXPECT_FALSE(lease({.options = {{51, "\xff\xff\xff\xff"s}}}).lease_time.has_value());
}

TEST(DhcpLease, TinyMtusAreIgnored) {
  EXPECT_EQ(lease({.options = {{26, "\x02\x3f"s}}}).mtu, 0);  // 575
  EXPECT_EQ(lease({.options = {{26, "\x02\x40"s}}}).mtu, 576);
}

TEST(DhcpLease, ClasslessRoutesComeFrom121Or249) {
  const std::string route = "\x08\x0a\x0a\0\0\x02"s;
  const net::Ipv4Route expected{{10, 0, 0, 0}, 8, {10, 0, 0, 2}};
  for (const std::uint8_t code : std::to_array<std::uint8_t>({121, 249})) {
    const DhcpLease routed = lease({.options = {{code, route}}});
    ASSERT_EQ(routed.routes.size(), 1u);
    EXPECT_EQ(routed.routes[0].network, expected.network);
    EXPECT_EQ(routed.routes[0].prefix_bits, expected.prefix_bits);
    EXPECT_EQ(routed.routes[0].gateway, expected.gateway);
  }
  EXPECT_TRUE(lease({.options = {{121, route + "\x21"}}}).routes.empty()) << "malformed: none";
}

TEST(DhcpLease, DomainIsTheSearchListWithout119) {
  EXPECT_EQ(lease({.options = {{15, "example.org"}}}).search,
            std::vector<std::string>{"example.org"});
}

TEST(DhcpLease, RefusesAddressesThatNoHostCanHave) {
  for (const wire::Ipv4Address address :
       {wire::Ipv4Address(), wire::Ipv4Address(224, 0, 0, 1), wire::Ipv4Address::loopback()}) {
    const auto result = DhcpLease::from_packets(packet({.yours = address}), {}, {});
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error(), err::dhcp_unusable_lease);
  }
}

TEST(BootInformation, ServerAndFileComeFromTheSamePacket) {
  const Reply ack{.next_server = {10, 0, 0, 2}, .file = "dhcp.efi"};
  const Reply proxy{
      .yours = {}, .next_server = {10, 0, 0, 4}, .server_id = kProxy, .file = "proxy.efi"};
  const Reply boot{.yours = {}, .next_server = {10, 0, 0, 6}, .file = "pxe.efi"};
  EXPECT_EQ(lease(ack).boot.filename, "dhcp.efi");
  const DhcpLease proxied = lease(ack, proxy);
  EXPECT_EQ(proxied.boot.source, BootSource::proxy);
  EXPECT_EQ(proxied.boot.filename, "proxy.efi");
  EXPECT_EQ(proxied.boot.next_server, kProxy);
  const DhcpLease served = lease(ack, proxy, boot);
  EXPECT_EQ(served.boot.source, BootSource::boot_server);
  EXPECT_EQ(served.boot.filename, "pxe.efi");
  EXPECT_EQ(served.boot.next_server, wire::Ipv4Address(10, 0, 0, 6));
}

TEST(BootInformation, DhcpServerOfHigherPriorityBeatsTheProxy) {
  const Reply ack{.file = "dhcp.efi", .options = {{175, "\x01\x01\x01"s}}};
  EXPECT_EQ(lease(ack, Reply{.yours = {}, .file = "proxy.efi"}).boot.source, BootSource::dhcp);
}

TEST(BootInformation, NextServerFallsBackToNameAndServerId) {
  EXPECT_EQ(lease({.file = "x"}).boot.next_server, kServer) << "server identifier";
  EXPECT_EQ(lease({.file = "x", .options = {{66, "10.0.0.7"}}}).boot.next_server,
            wire::Ipv4Address(10, 0, 0, 7));
  const DhcpLease named = lease({.file = "x", .options = {{66, "tftp.example.org"}}});
  EXPECT_EQ(named.boot.next_server_name, "tftp.example.org");
  EXPECT_TRUE(named.boot.next_server.is_any());
}

TEST(BootInformation, WithoutFileThereIsNoSource) {
  const DhcpLease none = lease({.next_server = {10, 0, 0, 2}});
  EXPECT_EQ(none.boot.source, BootSource::none);
  EXPECT_EQ(none.boot.next_server, wire::Ipv4Address(10, 0, 0, 2)) << "still of use to scripts";
}

TEST(BootInformation, MenuIsFoundInTheProxysPacket) {
  const Reply menu{
      .yours = {}, .server_id = kProxy, .options = {{60, "PXEClient"}, {43, "\x06\x01\x08"s}}};
  const DhcpLease both = lease({}, menu);
  EXPECT_EQ(both.pxe_packet(), &*both.proxy);
  EXPECT_EQ(lease({}).pxe_packet(), nullptr);
}

TEST(CachedLease, IsTheLeaseOfThePackets) {
  std::vector<std::byte> ack = bytes({.next_server = {10, 0, 0, 2}, .file = "kedge.efi"});
  ack.resize(wire::kDhcpMessageMax);  // PXE Base Code's buffers
  const auto cached = DhcpLease::from_cache(ack, {}, {}, kMac);
  ASSERT_TRUE(cached.ok());
  EXPECT_EQ(cached->address.address, kOurs);
  EXPECT_EQ(cached->boot.filename, "kedge.efi");
  EXPECT_FALSE(cached->proxy.has_value());
  EXPECT_FALSE(cached->boot_server.has_value());
}

TEST(CachedLease, KeepsProxyAndBootServerButNoDuplicates) {
  const auto ack = bytes({});
  const auto proxy = bytes({.yours = {}, .server_id = kProxy, .file = "proxy.efi"});
  const auto reply = bytes({.yours = {}, .file = "pxe.efi"});
  const auto all = DhcpLease::from_cache(ack, proxy, reply, kMac);
  EXPECT_EQ(all->boot.filename, "pxe.efi");
  EXPECT_EQ(all->proxy->filename(), "proxy.efi");
  const auto same = DhcpLease::from_cache(ack, ack, ack, kMac);
  EXPECT_FALSE(same->proxy.has_value());
  EXPECT_FALSE(same->boot_server.has_value());
  EXPECT_FALSE(DhcpLease::from_cache(ack, proxy, proxy, kMac)->boot_server.has_value());
}

TEST(CachedLease, OfAnotherInterfaceIsRefused) {
  const wire::MacAddress other({0x52, 0x54, 0x00, 0x12, 0x34, 0x57});
  EXPECT_EQ(DhcpLease::from_cache(bytes({}), {}, {}, other).error(), err::dhcp_foreign_packet);
  EXPECT_FALSE(DhcpLease::from_cache({}, {}, {}, kMac).ok());
}

}  // namespace
}  // namespace kedge::client
