// SPDX-License-Identifier: BSD-2-Clause-Patent
// Discovery of PXE boot servers.
#include "client/dhcp/dhcp_client_fixture.h"

namespace kedge::client {
namespace {

using namespace std::literals;
using namespace kedge::literals;

class BootServerTest : public DhcpClientTest {
 protected:
  /// A lease whose proxy offers this option 43.
  DhcpLease menu_lease(const std::string& encapsulated) {
    const auto bytes = [this](Reply reply) {
      return reply.bytes(1, interface.idle_device.address);
    };
    auto dhcp = DhcpPacket::parse(bytes(ack()));
    auto proxy = DhcpPacket::parse(bytes(
        offer({.yours = {}, .server_id = kProxy, .options = {kPxeClass, {43, encapsulated}}})));
    return *DhcpLease::from_packets(*dhcp, *proxy, {});
  }
  Result<void> find(DhcpLease& lease, wire::PxeBootItem item = {0x8001, 0}) {
    DhcpClient client(stack, interface, identity, settings);
    return sim.run(client.find_boot_server(lease, item));
  }
  static Reply boot_reply(wire::Ipv4Address id, std::string item = "\x47\x04\x80\x01\0\0"s) {
    return ack({.yours = {},
                .next_server = id,
                .server_id = id,
                .file = "pxe.efi",
                .options = {kPxeClass, {43, std::move(item)}}});
  }
};

TEST_F(BootServerTest, ListedServersAreAskedInTurn) {
  // No multicast, no broadcast, listed servers only: 10.0.0.7 and 10.0.0.8.
  DhcpLease lease = menu_lease("\x06\x01\x07\x08\x0b\x80\x01\x02\x0a\0\0\x07\x0a\0\0\x08"s);
  const wire::Ipv4Address second(10, 0, 0, 8);
  server = [&](const Sent& request) {
    if (request.target.address != second) return;
    answer(request, boot_reply({10, 0, 0, 9}));                    // not on the list
    answer(request, boot_reply(second, "\x47\x04\x80\x02\0\0"s));  // another type
    answer(request, boot_reply(second), 1_ms);
  };
  ASSERT_TRUE(find(lease).ok());
  EXPECT_EQ(elapsed(), 3_s + 1_ms);  // 1 + 2 s for the first server
  EXPECT_EQ(lease.boot.source, BootSource::boot_server);
  EXPECT_EQ(lease.boot.filename, "pxe.efi");
  EXPECT_EQ(lease.boot.next_server, second);
  EXPECT_EQ(sent[0].target, (wire::Endpoint{wire::Ipv4Address(10, 0, 0, 7), wire::kPxePort}));
  EXPECT_EQ(as_text(*sent[0].packet.option(43)), "\x47\x04\x80\x01\0\0\xff"sv);
  EXPECT_EQ(sent[0].packet.header().client, kOurs);
  expect_clean();
}

TEST_F(BootServerTest, MulticastAndBroadcastComeFirst) {
  DhcpLease lease = menu_lease("\x07\x04\xe0\0\x01\x02\x08\x07\x80\x01\x01\x0a\0\0\x07"s);
  EXPECT_EQ(find(lease).error(), err::dhcp_boot_server_silent);
  ASSERT_EQ(sent.size(), 6u);
  EXPECT_EQ(sent[0].target, (wire::Endpoint{wire::Ipv4Address(224, 0, 1, 2), wire::kPxePort}));
  EXPECT_EQ(sent[2].target, (wire::Endpoint{wire::Ipv4Address::broadcast(), 67}));
  EXPECT_EQ(sent[4].target, (wire::Endpoint{wire::Ipv4Address(10, 0, 0, 7), wire::kPxePort}));
  EXPECT_EQ(lease.boot.source, BootSource::none);
}

TEST_F(BootServerTest, NoWayToAskIsAnError) {
  DhcpLease lease = menu_lease("\x06\x01\x03"s);
  EXPECT_EQ(find(lease).error(), err::dhcp_no_boot_server);
  DhcpLease plain = *DhcpLease::from_packets(lease.dhcp, {}, {});
  EXPECT_EQ(find(plain).error(), err::dhcp_no_boot_server);
  EXPECT_TRUE(sent.empty());
}

TEST_F(BootServerTest, ASearchOfTheCallersOwnTellsWhatWasSentAndReceived) {
  const wire::Ipv4Address right(10, 0, 0, 7);
  server = [&](const Sent& request) {
    answer(request, boot_reply({10, 0, 0, 9}));
    answer(request, boot_reply(right), 1_ms);
  };
  BootServerSearch search;
  search.item = {0x8001, 0};
  search.broadcast = true;
  search.accepted = {right};
  DhcpClient client(stack, interface, identity, settings);
  const auto found = sim.run(client.find_boot_server(search, kOurs));
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->reply.server_id(), right);
  const auto request = DhcpPacket::parse(found->request);
  ASSERT_TRUE(request.ok());
  EXPECT_EQ(request->header().client, kOurs);
  EXPECT_EQ(request->header().transaction, found->reply.header().transaction);
  search.broadcast = false;
  EXPECT_EQ(sim.run(client.find_boot_server(search, kOurs)).error(), err::dhcp_no_boot_server);
  expect_clean();
}

TEST_F(BootServerTest, CancellationIsPassedOn) {
  DhcpLease lease = menu_lease("\x08\x03\x80\x01\x00"s);
  at(500_ms, [this] { sim.scope.cancel(); });
  EXPECT_EQ(find(lease).error(), err::async_cancelled);
  expect_clean();
}

}  // namespace
}  // namespace kedge::client
