// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "client/dhcp/dhcp_packet.h"

#include <gtest/gtest.h>

#include "client/dhcp/dhcp_test_bed.h"
#include "wire/wire_errors.h"

namespace kedge::client {
namespace {

using namespace std::literals;

DhcpPacket packet(const Reply& reply) {
  return *DhcpPacket::parse(reply.bytes(1, wire::MacAddress()));
}

TEST(DhcpPacket, JoinsOptionsThatCameInParts) {  // RFC 3396
  const DhcpPacket joined =
      packet({.options = {{17, std::string(300, 'r')}, {12, "host"}, {17, "tail"}}});
  EXPECT_EQ(joined.root_path(), std::string(300, 'r') + "tail");
  EXPECT_EQ(joined.text(12), "host");
  EXPECT_EQ(joined.option_codes(), (std::vector<std::uint8_t>{12, 17, 54}));
  EXPECT_FALSE(joined.option(13).has_value());
}

TEST(DhcpPacket, CopiesStandAlone) {
  DhcpPacket copy;
  {
    const DhcpPacket original = packet({.file = "boot.efi", .options = {{12, "host"}}});
    copy = original;
  }
  EXPECT_EQ(copy.text(12), "host");
  EXPECT_EQ(copy.filename(), "boot.efi");
  EXPECT_EQ(copy.bytes().size(), wire::kBootpMessageMin);
}

TEST(DhcpPacket, FilenameIsTheFieldOrOption67) {
  EXPECT_EQ(packet({.file = "field", .options = {{67, "option"}}}).filename(), "field");
  EXPECT_EQ(packet({.options = {{67, "option\0\0"s}}}).filename(), "option");
  EXPECT_EQ(packet({}).filename(), "");
}

TEST(DhcpPacket, ListsOfAddressesDropIncompleteOnes) {
  const DhcpPacket list = packet({.options = {{6, "\x0a\0\0\1\x0a\0\0\2\x0a"s}}});
  EXPECT_EQ(list.addresses(6),
            (std::vector{wire::Ipv4Address(10, 0, 0, 1), wire::Ipv4Address(10, 0, 0, 2)}));
  EXPECT_TRUE(list.addresses(42).empty());
}

TEST(DhcpPacket, PriorityIsSigned) {
  EXPECT_EQ(packet({.options = {{175, "\x01\x01\x05"s}}}).priority(), 5);
  EXPECT_EQ(packet({.options = {{175, "\x01\x01\xff"s}}}).priority(), -1);
  EXPECT_EQ(packet({}).priority(), 0);
  EXPECT_TRUE(packet({.options = {{175, "\xb0\x01\x01"s}}}).no_proxy_dhcp());
  EXPECT_FALSE(packet({.options = {{175, "\xb0\x01\x00"s}}}).no_proxy_dhcp());
}

TEST(DhcpPacket, KnowsWhatIsBootInformation) {
  EXPECT_FALSE(packet({}).has_boot_information());
  EXPECT_TRUE(packet({.file = "x"}).has_boot_information());
  EXPECT_TRUE(packet({.options = {{17, "iscsi:..."}}}).has_boot_information());
  const std::pair<std::uint8_t, std::string> menu{43, "\x09\x04\x80\x01\x01x"s};
  EXPECT_TRUE(packet({.options = {{60, "PXEClient"}, menu}}).has_boot_information());
  EXPECT_TRUE(
      packet({.options = {{60, "PXEClient"}, {43, "\x06\x01\x08"s}}}).has_boot_information())
      << "dnsmasq's, for UEFI clients: not to be asked on port 4011";
  EXPECT_FALSE(packet({.options = {{60, "PXEClient"}, {43, "\xdc\x01x"s}}}).has_boot_information())
      << "something else in option 43";
  EXPECT_FALSE(packet({.options = {menu}}).has_boot_information()) << "not a PXE server's";
  EXPECT_FALSE(
      packet({.options = {{60, "PXEClient"}, {43, "\x09\x07\x80"s}}}).has_boot_information())
      << "malformed";
}

TEST(DhcpPacket, MessagesOverTheAnnouncedSizeAreRefused) {
  std::vector<std::byte> message = Reply{}.bytes(1, {});
  message.resize(wire::kDhcpMessageMax);
  EXPECT_TRUE(DhcpPacket::parse(message).ok());
  message.resize(wire::kDhcpMessageMax + 1);
  EXPECT_EQ(DhcpPacket::parse(message).error(), err::wire_bad_dhcp);
}

}  // namespace
}  // namespace kedge::client
