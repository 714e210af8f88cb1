// SPDX-License-Identifier: BSD-2-Clause-Patent
// The GoogleTest fixture of the DHCP client's conversation tests.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/dhcp/dhcp_errors.h"
#include "client/dhcp/dhcp_test_bed.h"

namespace kedge::client {

inline const std::pair<std::uint8_t, std::string> kPxeClass{60, "PXEClient"};

class DhcpClientTest : public testing::Test, protected DhcpTestBed {
 protected:
  static Reply offer(Reply reply = {}) {
    reply.type = wire::DhcpMessageType::offer;
    return reply;
  }
  static Reply ack(Reply reply = {}) {
    reply.type = wire::DhcpMessageType::ack;
    return reply;
  }
  static Reply proxy_offer(std::string file = {}) {
    return offer({.yours = {},
                  .next_server = kProxy,
                  .server_id = kProxy,
                  .file = std::move(file),
                  .options = {kPxeClass}});
  }
  static bool is_discover(const Sent& message) {
    return message.packet.type() == wire::DhcpMessageType::discover;
  }
  /// A DHCP server that offers and confirms `reply`.
  void serve(const Reply& reply, Duration delay = Duration::milliseconds(1)) {
    server = [this, reply, delay](const Sent& request) {
      if (request.target.port != wire::kDhcpServerPort) return;
      answer(request, is_discover(request) ? offer(reply) : ack(reply), delay);
    };
  }
  void expect_clean() { EXPECT_TRUE(stack.sockets.empty()); }
};

}  // namespace kedge::client
