// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "app/network_interfaces.h"

#include <gtest/gtest.h>

#include "app/app_errors.h"
#include "client/dhcp/dhcp_errors.h"
#include "client/dhcp/dhcp_test_bed.h"
#include "tests/fake/console.h"

namespace kedge::app {
namespace {

using namespace literals;
using client::DhcpPacket;
using client::Reply;
using wire::DhcpMessageType;

constexpr wire::Ipv4Address kOther{10, 0, 0, 60};
const std::pair<std::uint8_t, std::string> kDns{6, std::string("\x0a\0\0\x35", 4)};
const std::pair<std::uint8_t, std::string> kPxeClass{60, "PXEClient"};

class NetworkInterfacesTest : public testing::Test {
 protected:
  NetworkInterfacesTest() {
    first.idle_device.address = wire::MacAddress({0x52, 0x54, 0, 0, 0, 1});
    second.idle_device.address = wire::MacAddress({0x52, 0x54, 0, 0, 0, 2});
    second.interface_name = "net1";
    stack.on_udp = [this](fake::FakeUdpSocket& socket, wire::Endpoint target, ByteView payload) {
      const Result<DhcpPacket> packet = DhcpPacket::parse(payload);
      ASSERT_TRUE(packet.ok());
      ++messages;
      if (target.port == wire::kDhcpServerPort) answer(socket, *packet);
    };
    interfaces.add(first, {"0000:00:03.0", 0x1af4, 0x1041});
    interfaces.add(second, {.bus = "0000:00:04.0", .vlan = {42, 5}});
  }

  /// Servers that answer what `offers` has for the client's address; nothing: silence.
  void answer(fake::FakeUdpSocket& socket, const DhcpPacket& request) {
    const wire::MacAddress mac = request.header().mac();
    for (auto& [client, reply] : offers) {
      if (client != mac) continue;
      const bool discover = request.type() == DhcpMessageType::discover;
      const bool proxy = reply.yours.is_any();
      if (proxy && !discover) continue;
      Reply out = reply;
      out.type = discover ? DhcpMessageType::offer : DhcpMessageType::ack;
      socket.deliver({*out.server_id, wire::kDhcpServerPort},
                     out.bytes(request.header().transaction, mac));
    }
  }
  Result<void> configure(std::size_t index, script::ConfigureRequest request = {}) {
    return sim.run(interfaces.configure(index, request));
  }
  client::DhcpLease lease_for(const fake::FakeInterface& interface) {
    Reply reply{.type = DhcpMessageType::ack, .next_server = client::kServer, .file = "kedge.efi"};
    auto lease = client::DhcpLease::from_cache(reply.bytes(1, interface.idle_device.address), {},
                                               {}, interface.idle_device.address);
    EXPECT_TRUE(lease.ok());
    return *std::move(lease);
  }

