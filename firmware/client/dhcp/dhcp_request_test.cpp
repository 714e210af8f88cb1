// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "client/dhcp/dhcp_request.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "client/dhcp/dhcp_errors.h"
#include "client/dhcp/dhcp_packet.h"

namespace kedge::client {
namespace {

using namespace std::literals;

class DhcpRequestTest : public testing::Test {
 protected:
  DhcpRequestTest() { identity_.mac = *wire::MacAddress::parse("52:54:00:12:34:56"); }

  DhcpPacket written(const DhcpRequest& request = {}) {
    const auto message = write_dhcp_request(buffer_, identity_, request);
    EXPECT_TRUE(message.ok());
    return *DhcpPacket::parse(*message);
  }
  static std::string value(const DhcpPacket& packet, std::uint8_t code) {
    const auto option = packet.option(code);
    return option ? std::string(as_text(*option)) : "(absent)";
  }

  DhcpIdentity identity_;
  std::array<std::byte, wire::kDhcpRequestMax> buffer_;
};

TEST_F(DhcpRequestTest, DiscoverSaysWhatPxeServersLookFor) {
  identity_.uuid = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
  identity_.bus = DhcpBusId{0x1af4, 0x1041};
  const DhcpPacket packet = written({.transaction = 0x01020304, .seconds = 7});
  EXPECT_EQ(packet.header().operation, wire::BootpOperation::request);
  EXPECT_EQ(packet.header().transaction, 0x01020304u);
  EXPECT_EQ(packet.header().seconds, 7);
  EXPECT_EQ(packet.header().flags, 0);
  EXPECT_EQ(packet.header().mac(), identity_.mac);
  EXPECT_EQ(packet.type(), wire::DhcpMessageType::discover);
  EXPECT_EQ(value(packet, 57), "\x05\xc0"sv);  // 1472
  EXPECT_EQ(value(packet, 60), "PXEClient:Arch:00007:UNDI:003010");
  EXPECT_EQ(value(packet, 61), "\x01\x52\x54\x00\x12\x34\x56"sv);
  EXPECT_EQ(value(packet, 77), "iPXE") << "raw, without RFC 3004's length";
  EXPECT_EQ(value(packet, 93), "\x00\x07"sv);
  EXPECT_EQ(value(packet, 94), "\x01\x03\x0a"sv);
  EXPECT_EQ(value(packet, 97),
            "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10"sv);
  EXPECT_EQ(value(packet, 175),
            "\x13\x01\x01"                      // http
            "\x15\x01\x01"                      // tftp
            "\x17\x01\x01"                      // dns
            "\x24\x01\x01"                      // efi
            "\xb1\x05\x01\x1a\xf4\x10\x41"sv);  // bus id
  EXPECT_EQ(value(packet, 12), "(absent)");
  EXPECT_EQ(value(packet, 50), "(absent)");
  EXPECT_EQ(value(packet, 54), "(absent)");
  EXPECT_EQ(value(packet, 43), "(absent)");
}

TEST_F(DhcpRequestTest, MessageTypeIsTheFirstOption) {
  ASSERT_TRUE(write_dhcp_request(buffer_, identity_, {}).ok());
  EXPECT_EQ(as_text(ByteView(buffer_).subspan(wire::kDhcpHeaderBytes + 4, 3)), "\x35\x01\x01"sv);
}

TEST_F(DhcpRequestTest, ClasslessRoutesAreAskedForBeforeRouters) {  // RFC 3442
  const std::string list = value(written(), 55);
  EXPECT_LT(list.find('\x79'), list.find('\x03'));
  for (const char code : "\x01\x06\x0c\x0f\x11\x1a\x2a\x2b\x3c\x42\x43\x77\x80\x87\xaf\xcb"sv) {
    EXPECT_NE(list.find(code), std::string::npos) << static_cast<int>(code);
  }
}

TEST_F(DhcpRequestTest, OtherArchitecturesNameThemselves) {
  identity_.architecture = DhcpArchitecture::arm64_uefi;
  const DhcpPacket packet = written();
  EXPECT_EQ(value(packet, 60), "PXEClient:Arch:00011:UNDI:003010");
  EXPECT_EQ(value(packet, 93), "\x00\x0b"sv);
}

TEST_F(DhcpRequestTest, WhatIsSetIsSent) {
  identity_.user_class = "Mine";
  identity_.vendor_class = "Other";
  identity_.hostname = "vm1";
  identity_.client_id = {0, 'x'};
  const DhcpPacket packet = written({.broadcast = true});
  EXPECT_EQ(packet.header().flags, wire::Dhcp4Header::kBroadcastFlag);
  EXPECT_EQ(value(packet, 77), "Mine");
  EXPECT_EQ(value(packet, 60), "Other");
  EXPECT_EQ(value(packet, 12), "vm1");
  EXPECT_EQ(value(packet, 61), "\x00x"sv);
}

TEST_F(DhcpRequestTest, RequestNamesAddressServerAndBootItem) {
  const DhcpPacket packet = written({.type = wire::DhcpMessageType::request,
                                     .client = {10, 0, 0, 9},
                                     .requested = wire::Ipv4Address(10, 0, 0, 50),
                                     .server_id = wire::Ipv4Address(10, 0, 0, 1),
                                     .boot_item = wire::PxeBootItem{0x8001, 1}});
  EXPECT_EQ(packet.header().client, wire::Ipv4Address(10, 0, 0, 9));
  EXPECT_EQ(packet.address(50), wire::Ipv4Address(10, 0, 0, 50));
  EXPECT_EQ(packet.server_id(), wire::Ipv4Address(10, 0, 0, 1));
  EXPECT_EQ(value(packet, 43), "\x47\x04\x80\x01\x00\x01\xff"sv);
}

TEST_F(DhcpRequestTest, ReleaseSaysOnlyWhoAndWhere) {  // RFC 2131 table 5
  const DhcpPacket packet = written(
      {.type = wire::DhcpMessageType::release, .server_id = wire::Ipv4Address(10, 0, 0, 1)});
  EXPECT_EQ(packet.option_codes(), (std::vector<std::uint8_t>{53, 54, 61}));
}

TEST_F(DhcpRequestTest, TooLongIdentitiesAreRefused) {
  identity_.hostname.assign(255, 'h');
  EXPECT_EQ(write_dhcp_request(buffer_, identity_, {}).error(), err::dhcp_request_too_large);
  identity_.hostname.clear();
  identity_.features.assign(100, 1);
  EXPECT_EQ(write_dhcp_request(buffer_, identity_, {}).error(), err::dhcp_request_too_large);
}

}  // namespace
}  // namespace kedge::client
