// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "tests/e2e/rig/pcap.h"

#include <gtest/gtest.h>

namespace kedge::host::e2e {
namespace {

std::string le32(std::uint32_t value) {
  std::string text;
  for (int i = 0; i < 4; ++i) text += static_cast<char>(value >> (8 * i));
  return text;
}

std::string record(std::uint32_t at, std::string_view frame) {
  return le32(at) + le32(500'000) + le32(static_cast<std::uint32_t>(frame.size())) +
         le32(static_cast<std::uint32_t>(frame.size())) + std::string(frame);
}

std::string file_header() {
  return le32(0xa1b2c3d4) + std::string(20, '\0');
}

// An Ethernet frame with a DHCP message of this type and the option 77 "iPXE".
std::string dhcp_frame(char type) {
  std::string dhcp(240, '\0');
  dhcp.replace(28, 6, "\x52\x54\x00\x12\x34\x56", 6);
  dhcp += std::string("\x00\x35\x01", 3) + type + "\x4d\x04iPXE\xff";
  const std::string ethernet = std::string(12, '\0') + std::string("\x08\x00", 2);
  std::string ip = std::string("\x45") + std::string(8, '\0') + '\x11' + std::string(10, '\0');
  const std::string udp = std::string("\x00\x44\x00\x43\x00\x00\x00\x00", 8);
  return ethernet + ip + udp + dhcp;
}

TEST(Pcap, FindsDhcpMessages) {
  const auto frames = parse_pcap(file_header() + record(7, dhcp_frame(1)) + record(8, "other") +
                                 record(9, dhcp_frame(3)));
  ASSERT_TRUE(frames);
  ASSERT_EQ(frames->size(), 3);
  EXPECT_DOUBLE_EQ((*frames)[0].at, 7.5);
  const auto messages = find_dhcp(*frames);
  ASSERT_EQ(messages.size(), 2);
  EXPECT_EQ(messages[0].type, kDhcpDiscover);
  EXPECT_EQ(messages[0].client, "52:54:00:12:34:56");
  EXPECT_EQ(messages[0].user_class, "iPXE");
  EXPECT_EQ(count_dhcp(messages, kDhcpRequest), 1);
}

TEST(Pcap, ATruncatedFileGivesWhatIsThere) {
  const std::string whole = file_header() + record(7, dhcp_frame(1)) + record(8, dhcp_frame(3));
  for (std::size_t size = 24; size < whole.size(); ++size) {
    const auto frames = parse_pcap(std::string_view(whole).substr(0, size));
    ASSERT_TRUE(frames);
    EXPECT_LT(frames->size(), 2);
  }
}

TEST(Pcap, RefusesOtherFiles) {
  EXPECT_FALSE(parse_pcap("not a capture, but long enough to be one"));
}

}  // namespace
}  // namespace kedge::host::e2e
