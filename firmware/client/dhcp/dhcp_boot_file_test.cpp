// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "client/dhcp/dhcp_boot_file.h"

#include <gtest/gtest.h>

#include "client/dhcp/dhcp_errors.h"
#include "client/dhcp/dhcp_test_bed.h"

namespace kedge::client {
namespace {

using namespace std::literals;

constexpr wire::Ipv4Address kServer(192, 0, 2, 9);

DhcpPacket packet(const Reply& reply) {
  return *DhcpPacket::parse(reply.bytes(1, wire::MacAddress()));
}

TEST(DhcpBootFile, ReplacesServerAndFileAndKeepsTheRest) {
  const DhcpPacket original =
      packet({.yours = wire::Ipv4Address(192, 0, 2, 50),
              .file = "kedge.efi",
              .options = {{12, "host"}, {66, "elsewhere"}, {67, "other"}, {43, "\x06\x01\x08"s}}});
  const auto bytes = with_boot_file(original, kServer, "dir/shimx64.efi");
  ASSERT_TRUE(bytes.ok());
  const auto changed = DhcpPacket::parse(*bytes);
  ASSERT_TRUE(changed.ok());
  EXPECT_EQ(changed->filename(), "dir/shimx64.efi");
  EXPECT_EQ(changed->header().server, kServer);
  EXPECT_EQ(changed->server_name(), "");
  EXPECT_EQ(changed->header().yours, wire::Ipv4Address(192, 0, 2, 50));
  EXPECT_EQ(changed->header().transaction, original.header().transaction);
  EXPECT_EQ(changed->type(), original.type());
  EXPECT_EQ(changed->text(12), "host");
  EXPECT_EQ(as_text(*changed->option(43)), "\x06\x01\x08"sv);
  EXPECT_FALSE(changed->option(66).has_value());
  EXPECT_FALSE(changed->option(67).has_value());
}

TEST(DhcpBootFile, PutsALongNameIntoAnOption) {
  const std::string name = "http://boot.test/" + std::string(300, 'd') + "/shimx64.efi";
  const auto bytes = with_boot_file(packet({.file = "kedge.efi"}), kServer, name);
  ASSERT_TRUE(bytes.ok());
  EXPECT_EQ(DhcpPacket::parse(*bytes)->filename(), name);
}

TEST(DhcpBootFile, SaysWhenItDoesNotFit) {
  const auto bytes = with_boot_file(packet({}), kServer, std::string(1500, 'x'));
  ASSERT_FALSE(bytes.ok());
  EXPECT_EQ(bytes.error(), err::dhcp_request_too_large);
}

}  // namespace
}  // namespace kedge::client
