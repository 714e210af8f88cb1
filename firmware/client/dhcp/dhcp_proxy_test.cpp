// SPDX-License-Identifier: BSD-2-Clause-Patent
// ProxyDHCP: when it is waited for, how long, and what its answers are worth.
#include "client/dhcp/dhcp_client_fixture.h"

namespace kedge::client {
namespace {

using namespace std::literals;
using namespace kedge::literals;

using DhcpProxyTest = DhcpClientTest;

TEST_F(DhcpProxyTest, PlainOfferWaitsAShortWindowForAProxy) {
  serve({});
  const auto lease = acquire();
  ASSERT_TRUE(lease.ok());
  EXPECT_EQ(lease->boot.source, BootSource::none);
  EXPECT_EQ(elapsed(), 501_ms);  // the least window after DISCOVER, and the REQUEST
}

TEST_F(DhcpProxyTest, SlowServerMeansALongerWindow) {
  serve({}, 600_ms);
  ASSERT_TRUE(acquire().ok());
  // Offer after 600 ms, so proxies may take 1200 ms. The second REQUEST (after 500 ms) is in vain.
  EXPECT_EQ(elapsed(), 1800_ms);
}

TEST_F(DhcpProxyTest, LaterOffersDoNotStretchTheWindow) {
  server = [this](const Sent& request) {
    if (!is_discover(request)) return answer(request, ack());
    answer(request, offer(), 1_ms);
    answer(request, offer({.server_id = kProxy}), 400_ms);
  };
  ASSERT_TRUE(acquire().ok());
  EXPECT_EQ(elapsed(), 500_ms);
  EXPECT_EQ(sent.back().packet.server_id(), kServer) << "of equals the first";
}

TEST_F(DhcpProxyTest, WindowHasALimit) {
  settings.discover_first = 10_s;
  serve({}, 1500_ms);
  ASSERT_TRUE(acquire().ok());
  EXPECT_EQ(elapsed(), 2_s + 1500_ms);
}

TEST_F(DhcpProxyTest, ServersThatSayThereIsNoProxyAreBelieved) {
  serve({.options = {{175, "\xb0\x01\x01"s}}});
  ASSERT_TRUE(acquire().ok());
  EXPECT_EQ(elapsed(), 2_ms);
}

TEST_F(DhcpProxyTest, ProxyOffersCanBeIgnored) {
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

TEST_F(DhcpProxyTest, RequiredProxyIsWaitedForDespiteBootInformation) {
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

TEST_F(DhcpProxyTest, ProxyOfferEndsTheWindow) {
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

TEST_F(DhcpProxyTest, ProxyOfferBeforeTheAddressIsKept) {
  server = [this](const Sent& request) {
    if (is_discover(request)) answer(request, proxy_offer("proxy.efi"));
    answer(request, is_discover(request) ? offer() : ack(), 300_ms);
  };
  const auto lease = acquire();
  ASSERT_TRUE(lease.ok());
  EXPECT_EQ(lease->boot.filename, "proxy.efi");
  EXPECT_EQ(elapsed(), 600_ms);
}

TEST_F(DhcpProxyTest, ProxyOfferDuringTheRequestStillCounts) {
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

TEST_F(DhcpProxyTest, ProxyWithoutBootFileIsAskedOnItsOwnPort) {
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

TEST_F(DhcpProxyTest, DhcpServerThatIsAlsoPxeServerIsAskedOnPort4011) {
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

TEST_F(DhcpProxyTest, SilentProxyIsGivenUpSoon) {
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

TEST_F(DhcpProxyTest, ClosedPortOfTheProxyIsGivenUpAtOnce) {
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

TEST_F(DhcpProxyTest, ProxyAloneHasItsOwnError) {
  server = [this](const Sent& request) { answer(request, proxy_offer("x")); };
  EXPECT_EQ(acquire().error(), err::dhcp_only_proxy);
}

}  // namespace
}  // namespace kedge::client
