// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "app/image_lease.h"

#include <gtest/gtest.h>

#include "client/dhcp/dhcp_test_bed.h"
#include "tests/fake/interface.h"

namespace kedge::app {
namespace {

constexpr wire::Ipv4Address kServer(192, 0, 2, 1);
constexpr wire::Ipv4Address kOwn(192, 0, 2, 50);

struct ImageLeaseTest : testing::Test {
  fake::FakeInterface interface;
  InterfaceSlot slot{interface, {}};

  ImageLeaseTest() {
    net::Ipv4Configuration configuration;
    configuration.address = kOwn;
    configuration.prefix_bits = 24;
    configuration.gateway = kServer;
    EXPECT_TRUE(interface.configure(configuration).ok());
  }
  static client::DhcpPacket packet(std::string file) {
    const client::Reply reply{
        .yours = kOwn, .next_server = kServer, .server_id = kServer, .file = std::move(file)};
    return *client::DhcpPacket::parse(reply.bytes(7, wire::MacAddress()));
  }
  void lease(std::string file) {
    slot.lease = *client::DhcpLease::from_packets(packet(std::move(file)), {}, {});
  }
  static client::DhcpPacket parse(const std::vector<std::byte>& bytes) {
    const auto parsed = client::DhcpPacket::parse(bytes);
    EXPECT_TRUE(parsed.ok());
    return *parsed;
  }
};

TEST_F(ImageLeaseTest, LeavesPacketsAloneThatNameTheImage) {
  lease("dir/grub.efi");
  const auto made = image_lease(slot, "tftp://192.0.2.1/dir/grub.efi");
  EXPECT_EQ(as_text(made.ack), as_text(slot.lease->dhcp.bytes()));
  EXPECT_EQ(made.configuration.address, kOwn);
}

// Servers put the name there for clients that ask for the option; shim does not look at it.
TEST_F(ImageLeaseTest, NamesTheImageInTheHeaderWhereTheServerUsedAnOption) {
  client::Reply reply{.yours = kOwn, .next_server = kServer, .server_id = kServer};
  reply.options.emplace_back(wire::dhcp_option::kBootFileName, "dir/shimx64.efi");
  const auto acknowledged = client::DhcpPacket::parse(reply.bytes(7, wire::MacAddress()));
  ASSERT_TRUE(acknowledged.ok());
  slot.lease = *client::DhcpLease::from_packets(*acknowledged, {}, {});
  const auto made = image_lease(slot, "tftp://192.0.2.1/dir/shimx64.efi");
  const auto message = wire::Dhcp4View::parse(made.ack);
  ASSERT_TRUE(message.ok());
  EXPECT_EQ(message->file(), "dir/shimx64.efi");
  EXPECT_EQ(message->header().server, kServer);
}

TEST_F(ImageLeaseTest, NamesTheImageThatAScriptHasChosen) {
  lease("kedge.efi");
  slot.lease->proxy = packet("proxy.efi");
  const auto made = image_lease(slot, "tftp://192.0.2.9/dir/shimx64.efi");
  EXPECT_EQ(parse(made.ack).filename(), "dir/shimx64.efi");
  EXPECT_EQ(parse(made.ack).header().server, wire::Ipv4Address(192, 0, 2, 9));
  EXPECT_EQ(parse(made.ack).header().yours, kOwn);
  EXPECT_EQ(parse(made.proxy_offer).filename(), "dir/shimx64.efi");
  EXPECT_TRUE(made.boot_server_reply.empty());
}

TEST_F(ImageLeaseTest, NamesOtherProtocolsByTheirUri) {
  lease("kedge.efi");
  auto made = image_lease(slot, "http://boot.test/dir/shimx64.efi");
  EXPECT_EQ(parse(made.ack).filename(), "http://boot.test/dir/shimx64.efi");
  EXPECT_EQ(parse(made.ack).header().server, kServer) << "somebody must be named";
  made = image_lease(slot, "tftp://192.0.2.9:6900/x");
  EXPECT_EQ(parse(made.ack).filename(), "tftp://192.0.2.9:6900/x");
}

TEST_F(ImageLeaseTest, MakesUpAnAnswerWhereThereWasNoDhcp) {
  const auto made = image_lease(slot, "tftp://192.0.2.1/grub.efi");
  const client::DhcpPacket ack = parse(made.ack);
  EXPECT_EQ(ack.type(), wire::DhcpMessageType::ack);
  EXPECT_EQ(ack.header().yours, kOwn);
  EXPECT_EQ(ack.header().mac(), interface.device().mac());
  EXPECT_EQ(ack.filename(), "grub.efi");
  EXPECT_EQ(ack.address(1), wire::Ipv4Address(255, 255, 255, 0));
  EXPECT_EQ(ack.address(3), kServer);
  EXPECT_TRUE(made.discover.empty());
}

}  // namespace
}  // namespace kedge::app
