// SPDX-License-Identifier: BSD-2-Clause-Patent
// Conversations with scripted DHCP servers on simulated time.
#include "client/dhcp/dhcp_client_fixture.h"

namespace kedge::client {
namespace {

using namespace std::literals;
using namespace kedge::literals;
using testing::ElementsAre;
using wire::DhcpMessageType;

TEST_F(DhcpClientTest, BootInformationInTheOfferEndsDiscoveryAtOnce) {
  serve({.next_server = {10, 0, 0, 2}, .file = "boot.efi", .options = {{1, "\xff\xff\xff\0"s}}});
  const auto lease = acquire();
  ASSERT_TRUE(lease.ok());
  EXPECT_EQ(lease->boot.filename, "boot.efi");
  EXPECT_EQ(elapsed(), 2_ms) << "two round trips and nothing else";
  EXPECT_EQ(interface.ipv4().address, kOurs);
  EXPECT_EQ(interface.ipv4().prefix_bits, 24);
  EXPECT_TRUE(interface.is_open());
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_EQ(sent[0].target, (wire::Endpoint{wire::Ipv4Address::broadcast(), 67}));
  EXPECT_EQ(sent[1].target, (wire::Endpoint{wire::Ipv4Address::broadcast(), 67}));
  EXPECT_EQ(sent[1].packet.type(), DhcpMessageType::request);
  EXPECT_EQ(sent[1].packet.address(50), kOurs);
  EXPECT_EQ(sent[1].packet.server_id(), kServer);
  EXPECT_TRUE(sent[1].packet.header().client.is_any());
  EXPECT_EQ(sent[1].packet.header().transaction, sent[0].packet.header().transaction);
  EXPECT_THAT(progress,
              ElementsAre("DHCP: DISCOVER sent, try 1 of 4", "DHCP: 10.0.0.1 offers 10.0.0.50",
                          "DHCP: REQUEST sent, try 1 of 5", "DHCP: 10.0.0.50 from 10.0.0.1"));
  expect_clean();
}

TEST_F(DhcpClientTest, SocketIsBoundToTheInterfaceAndThePort) {
  serve({.file = "boot.efi"});
  const auto inner = stack.on_udp;
  stack.on_udp = [&](fake::FakeUdpSocket& socket, wire::Endpoint target, ByteView payload) {
    EXPECT_EQ(socket.options().interface, &interface);
    EXPECT_EQ(socket.options().local_port, wire::kDhcpClientPort);
    EXPECT_TRUE(socket.options().broadcast);
    inner(socket, target, payload);
  };
  EXPECT_TRUE(acquire().ok());
}

TEST_F(DhcpClientTest, LostMessagesAreSentAgainWithDoubledWaits) {
  int lost = 0;
  server = [&](const Sent& request) {
    if (++lost == 2 || lost == 4) {
      answer(request, is_discover(request) ? offer({.file = "x"}) : ack({.file = "x"}));
    }
  };
  ASSERT_TRUE(acquire().ok());
  ASSERT_EQ(sent.size(), 4u);
  EXPECT_EQ(sent[1].at - sent[0].at, 1_s);
  EXPECT_EQ(sent[1].packet.header().seconds, 1);
  EXPECT_EQ(sent[2].packet.header().seconds, 1) << "RFC 2131 3.1: as in the DISCOVER";
  EXPECT_EQ(sent[3].at - sent[2].at, 500_ms);
}

TEST_F(DhcpClientTest, SilenceIsReportedAfterAllTries) {
  const auto lease = acquire();
  ASSERT_FALSE(lease.ok());
  EXPECT_EQ(lease.error(), err::dhcp_no_answer);
  EXPECT_EQ(elapsed(), 15_s);
  EXPECT_EQ(count(DhcpMessageType::discover), 4u);
  EXPECT_EQ(progress.back(), "DHCP: DISCOVER sent, try 4 of 4");
  expect_clean();
}

TEST_F(DhcpClientTest, TriesAndTimesAreSettable) {
  settings.discover_first = 4_s;
  settings.discover_tries = 2;
  EXPECT_FALSE(acquire().ok());
  EXPECT_EQ(elapsed(), 12_s);
}

TEST_F(DhcpClientTest, OffersWithoutAddressHaveTheirOwnError) {
  serve({.yours = {}});
  EXPECT_EQ(acquire().error(), err::dhcp_no_address);
}

TEST_F(DhcpClientTest, SendFailuresAreReportedAsSuch) {
  identity.hostname.assign(400, 'h');
  EXPECT_EQ(acquire().error(), err::dhcp_request_too_large);
  expect_clean();
}

TEST_F(DhcpClientTest, RefusalStartsAgainAndPrefersOthers) {
  server = [this](const Sent& request) {
    if (is_discover(request)) {
      answer(request, offer({.file = "x"}), 1_ms);
      answer(request, offer({.yours = {10, 0, 0, 60}, .server_id = kProxy, .file = "y"}), 5_ms);
    } else if (request.packet.server_id() == kServer) {
      answer(request, {.type = DhcpMessageType::nak, .yours = {}}, 1_ms);
    } else {
      answer(request, ack({.yours = {10, 0, 0, 60}, .server_id = kProxy, .file = "y"}), 1_ms);
    }
  };
  const auto lease = acquire();
  ASSERT_TRUE(lease.ok());
  EXPECT_EQ(lease->address.address, wire::Ipv4Address(10, 0, 0, 60));
  EXPECT_NE(sent[0].packet.header().transaction, sent[2].packet.header().transaction);
}

TEST_F(DhcpClientTest, RepeatedRefusalIsAnError) {
  server = [this](const Sent& request) {
    if (is_discover(request)) return answer(request, offer({.file = "x"}));
    answer(request, {.type = DhcpMessageType::nak, .yours = {}});
  };
  EXPECT_EQ(acquire().error(), err::dhcp_refused);
  EXPECT_EQ(count(DhcpMessageType::discover), 4u);
  EXPECT_TRUE(interface.ipv4().address.is_any());
}

TEST_F(DhcpClientTest, RefusalByAnotherServerIsIgnored) {
  server = [this](const Sent& request) {
    if (is_discover(request)) return answer(request, offer({.file = "x"}));
    answer(request, {.type = DhcpMessageType::nak, .yours = {}, .server_id = kProxy});
    answer(request, ack({.file = "x"}), 1_ms);
  };
  EXPECT_TRUE(acquire().ok());
  EXPECT_EQ(count(DhcpMessageType::discover), 1u);
}

TEST_F(DhcpClientTest, VanishedServerIsAnErrorOfItsOwn) {
  bool first = true;
  server = [&](const Sent& request) {
    if (is_discover(request) && std::exchange(first, false)) answer(request, offer({.file = "x"}));
  };
  EXPECT_EQ(acquire().error(), err::dhcp_server_vanished) << "not: no DHCP server answered";
}

TEST_F(DhcpClientTest, HighestPriorityWinsWhereTheFirstServerDefersToOthers) {
  const Reply low{.file = "low", .options = {{175, "\x01\x01\xff"s}}};
  const Reply high{.yours = {10, 0, 0, 60}, .server_id = kProxy, .file = "high"};
  server = [&](const Sent& request) {
    if (is_discover(request)) {
      answer(request, offer(low), 1_ms);
      answer(request, offer(high), 30_ms);
    } else if (request.packet.server_id() == kProxy) {
      answer(request, ack(high), 1_ms);
    }
  };
  EXPECT_EQ(acquire()->boot.filename, "high");
  EXPECT_EQ(elapsed(), 31_ms);
}

TEST_F(DhcpClientTest, BootpRepliesNeedNoRequest) {
  server = [this](const Sent& request) {
    answer(request, {.next_server = {10, 0, 0, 2}, .server_id = {}, .file = "boot"}, 1_ms);
  };
  const auto lease = acquire();
  ASSERT_TRUE(lease.ok());
  EXPECT_EQ(lease->boot.filename, "boot");
  EXPECT_TRUE(lease->server_id.is_any());
  EXPECT_EQ(sent.size(), 1u);
}

TEST_F(DhcpClientTest, RepliesToOthersAreIgnored) {
  const wire::MacAddress other({0x52, 0x54, 0x00, 0x12, 0x34, 0x57});
  server = [&](const Sent& request) {
    const std::uint32_t transaction = request.packet.header().transaction;
    const Reply reply = offer({.file = "x"});
    const wire::MacAddress mac = interface.idle_device.address;
    answer_bytes(reply.bytes(transaction + 1, mac), kServer);
    answer_bytes(reply.bytes(transaction, other), kServer);
    auto request_echo = reply.bytes(transaction, mac);
    request_echo[0] = std::byte{1};
    answer_bytes(request_echo, kServer);
    auto oversized = reply.bytes(transaction, mac);
    oversized.resize(wire::kDhcpMessageMax + 1);
    answer_bytes(oversized, kServer);
    answer_bytes({std::byte{2}, std::byte{1}}, kServer);
    answer_bytes({}, kServer);
  };
  EXPECT_EQ(acquire().error(), err::dhcp_no_answer);
}

TEST_F(DhcpClientTest, AcknowledgementsWithoutAddressOrFromOthersAreIgnored) {
  server = [this](const Sent& request) {
    if (is_discover(request)) return answer(request, offer({.file = "x"}));
    answer(request, ack({.yours = {}}));
    answer(request, ack({.server_id = kProxy}));
  };
  settings.restarts = 0;
  EXPECT_EQ(acquire().error(), err::dhcp_server_vanished);
  EXPECT_EQ(count(DhcpMessageType::request), 5u);
}

TEST_F(DhcpClientTest, DuplicatesChangeNothing) {
  server = [this](const Sent& request) {
    for (int i = 0; i < 50; ++i) {
      answer(request, is_discover(request) ? offer({.file = "x"}) : ack({.file = "x"}));
    }
  };
  EXPECT_TRUE(acquire().ok());
  EXPECT_EQ(sent.size(), 2u);
  EXPECT_EQ(progress.size(), 4u) << "and do not flood the screen";
}

/// A NIC that has something for us in every turn of the loop, before any timer is looked at.
class Flood final : public async::Poller {
 public:
  Flood(fake::SimClock& clock, std::function<void()> deliver)
      : clock_(clock), deliver_(std::move(deliver)) {}
  bool poll() noexcept override {
    clock_.advance(1_ms);
    deliver_();
    return true;
  }