  fake::SimLoop sim;
  fake::FakeStack stack{sim.loop};
  fake::FakeInterface first;
  fake::FakeInterface second;
  fake::FakeConsole console;
  script::SettingsTree settings;
  NetworkInterfaces interfaces{stack, settings, console, {}};
  std::vector<std::pair<wire::MacAddress, Reply>> offers;
  int messages = 0;
};

TEST_F(NetworkInterfacesTest, KnowsTheFactsOfANicBeforeItIsOpened) {
  EXPECT_EQ(settings.text("net0/mac"), "52:54:00:00:00:01");
  EXPECT_EQ(settings.text("net0/chip"), "fake");
  EXPECT_EQ(settings.text("net1/ifname"), "net1");
  EXPECT_FALSE(interfaces.describe(0).open);
  EXPECT_EQ(interfaces.describe(0).bus, "0000:00:03.0");
  EXPECT_TRUE(console.shows("net0: 52:54:00:00:00:01 fake 0000:00:03.0\n"));
}

TEST_F(NetworkInterfacesTest, ShowsTheVlanOfANic) {
  EXPECT_EQ(settings.text("net0/vlan"), "");
  EXPECT_EQ(settings.text("net1/vlan"), "42");
  EXPECT_EQ(interfaces.describe(0).vlan, "");
  EXPECT_EQ(interfaces.describe(1).vlan, "42:5");
  EXPECT_TRUE(console.shows("net1: 52:54:00:00:00:02 fake 0000:00:04.0, VLAN 42:5\n"));
}

TEST_F(NetworkInterfacesTest, TurnsALeaseIntoSettingsAndAnnouncesIt) {
  offers = {{first.idle_device.address,
             {.next_server = client::kServer, .file = "boot.ipxe", .options = {kDns}}}};
  ASSERT_TRUE(configure(0).ok());
  EXPECT_EQ(settings.text("net0.dhcp/ip"), "10.0.0.50");
  EXPECT_EQ(settings.text("netX/ip"), "10.0.0.50");
  EXPECT_EQ(settings.text("filename"), "boot.ipxe");
  ASSERT_EQ(stack.resolver_servers.size(), 1u);
  EXPECT_EQ(format("{}", stack.resolver_servers[0]), "10.0.0.53");
  EXPECT_TRUE(console.shows("net0: DHCP ok 10.0.0.50/8 from 10.0.0.1"));
}

TEST_F(NetworkInterfacesTest, ForgetsEverythingOfALeaseWhenTheInterfaceCloses) {
  offers = {
      {first.idle_device.address, {.options = {kDns}}},
      {first.idle_device.address,
       {.yours = {}, .server_id = client::kProxy, .file = "proxy.efi", .options = {kPxeClass}}}};
  ASSERT_TRUE(configure(0).ok());
  ASSERT_EQ(settings.text("proxydhcp/filename"), "proxy.efi");
  interfaces.close(0);
  EXPECT_FALSE(first.is_open());
  EXPECT_EQ(settings.text("net0/ip"), "");
  EXPECT_EQ(settings.text("filename"), "") << "of a ProxyDHCP server on a network that is gone";
  EXPECT_TRUE(stack.resolver_servers.empty());
}

TEST_F(NetworkInterfacesTest, ForgetsTheOldLeaseWhenANewAttemptFails) {
  offers = {{first.idle_device.address, {.file = "boot.ipxe"}}};
  ASSERT_TRUE(configure(0).ok());
  offers.clear();
  EXPECT_FALSE(configure(0).ok());
  EXPECT_EQ(settings.text("net0/ip"), "");
  EXPECT_EQ(settings.text("filename"), "");
  // What is left must not be taken for a static configuration.
  ASSERT_TRUE(sim.run(interfaces.open(0)).ok());
  EXPECT_TRUE(first.ipv4().address.is_any());
}

TEST_F(NetworkInterfacesTest, AsksAgainAfterTheFirmwareHadTheNic) {
  offers = {{first.idle_device.address, {}}};
  ASSERT_TRUE(configure(0).ok());
  interfaces.close_all();
  const int before = messages;
  ASSERT_TRUE(configure(0).ok());
  EXPECT_TRUE(first.is_open());
  EXPECT_GT(messages, before);
  EXPECT_EQ(settings.text("net0/ip"), "10.0.0.50");
}

TEST_F(NetworkInterfacesTest, UsesTheFirmwaresLeaseOnceAndForItsNicOnly) {
  interfaces.offer_cached_lease(second.idle_device.address, lease_for(second));
  offers = {{first.idle_device.address, {}}};
  ASSERT_TRUE(configure(0).ok());
  const int asked = messages;
  EXPECT_GT(asked, 0);
  ASSERT_TRUE(configure(1).ok());
  EXPECT_EQ(messages, asked) << "the lease is there already";
  EXPECT_EQ(format("{}", second.ipv4().address), "10.0.0.50");
  EXPECT_EQ(settings.text("net1/filename"), "kedge.efi");
  EXPECT_TRUE(console.shows("net1: DHCP (the firmware's lease) ok"));
  EXPECT_FALSE(configure(1).ok()) << "asks now, and nobody answers";
  EXPECT_GT(messages, asked);
}

TEST_F(NetworkInterfacesTest, DoesNotUseTheFirmwaresLeaseAfterTheFirmwareHadTheNicAgain) {
  interfaces.offer_cached_lease(first.idle_device.address, lease_for(first));
  interfaces.close_all();
  EXPECT_FALSE(configure(0).ok());
  EXPECT_GT(messages, 0);
}

TEST_F(NetworkInterfacesTest, SpeaksForTheInterfaceThatStaysWhenAnotherCloses) {
  offers = {
      {first.idle_device.address, {.options = {kDns}}},
      {first.idle_device.address,
       {.yours = {}, .server_id = client::kProxy, .file = "proxy.efi", .options = {kPxeClass}}},
      {second.idle_device.address, {.yours = kOther, .file = "second.efi"}}};
  ASSERT_TRUE(configure(0).ok());
  ASSERT_TRUE(configure(1).ok());
  EXPECT_EQ(settings.text("netX/ip"), "10.0.0.60");
  EXPECT_EQ(settings.text("proxydhcp/filename"), "") << "net1 has no ProxyDHCP server";
  interfaces.close(1);
  ASSERT_TRUE(sim.run(interfaces.open(0)).ok());
  EXPECT_EQ(settings.text("netX/ip"), "10.0.0.50");
  EXPECT_EQ(settings.text("filename"), "proxy.efi");
  EXPECT_EQ(stack.resolver_servers.size(), 1u);
}

TEST_F(NetworkInterfacesTest, TakesAStaticConfigurationFromSettings) {
  ASSERT_TRUE(settings.set("net0/ip", "192.0.2.9").ok());
  ASSERT_TRUE(settings.set("net0/netmask", "255.255.255.128").ok());
  ASSERT_TRUE(settings.set("net0/gateway", "192.0.2.1").ok());
  ASSERT_TRUE(settings.set("net0/dns", "192.0.2.53").ok());
  ASSERT_TRUE(sim.run(interfaces.open(0)).ok());
  EXPECT_EQ(interfaces.routes(), std::vector<std::string>{"net0: 192.0.2.9/25 gw 192.0.2.1"});
  EXPECT_EQ(stack.resolver_servers.size(), 1u);
  EXPECT_EQ(messages, 0);
  interfaces.close(0);
  EXPECT_TRUE(interfaces.routes().empty());
  EXPECT_TRUE(stack.resolver_servers.empty());
}

TEST_F(NetworkInterfacesTest, SaysWhichInterfaceFailedWhenThereAreSeveral) {
  first.open_error = Error(err::net_no_memory);
  EXPECT_EQ(configure(0).error(), err::net_no_memory);
  EXPECT_TRUE(console.shows("net0: DHCP failed: "));
  second.set_link(link::LinkState::down);
  EXPECT_EQ(configure(1).error(), err::net_no_link);
  EXPECT_TRUE(console.shows("net1: DHCP failed: "));
}

TEST_F(NetworkInterfacesTest, RefusesConfiguratorsThatThereAreNot) {
  EXPECT_EQ(configure(0, {.configurator = "ipv6"}).error(), err::app_unknown_configurator);
  EXPECT_FALSE(first.is_open());
}

TEST_F(NetworkInterfacesTest, KeepsTheDeadlineOfAScript) {
  const Instant start = sim.clock.now();
  EXPECT_EQ(configure(0, {.timeout = 3_s}).error(), err::async_timed_out);
  EXPECT_EQ((sim.clock.now() - start).count_s(), 3);
  EXPECT_TRUE(stack.sockets.empty());
}

TEST_F(NetworkInterfacesTest, LeavesNothingBehindWhenDhcpIsCancelled) {
  fake::At cancel(sim.loop, sim.after(2_s), [this] { sim.scope.cancel(); });
  EXPECT_EQ(configure(0).error().kind(), ErrorKind::cancelled);
  EXPECT_TRUE(stack.sockets.empty());
  EXPECT_EQ(settings.text("net0/ip"), "");
  EXPECT_FALSE(console.shows("DHCP failed")) << "the person knows who stopped it";
}

}  // namespace
}  // namespace kedge::app
