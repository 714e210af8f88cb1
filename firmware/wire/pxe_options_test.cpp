// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "wire/pxe_options.h"

#include <gtest/gtest.h>

#include <string>

#include "wire/wire_errors.h"

namespace kedge::wire {
namespace {

using namespace std::literals;

TEST(PxeOptions, MenuServersAndPromptAreRead) {
  const std::string value =
      "\x06\x01\x0b"s                                  // no broadcast, no multicast, skip
      "\x07\x04\xe0\x00\x01\x02"s                      // multicast 224.0.1.2
      "\x08\x0b\x80\x01\x02\x0a\0\0\x01\x0a\0\0\x02"s  // type 0x8001 at 10.0.0.1 and 10.0.0.2
      "\x09\x10\x80\x01\x05Linux\x00\x00\x05Local"s    // two menu lines
      "\x0a\x06\x0aPress"s                             // prompt for 10 s
      "\x47\x04\x80\x01\x00\x02\xff"s;                 // boot item, layer 2
  const auto options = PxeOptions::parse(as_byte_view(value));
  ASSERT_TRUE(options.ok());
  EXPECT_TRUE(options->control->broadcast_disabled());
  EXPECT_TRUE(options->control->multicast_disabled());
  EXPECT_FALSE(options->control->listed_servers_only());
  EXPECT_TRUE(options->skip_discovery());
  EXPECT_EQ(options->multicast, Ipv4Address(224, 0, 1, 2));
  EXPECT_EQ(options->prompt->timeout_s, 10);
  EXPECT_EQ(options->prompt->text, "Press");
  EXPECT_EQ(options->item, (PxeBootItem{0x8001, 2}));

  PxeBootServerReader servers(options->boot_servers);
  const auto server = servers.next();
  ASSERT_TRUE(server.has_value());
  EXPECT_EQ(server->type, 0x8001);
  ASSERT_EQ(server->address_count(), 2u);
  EXPECT_EQ(server->address(0), Ipv4Address(10, 0, 0, 1));
  EXPECT_EQ(server->address(1), Ipv4Address(10, 0, 0, 2));
  EXPECT_FALSE(servers.next().has_value());

  PxeMenuReader menu(options->menu);
  EXPECT_EQ(menu.next()->text, "Linux");
  const auto local = menu.next();
  EXPECT_EQ(local->type, 0);
  EXPECT_EQ(local->text, "Local");
  EXPECT_FALSE(menu.next().has_value());
}

TEST(PxeOptions, ServersWithoutAddressesAreBroadcastFor) {
  PxeBootServerReader servers(as_byte_view("\x80\x01\x00"sv));
  EXPECT_EQ(servers.next()->address_count(), 0u);
  EXPECT_TRUE(servers.ok());
}

TEST(PxeOptions, UnknownSuboptionsAreIgnored) {
  const auto options = PxeOptions::parse(as_byte_view("\x01\x04\xe0\0\0\1\x7f\x01x\xff"sv));
  ASSERT_TRUE(options.ok());
  EXPECT_FALSE(options->has_menu());
  EXPECT_FALSE(options->skip_discovery());
}

TEST(PxeOptions, MalformedOnesAreRefusedByNumber) {
  const std::pair<std::string, std::uint32_t> cases[] = {
      {"\x06\x00"s, 6},
      {"\x07\x02\xe0\x00"s, 7},
      {"\x08\x05\x80\x01\x02\x0a\x00"s, 8},  // two addresses promised
      {"\x09\x04\x80\x01\x05x"s, 9},         // text longer than the suboption
      {"\x0a\x00"s, 10},
      {"\x47\x03\x80\x01\x00"s, 71},
      {"\x06\x02\x01"s, 0},  // truncated block
  };
  for (const auto& [value, number] : cases) {
    const auto options = PxeOptions::parse(as_byte_view(value));
    ASSERT_FALSE(options.ok()) << number;
    EXPECT_EQ(options.error(), err::wire_bad_pxe_options);
    EXPECT_EQ(options.error().detail(), number);
  }
}

TEST(PxeOptions, BootItemIsWrittenAsItIsRead) {
  std::byte buffer[8];
  ByteWriter writer(buffer);
  write_pxe_boot_item(writer, {0x8001, 3});
  const auto options = PxeOptions::parse(*writer.finish());
  ASSERT_TRUE(options.ok());
  EXPECT_EQ(options->item, (PxeBootItem{0x8001, 3}));
}

}  // namespace
}  // namespace kedge::wire
