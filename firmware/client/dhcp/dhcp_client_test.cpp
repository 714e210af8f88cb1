// SPDX-License-Identifier: BSD-2-Clause-Patent
// Conversations with scripted DHCP servers on simulated time.
#include "client/dhcp/dhcp_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/dhcp/dhcp_errors.h"
#include "client/dhcp/dhcp_test_bed.h"

namespace kedge::client {
namespace {

using namespace std::literals;
using namespace kedge::literals;
using testing::ElementsAre;
using wire::DhcpMessageType;

const std::pair<std::uint8_t, std::string> kPxeClass{60, "PXEClient"};

class DhcpClientTest : public testing::Test, protected DhcpTestBed {
 protected:
  static Reply offer(Reply reply = {}) {
    reply.type = DhcpMessageType::offer;
    return reply;
  }
  static Reply ack(Reply reply = {}) {
    reply.type = DhcpMessageType::ack;
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
    return message.packet.type() == DhcpMessageType::discover;
  }
  /// A DHCP server that offers and confirms `reply`.
  void serve(const Reply& reply, Duration delay = 1_ms) {
    server = [this, reply, delay](const Sent& request) {
      if (request.target.port != wire::kDhcpServerPort) return;
      answer(request, is_discover(request) ? offer(reply) : ack(reply), delay);
    };
  }
  void expect_clean() { EXPECT_TRUE(stack.sockets.empty()); }
};

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

TEST_F(DhcpClientTest, PlainOfferWaitsAShortWindowForAProxy) {
  serve({});
  const auto lease = acquire();
  ASSERT_TRUE(lease.ok());
  EXPECT_EQ(lease->boot.source, BootSource::none);
  EXPECT_EQ(elapsed(), 501_ms);  // the least window after DISCOVER, and the REQUEST
}

TEST_F(DhcpClientTest, SlowServerMeansALongerWindow) {
  serve({}, 600_ms);
  ASSERT_TRUE(acquire().ok());
  // Offer after 600 ms, so proxies may take 1200 ms. The second REQUEST (after 500 ms) is in vain.
  EXPECT_EQ(elapsed(), 1800_ms);
}

TEST_F(DhcpClientTest, WindowHasALimit) {
  settings.discover_first = 10_s;
  serve({}, 1500_ms);
  ASSERT_TRUE(acquire().ok());
  EXPECT_EQ(elapsed(), 2_s + 1500_ms);
}

TEST_F(DhcpClientTest, ServersThatSayThereIsNoProxyAreBelieved) {
  serve({.options = {{175, "\xb0\x01\x01"s}}});
  ASSERT_TRUE(acquire().ok());
  EXPECT_EQ(elapsed(), 2_ms);
}

TEST_F(DhcpClientTest, ProxyOffersCanBeIgnored) {
  settings.proxy = ProxyPolicy::never;
  server = [this](const Sent& request) {
    if (is_discover(request)) answer(request, proxy_offer("proxy.efi"));
    answer(request, is_discover(request) ? offer() : ack(), 1_ms);
  };
  const auto lease = acquire();
  ASSERT_TRUE(lease.ok());
  EXPECT_FALSE(lease->proxy.has_value());
  EXPECT_EQ(elapsed(), 2_ms);
}

TEST_F(DhcpClientTest, RequiredProxyIsWaitedForDespiteBootInformation) {
  settings.proxy = ProxyPolicy::required;
  server = [this](const Sent& request) {
    answer(request, is_discover(request) ? offer({.file = "dhcp.efi"}) : ack({.file = "dhcp.efi"}));
    if (is_discover(request)) answer(request, proxy_offer("proxy.efi"), 900_ms);
  };
  const auto lease = acquire();
  ASSERT_TRUE(lease.ok());
  EXPECT_EQ(lease->boot.filename, "proxy.efi");
  EXPECT_EQ(elapsed(), 900_ms);
}

TEST_F(DhcpClientTest, ProxyOfferEndsTheWindow) {
  server = [this](const Sent& request) {
    answer(request, is_discover(request) ? offer() : ack(), 1_ms);
    if (is_discover(request)) answer(request, proxy_offer("proxy.efi"), 20_ms);
  };
  const auto lease = acquire();
  ASSERT_TRUE(lease.ok());
  EXPECT_EQ(lease->boot.source, BootSource::proxy);
  EXPECT_EQ(lease->boot.filename, "proxy.efi");
  EXPECT_EQ(lease->boot.next_server, kProxy);
  EXPECT_EQ(elapsed(), 21_ms);
}

TEST_F(DhcpClientTest, ProxyOfferBeforeTheAddressIsKept) {
  server = [this](const Sent& request) {
    if (is_discover(request)) answer(request, proxy_offer("proxy.efi"));
    answer(request, is_discover(request) ? offer() : ack(), 300_ms);
  };
  const auto lease = acquire();
  ASSERT_TRUE(lease.ok());
  EXPECT_EQ(lease->boot.filename, "proxy.efi");
  EXPECT_EQ(elapsed(), 600_ms);
}

TEST_F(DhcpClientTest, ProxyOfferDuringTheRequestStillCounts) {
  server = [this](const Sent& request) {
    if (is_discover(request)) {
      answer(request, offer({.options = {{175, "\xb0\x01\x01"s}}}), 1_ms);
      answer(request, proxy_offer("proxy.efi"), 10_ms);
    } else {
      answer(request, ack(), 100_ms);
    }
  };
  EXPECT_EQ(acquire()->boot.filename, "proxy.efi");
}

TEST_F(DhcpClientTest, ProxyWithoutBootFileIsAskedOnItsOwnPort) {
  server = [this](const Sent& request) {
    if (request.target.port == wire::kPxePort) {
      EXPECT_EQ(interface.ipv4().address, kOurs) << "configured before unicast";
      answer(request, ack({.yours = {}, .server_id = kServer, .file = "wrong.efi"}), 1_ms);
      answer(request, ack({.yours = {}, .server_id = kProxy, .file = "wds.efi"}), 2_ms);
    } else {
      if (is_discover(request)) answer(request, proxy_offer());
      answer(request, is_discover(request) ? offer() : ack(), 1_ms);
    }
  };
  const auto lease = acquire();
  ASSERT_TRUE(lease.ok());
  ASSERT_EQ(sent.size(), 3u);
  EXPECT_EQ(sent[2].target, (wire::Endpoint{kProxy, wire::kPxePort}));
  EXPECT_EQ(sent[2].packet.header().client, kOurs);
  EXPECT_EQ(sent[2].packet.server_id(), kProxy);
  EXPECT_NE(sent[2].packet.header().transaction, sent[1].packet.header().transaction);
  EXPECT_EQ(lease->boot.filename, "wds.efi");
  EXPECT_EQ(elapsed(), 4_ms);
}

TEST_F(DhcpClientTest, DhcpServerThatIsAlsoPxeServerIsAskedOnPort4011) {
  server = [this](const Sent& request) {
    if (request.target.port == wire::kPxePort) {
      return answer(request, ack({.yours = {}, .file = "wds.efi", .options = {kPxeClass}}), 1_ms);
    }
    answer(request,
           is_discover(request) ? offer({.options = {kPxeClass}}) : ack({.options = {kPxeClass}}),
           1_ms);
  };
  const auto lease = acquire();
  ASSERT_TRUE(lease.ok());
  EXPECT_EQ(lease->boot.filename, "wds.efi");
  EXPECT_EQ(elapsed(), 3_ms) << "the class says that no other server is expected";
}

TEST_F(DhcpClientTest, SilentProxyIsGivenUpSoon) {
  server = [this](const Sent& request) {
    if (request.target.port == wire::kPxePort) return;
    if (is_discover(request)) answer(request, proxy_offer());
    answer(request, is_discover(request) ? offer() : ack());
  };
  const auto lease = acquire();
  ASSERT_TRUE(lease.ok());
  EXPECT_EQ(elapsed(), 3500_ms);  // 0.5 + 1 + 2 s
  EXPECT_TRUE(lease->proxy.has_value()) << "its offer's options remain";
  EXPECT_EQ(progress.back(), "DHCP: ProxyDHCP 10.0.0.4 does not answer, going on without");
}

TEST_F(DhcpClientTest, ClosedPortOfTheProxyIsGivenUpAtOnce) {
  server = [this](const Sent& request) {
    if (request.target.port == wire::kPxePort) {
      return stack.sockets.front()->fail_next(Error(err::net_refused));
    }
    if (is_discover(request)) answer(request, proxy_offer());
    answer(request, is_discover(request) ? offer() : ack());
  };
  ASSERT_TRUE(acquire().ok());
  EXPECT_EQ(elapsed(), Duration());
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

TEST_F(DhcpClientTest, ProxyAloneHasItsOwnError) {
  server = [this](const Sent& request) { answer(request, proxy_offer("x")); };
  EXPECT_EQ(acquire().error(), err::dhcp_only_proxy);
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

TEST_F(DhcpClientTest, FloodOfNonsenseDoesNotStretchTheTries) {
  // Something arrives in every turn of the loop, for ever.
  std::function<void()> flood = [&] {
    answer_bytes({std::byte{2}}, kServer);
    at(1_ms, flood);
  };
  flood();
  EXPECT_EQ(acquire().error(), err::dhcp_no_answer);
  EXPECT_EQ(elapsed(), 15_s);
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

class BootServerTest : public DhcpClientTest {
 protected:
  /// A lease whose proxy offers this option 43.
  DhcpLease menu_lease(const std::string& encapsulated) {
    const auto bytes = [this](Reply reply) {
      return reply.bytes(1, interface.idle_device.address);
    };
    auto dhcp = DhcpPacket::parse(bytes(ack()));
    auto proxy = DhcpPacket::parse(bytes(
        offer({.yours = {}, .server_id = kProxy, .options = {kPxeClass, {43, encapsulated}}})));
    return *DhcpLease::from_packets(*dhcp, *proxy, {});
  }
  Result<void> find(DhcpLease& lease, wire::PxeBootItem item = {0x8001, 0}) {
    DhcpClient client(stack, interface, identity, settings);
    return sim.run(client.find_boot_server(lease, item));
  }
  static Reply boot_reply(wire::Ipv4Address id, std::string item = "\x47\x04\x80\x01\0\0"s) {
    return ack({.yours = {},
                .next_server = id,
                .server_id = id,
                .file = "pxe.efi",
                .options = {kPxeClass, {43, std::move(item)}}});
  }
};

TEST_F(BootServerTest, ListedServersAreAskedInTurn) {
  // No multicast, no broadcast, listed servers only: 10.0.0.7 and 10.0.0.8.
  DhcpLease lease = menu_lease("\x06\x01\x07\x08\x0b\x80\x01\x02\x0a\0\0\x07\x0a\0\0\x08"s);
  const wire::Ipv4Address second(10, 0, 0, 8);
  server = [&](const Sent& request) {
    if (request.target.address != second) return;
    answer(request, boot_reply({10, 0, 0, 9}));                    // not on the list
    answer(request, boot_reply(second, "\x47\x04\x80\x02\0\0"s));  // another type
    answer(request, boot_reply(second), 1_ms);
  };
  ASSERT_TRUE(find(lease).ok());
  EXPECT_EQ(elapsed(), 3_s + 1_ms);  // 1 + 2 s for the first server
  EXPECT_EQ(lease.boot.source, BootSource::boot_server);
  EXPECT_EQ(lease.boot.filename, "pxe.efi");
  EXPECT_EQ(lease.boot.next_server, second);
  EXPECT_EQ(sent[0].target, (wire::Endpoint{wire::Ipv4Address(10, 0, 0, 7), wire::kPxePort}));
  EXPECT_EQ(as_text(*sent[0].packet.option(43)), "\x47\x04\x80\x01\0\0\xff"sv);
  EXPECT_EQ(sent[0].packet.header().client, kOurs);
  expect_clean();
}

TEST_F(BootServerTest, MulticastAndBroadcastComeFirst) {
  DhcpLease lease = menu_lease("\x07\x04\xe0\0\x01\x02\x08\x07\x80\x01\x01\x0a\0\0\x07"s);
  EXPECT_EQ(find(lease).error(), err::dhcp_boot_server_silent);
  ASSERT_EQ(sent.size(), 6u);
  EXPECT_EQ(sent[0].target, (wire::Endpoint{wire::Ipv4Address(224, 0, 1, 2), wire::kPxePort}));
  EXPECT_EQ(sent[2].target, (wire::Endpoint{wire::Ipv4Address::broadcast(), 67}));
  EXPECT_EQ(sent[4].target, (wire::Endpoint{wire::Ipv4Address(10, 0, 0, 7), wire::kPxePort}));
  EXPECT_EQ(lease.boot.source, BootSource::none);
}

TEST_F(BootServerTest, NoWayToAskIsAnError) {
  DhcpLease lease = menu_lease("\x06\x01\x03"s);
  EXPECT_EQ(find(lease).error(), err::dhcp_no_boot_server);
  DhcpLease plain = *DhcpLease::from_packets(lease.dhcp, {}, {});
  EXPECT_EQ(find(plain).error(), err::dhcp_no_boot_server);
  EXPECT_TRUE(sent.empty());
}

TEST_F(BootServerTest, CancellationIsPassedOn) {
  DhcpLease lease = menu_lease("\x08\x03\x80\x01\x00"s);
  at(500_ms, [this] { sim.scope.cancel(); });
  EXPECT_EQ(find(lease).error(), err::async_cancelled);
  expect_clean();
}

}  // namespace
}  // namespace kedge::client
