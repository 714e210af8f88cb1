// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "client/tftp/tftp_servers.h"

#include <gtest/gtest.h>

using namespace kedge;

namespace {

wire::IpAddress server(std::uint8_t number) {
  return wire::Ipv4Address(10, 0, 0, number);
}

TEST(TftpServers, RemembersTheLatestOfEachServer) {
  client::TftpServers servers;
  EXPECT_EQ(servers.large_blocks(server(1)), std::nullopt);
  EXPECT_EQ(servers.large_blocks({}), std::nullopt);
  servers.remember(server(1), 65464);
  servers.remember(server(2), 0);
  servers.remember(server(1), 8192);
  EXPECT_EQ(servers.large_blocks(server(1)), 8192);
  EXPECT_EQ(servers.large_blocks(server(2)), 0);
  EXPECT_EQ(servers.large_blocks(server(3)), std::nullopt);
}

TEST(TftpServers, ForgetsTheOldestOfTooMany) {
  client::TftpServers servers;
  for (std::uint8_t i = 1; i <= 9; ++i) servers.remember(server(i), i);
  EXPECT_EQ(servers.large_blocks(server(1)), std::nullopt);
  for (std::uint8_t i = 2; i <= 9; ++i) EXPECT_EQ(servers.large_blocks(server(i)), i);
}

}  // namespace