 private:
  fake::SimClock& clock_;
  std::function<void()> deliver_;
};

TEST_F(DhcpClientTest, FloodOfNonsenseDoesNotStretchTheTries) {
  Flood flood(sim.clock, [this] { answer_bytes({std::byte{2}}, kServer); });
  sim.loop.add_poller(flood);
  EXPECT_EQ(acquire().error(), err::dhcp_no_answer);
  EXPECT_LT(elapsed(), 16_s);
}

TEST_F(DhcpClientTest, StrayIcmpErrorsDuringDiscoveryAreIgnored) {
  server = [this](const Sent& request) {
    stack.sockets.front()->fail_next(Error(err::net_refused));
    answer(request, is_discover(request) ? offer({.file = "x"}) : ack({.file = "x"}), 1_ms);
  };
  EXPECT_TRUE(acquire().ok());
}

TEST_F(DhcpClientTest, MissingLinkIsWaitedForAndReported) {
  interface.set_link(link::LinkState::down);
  EXPECT_EQ(acquire().error(), err::net_no_link);
  EXPECT_EQ(elapsed(), 15_s);
  EXPECT_TRUE(sent.empty());
  EXPECT_THAT(progress, ElementsAre("DHCP: waiting for link"));
}

TEST_F(DhcpClientTest, LinkThatComesLateIsUsedAtOnce) {
  interface.set_link(link::LinkState::down);
  at(3_s, [this] { interface.set_link(link::LinkState::up); });
  serve({.file = "x"});
  ASSERT_TRUE(acquire().ok());
  EXPECT_EQ(elapsed(), 3_s + 2_ms);
}

TEST_F(DhcpClientTest, LinkLostDuringDiscoveryIsWaitedForAgain) {
  at(500_ms, [this] { interface.set_link(link::LinkState::down); });
  at(9_s, [this] {
    interface.set_link(link::LinkState::up);
    serve({.file = "x"});
  });
  ASSERT_TRUE(acquire().ok());
  EXPECT_EQ(count(DhcpMessageType::discover), 2u);
}

TEST_F(DhcpClientTest, CancellationAtEachAwaitEndsCleanly) {
  bool completed = false;
  for (unsigned turns = 0; !completed; ++turns) {
    ASSERT_LT(turns, 200u);
    DhcpTestBed bed;
    bed.server = [&bed](const Sent& request) {
      if (request.target.port == wire::kPxePort) {
        return bed.answer(request, ack({.yours = {}, .server_id = kProxy, .file = "x"}), 1_ms);
      }
      if (bed.count(DhcpMessageType::request) == 1 && !is_discover(request)) {
        return bed.answer(request, {.type = DhcpMessageType::nak, .yours = {}}, 1_ms);
      }
      if (is_discover(request)) bed.answer(request, proxy_offer(), 5_ms);
      bed.answer(request, is_discover(request) ? offer() : ack(), 1_ms);
    };
    const auto lease = bed.acquire_cancelled_after(turns);
    EXPECT_TRUE(bed.stack.sockets.empty());
    completed = lease.ok();
    if (completed) break;
    EXPECT_EQ(lease.error(), err::async_cancelled) << "after " << turns << " turns";
    EXPECT_TRUE(bed.interface.ipv4().address.is_any());
  }
  EXPECT_TRUE(completed);
}

TEST_F(DhcpClientTest, ReleaseGoesToTheServer) {
  serve({.file = "x"});
  const auto lease = acquire();
  ASSERT_TRUE(lease.ok());
  sent.clear();
  server = nullptr;
  DhcpClient client(stack, interface, identity, settings);
  EXPECT_TRUE(client.release(*lease).ok());
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].target, (wire::Endpoint{kServer, 67}));
  EXPECT_EQ(sent[0].packet.type(), DhcpMessageType::release);
  EXPECT_EQ(sent[0].packet.header().client, kOurs);
  EXPECT_EQ(sent[0].packet.header().mac(), interface.idle_device.address);
  expect_clean();
}

}  // namespace
}  // namespace kedge::client
