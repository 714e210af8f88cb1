// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "wire/dhcp4.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "wire/wire_errors.h"

namespace kedge::wire {
namespace {

using namespace std::literals;

/// An offer with the given options field; `file` and `sname` as raw bytes.
std::string offer(std::string_view options, std::string file = {}, std::string server_name = {}) {
  file.resize(128);
  server_name.resize(64);
  return "\x02\x01\x06\x00"  // BOOTREPLY, Ethernet, 6 octets, no hops
         "\xde\xad\xbe\xef"  // xid
         "\x00\x05\x80\x00"  // secs 5, broadcast
         "\x00\x00\x00\x00"  // ciaddr
         "\x0a\x00\x00\x0a"  // yiaddr 10.0.0.10
         "\x0a\x00\x00\x02"  // siaddr 10.0.0.2
         "\x0a\x00\x00\x03"  // giaddr 10.0.0.3
         "\x52\x54\x00\x12\x34\x56\0\0\0\0\0\0\0\0\0\0"s +
         server_name + file + "\x63\x82\x53\x63" + std::string(options);
}

TEST(Dhcp4, FixedFieldsAreRead) {
  const std::string message = offer("\x35\x01\x02\xff"s, "boot.efi", "server");
  const auto view = Dhcp4View::parse(as_byte_view(message));
  ASSERT_TRUE(view.ok());
  const Dhcp4Header& header = view->header();
  EXPECT_EQ(header.operation, BootpOperation::reply);
  EXPECT_EQ(header.transaction, 0xdeadbeefu);
  EXPECT_EQ(header.seconds, 5);
  EXPECT_EQ(header.flags, Dhcp4Header::kBroadcastFlag);
  EXPECT_EQ(header.yours, Ipv4Address(10, 0, 0, 10));
  EXPECT_EQ(header.server, Ipv4Address(10, 0, 0, 2));
  EXPECT_EQ(header.gateway, Ipv4Address(10, 0, 0, 3));
  EXPECT_EQ(header.mac(), *MacAddress::parse("52:54:00:12:34:56"));
  EXPECT_EQ(view->file(), "boot.efi");
  EXPECT_EQ(view->server_name(), "server");
  EXPECT_EQ(view->type(), DhcpMessageType::offer);
}

TEST(Dhcp4, HardwareAddressesOfOtherLinksAreNoMac) {
  std::string message = offer("\xff"s);
  message[2] = 16;
  EXPECT_TRUE(Dhcp4View::parse(as_byte_view(message))->header().mac().is_zero());
  message = offer("\xff"s);
  message[1] = 32;
  EXPECT_TRUE(Dhcp4View::parse(as_byte_view(message))->header().mac().is_zero());
}

TEST(Dhcp4, BootpWithoutOptionsIsAccepted) {
  std::string message = offer("", "boot.efi");
  message.resize(kDhcpHeaderBytes);
  const auto view = Dhcp4View::parse(as_byte_view(message));
  ASSERT_TRUE(view.ok());
  EXPECT_FALSE(view->has_options());
  EXPECT_FALSE(view->type().has_value());
  EXPECT_EQ(view->file(), "boot.efi");
  message.resize(300);  // a vendor area without the cookie
  EXPECT_FALSE(Dhcp4View::parse(as_byte_view(message))->has_options());
}

TEST(Dhcp4, ShortMessagesAndOtherOperationsAreRefused) {
  std::string message = offer("\xff"s);
  EXPECT_EQ(Dhcp4View::parse(as_byte_view(std::string_view(message).substr(0, 235))).error(),
            err::wire_bad_dhcp);
  message[0] = 3;
  EXPECT_EQ(Dhcp4View::parse(as_byte_view(message)).error(), err::wire_bad_dhcp);
}

TEST(Dhcp4, PadAndEndAreNoOptions) {
  const std::string message = offer("\0\0\x35\x01\x02\0\x36\x04\x0a\0\0\x02\xff\x0c\x01x"s);
  const auto view = Dhcp4View::parse(as_byte_view(message));
  Dhcp4OptionWalk walk(*view);
  EXPECT_EQ(walk.next()->code, dhcp_option::kMessageType);
  EXPECT_EQ(walk.next()->code, dhcp_option::kServerId);
  EXPECT_FALSE(walk.next().has_value()) << "what follows END is not read";
}

TEST(Dhcp4, MissingEndIsTolerated) {
  const std::string message = offer("\x35\x01\x02"s);
  EXPECT_EQ(Dhcp4View::parse(as_byte_view(message))->type(), DhcpMessageType::offer);
}

TEST(Dhcp4, TruncatedLastOptionIsDroppedAndReported) {
  for (const std::string& block : {"\x35\x01\x02\x0c\x05"
                                   "abc"s,
                                   "\x35\x01\x02\x0c"s}) {
    DhcpOptionReader reader(as_byte_view(block));
    EXPECT_EQ(reader.next()->code, dhcp_option::kMessageType);
    EXPECT_FALSE(reader.next().has_value());
    EXPECT_TRUE(reader.truncated());
  }
}

TEST(Dhcp4, OverloadedFileAndServerNameHoldOptions) {
  const std::string message = offer("\x34\x01\x03\x35\x01\x02\xff"s,  // overload: both
                                    "\x43\x03"
                                    "abc\xff"s,  // file: option 67, part 1
                                    "\x43\x03"
                                    "def\x0c\x01h\xff"s);  // sname: 67, part 2, and 12
  const auto view = Dhcp4View::parse(as_byte_view(message));
  ASSERT_TRUE(view.ok());
  EXPECT_EQ(view->file(), "");
  EXPECT_EQ(view->server_name(), "");
  EXPECT_EQ(as_text(*view->option(dhcp_option::kBootFileName)), "abc");
  EXPECT_EQ(as_text(*view->option(dhcp_option::kHostName)), "h");
  std::string joined;
  Dhcp4OptionWalk walk(*view);
  while (const auto option = walk.next()) {
    if (option->code == dhcp_option::kBootFileName) joined += as_text(option->value);
  }
  EXPECT_EQ(joined, "abcdef") << "RFC 3396: file comes before sname";
}

TEST(Dhcp4, OverloadOfOneFieldLeavesTheOtherAsText) {
  const std::string message = offer("\x34\x01\x02\xff"s, "boot.efi", "\x0c\x01h\xff"s);
  const auto view = Dhcp4View::parse(as_byte_view(message));
  EXPECT_EQ(view->file(), "boot.efi");
  EXPECT_EQ(view->server_name(), "");
  EXPECT_EQ(as_text(*view->option(dhcp_option::kHostName)), "h");
}

TEST(Dhcp4, OverloadInsideAnOverloadedFieldIsIgnored) {
  const std::string message = offer("\x34\x01\x01\xff"s, "\x34\x01\x03\xff"s, "server");
  EXPECT_EQ(Dhcp4View::parse(as_byte_view(message))->server_name(), "server");
}

TEST(Dhcp4, FileWithoutNulIsTakenWhole) {
  const std::string message = offer("\xff"s, std::string(128, 'f'));
  EXPECT_EQ(Dhcp4View::parse(as_byte_view(message))->file(), std::string(128, 'f'));
}

TEST(Dhcp4, BuilderWritesWhatTheViewReads) {
  std::byte buffer[kDhcpRequestMax];
  Dhcp4Header header;
  header.transaction = 0x01020304;
  header.seconds = 7;
  header.set_mac(*MacAddress::parse("52:54:00:12:34:56"));
  Dhcp4Builder builder(buffer, header, "name", "file");
  builder.type(DhcpMessageType::discover);
  builder.option_u16(dhcp_option::kMaximumMessageSize, 1472);
  builder.option_address(dhcp_option::kRequestedAddress, Ipv4Address(10, 0, 0, 9));
  builder.option_text(dhcp_option::kHostName, "vm");
  const auto message = builder.finish();
  ASSERT_TRUE(message.ok());
  EXPECT_EQ(message->size(), kBootpMessageMin);
  const auto view = Dhcp4View::parse(*message);
  ASSERT_TRUE(view.ok());
  EXPECT_EQ(view->header().transaction, 0x01020304u);
  EXPECT_EQ(view->header().mac(), *MacAddress::parse("52:54:00:12:34:56"));
  EXPECT_EQ(view->file(), "file");
  EXPECT_EQ(view->server_name(), "name");
  EXPECT_EQ(dhcp_u16(*view->option(57)), 1472);
  EXPECT_EQ(dhcp_address(*view->option(50)), Ipv4Address(10, 0, 0, 9));
  EXPECT_EQ(dhcp_text(*view->option(12)), "vm");
}

TEST(Dhcp4, BuilderSplitsLongOptions) {
  std::vector<std::byte> buffer(kDhcpMessageMax);
  Dhcp4Builder builder(buffer, {});
  builder.option_text(dhcp_option::kRootPath, std::string(300, 'r'));
  const auto message = builder.finish();
  const auto view = Dhcp4View::parse(*message);
  Dhcp4OptionWalk walk(*view);
  EXPECT_EQ(walk.next()->value.size(), 255u);
  EXPECT_EQ(walk.next()->value.size(), 45u);
  EXPECT_FALSE(walk.next().has_value());
}

TEST(Dhcp4, BuilderRefusesWhatDoesNotFit) {
  std::byte buffer[kDhcpRequestMax];
  Dhcp4Builder builder(buffer, {});
  builder.option_text(dhcp_option::kRootPath, std::string(320, 'r'));
  EXPECT_EQ(builder.finish().error(), err::base_no_space);
}

TEST(DhcpValues, NeedTheirLength) {
  const std::string bytes = "\x01\x02\x03\x04\x05"s;
  EXPECT_EQ(dhcp_u32(as_byte_view(bytes)), 0x01020304u) << "repeats count as the first";
  EXPECT_FALSE(dhcp_u32(as_byte_view("\1\2\3"sv)).has_value());
  EXPECT_FALSE(dhcp_u16(as_byte_view("\1"sv)).has_value());
  EXPECT_FALSE(dhcp_u8({}).has_value());
  EXPECT_EQ(dhcp_text(as_byte_view("abc\0def"sv)), "abc");
}

TEST(ClasslessRoutes, FollowTheDescriptorsOfRfc3442) {
  const std::string value =
      "\x00\x0a\x00\x00\x01"s                   // 0.0.0.0/0 via 10.0.0.1
      "\x08\x0a\x0a\x00\x00\x02"s               // 10.0.0.0/8 via 10.0.0.2
      "\x10\xac\x10\x00\x00\x00\x00"s           // 172.16.0.0/16 on link
      "\x19\xc0\xa8\x01\xff\x0a\x00\x00\x03"s   // 192.168.1.128/25 via 10.0.0.3, stray bits
      "\x20\xc0\xa8\x02\x07\x0a\x00\x00\x04"s;  // 192.168.2.7/32 via 10.0.0.4
  ClasslessRouteReader reader(as_byte_view(value));
  EXPECT_EQ(reader.next(), (ClasslessRoute{{Ipv4Address(), 0}, Ipv4Address(10, 0, 0, 1)}));
  EXPECT_EQ(reader.next(),
            (ClasslessRoute{{Ipv4Address(10, 0, 0, 0), 8}, Ipv4Address(10, 0, 0, 2)}));
  EXPECT_EQ(reader.next(), (ClasslessRoute{{Ipv4Address(172, 16, 0, 0), 16}, Ipv4Address()}));
  EXPECT_EQ(reader.next(),
            (ClasslessRoute{{Ipv4Address(192, 168, 1, 128), 25}, Ipv4Address(10, 0, 0, 3)}));
  EXPECT_EQ(reader.next(),
            (ClasslessRoute{{Ipv4Address(192, 168, 2, 7), 32}, Ipv4Address(10, 0, 0, 4)}));
  EXPECT_FALSE(reader.next().has_value());
  EXPECT_TRUE(reader.ok());
}

TEST(ClasslessRoutes, AreRefusedWhenMalformed) {
  for (const std::string& value :
       {"\x21\1\2\3\4\1\2\3\4"s, "\x18\x0a\x00"s, "\x08\x0a\x0a\x00\x00"s}) {
    ClasslessRouteReader reader(as_byte_view(value));
    while (reader.next()) {
    }
    EXPECT_FALSE(reader.ok());
  }
}

TEST(DomainSearch, MayBeCompressed) {
  // RFC 3397's example: eng.apple.com. marketing.apple.com.
  const std::string value = "\3eng\5apple\3com\0\x09marketing\xc0\x04"s;
  DomainSearchReader reader(as_byte_view(value));
  EXPECT_EQ(*reader.next(), *DnsName::parse("eng.apple.com"));
  EXPECT_EQ(*reader.next(), *DnsName::parse("marketing.apple.com"));
  EXPECT_FALSE(reader.next().has_value());
  EXPECT_TRUE(reader.ok());
}

TEST(DomainSearch, StopsAtMalformedNames) {
  DomainSearchReader reader(as_byte_view("\3eng\0\x09mark"sv));
  EXPECT_TRUE(reader.next().has_value());
  EXPECT_FALSE(reader.next().has_value());
  EXPECT_FALSE(reader.ok());
}

}  // namespace
}  // namespace kedge::wire
