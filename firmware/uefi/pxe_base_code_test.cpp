// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/producer_foreign_table.h"
#include "uefi/pxe_base_code_test_bed.h"

namespace kedge::uefi {
namespace {

// --- states

struct Function {
  const char* name;
  std::function<EFI_STATUS(Pxe*)> call;
};
void PrintTo(const Function& function, std::ostream* out) {
  *out << function.name;
}

// All but Start, with arguments that are right.
const Function kFunctions[] = {
    {"Stop", [](Pxe* pxe) { return pxe->Stop(pxe); }},
    {"Dhcp", [](Pxe* pxe) { return pxe->Dhcp(pxe, FALSE); }},
    {"Discover",
     [](Pxe* pxe) {
       UINT16 layer = 0;
       return pxe->Discover(pxe, 0, &layer, FALSE, nullptr);
     }},
    {"Mtftp",
     [](Pxe* pxe) {
       UINT64 size = 0;
       EFI_IP_ADDRESS server = raw(kServer);
       return pxe->Mtftp(pxe, EFI_PXE_BASE_CODE_TFTP_GET_FILE_SIZE, nullptr, FALSE, &size, nullptr,
                         &server, text("x"), nullptr, FALSE);
     }},
    {"UdpWrite",
     [](Pxe* pxe) {
       EFI_IP_ADDRESS to = raw(kServer);
       UINT16 port = 69;
       UINTN size = 1;
       char data = 0;
       return pxe->UdpWrite(pxe, 0, &to, &port, nullptr, nullptr, nullptr, nullptr, nullptr, &size,
                            &data);
     }},
    {"UdpRead",
     [](Pxe* pxe) {
       UINTN size = 1;
       char data = 0;
       return pxe->UdpRead(pxe, 0x0f, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, &size,
                           &data);
     }},
    {"SetIpFilter",
     [](Pxe* pxe) {
       EFI_PXE_BASE_CODE_IP_FILTER filter{};
       return pxe->SetIpFilter(pxe, &filter);
     }},
    {"Arp",
     [](Pxe* pxe) {
       EFI_IP_ADDRESS ip = raw(kServer);
       return pxe->Arp(pxe, &ip, nullptr);
     }},
    {"SetParameters",
     [](Pxe* pxe) { return pxe->SetParameters(pxe, nullptr, nullptr, nullptr, nullptr, nullptr); }},
    {"SetStationIp",
     [](Pxe* pxe) {
       EFI_IP_ADDRESS ip = raw(kStation);
       return pxe->SetStationIp(pxe, &ip, nullptr);
     }},
    {"SetPackets",
     [](Pxe* pxe) {
       return pxe->SetPackets(pxe, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr,
                              nullptr, nullptr, nullptr, nullptr, nullptr);
     }},
};

struct PxeFunctions : PxeBaseCodeTest, testing::WithParamInterface<Function> {};

TEST_P(PxeFunctions, AnswersNotStartedBeforeStart) {
  EXPECT_EQ(GetParam().call(pxe), EFI_NOT_STARTED);
}

// The highest level that table 7.1 of UEFI 2.10 allows.
TEST_P(PxeFunctions, AnswersTheSameAtTplCallback) {
  std::optional<EFI_STATUS> first;
  for (const EFI_TPL level : {TPL_APPLICATION, TPL_CALLBACK}) {
    fake.tpl = level;
    EXPECT_EQ(GetParam().call(pxe), EFI_NOT_STARTED);
    start_with_lease();
    backend.on_dhcp = [](PxeWatch&) { return Result<PxeLease>(fail(err::dhcp_no_answer)); };
    backend.on_discover = [](const PxeSearch&, PxeWatch&) {
      return Result<PxeSearchResult>(fail(err::dhcp_no_answer));
    };
    serve("content");
    backend.on_send = [](const PxeUdpTarget&, std::string) {
      return Result<std::uint16_t>(std::uint16_t{1});
    };
    backend.on_neighbour = [] { return Result<wire::MacAddress>(kServerMac); };
    const EFI_STATUS status = GetParam().call(pxe);
    EXPECT_EQ(status, first.value_or(status));
    first = status;
    EXPECT_EQ(fake.tpl, level);
    (void)pxe->Stop(pxe);
    fake.tpl = TPL_APPLICATION;
  }
}

TEST_P(PxeFunctions, AnswersInvalidParameterWithoutATable) {
  ForeignTable<Pxe> stranger;
  stranger.raw = *pxe;
  EXPECT_EQ(GetParam().call(&stranger.raw), EFI_INVALID_PARAMETER);
}

TEST_P(PxeFunctions, AnswersDeviceErrorAndTouchesNothingAfterRetirement) {
  start_with_lease();
  producer->retire();
  EXPECT_EQ(GetParam().call(pxe), EFI_DEVICE_ERROR);
  EXPECT_EQ(mode.Started, TRUE);
}

INSTANTIATE_TEST_SUITE_P(All, PxeFunctions, testing::ValuesIn(kFunctions),
                         [](const auto& info) { return std::string(info.param.name); });

// Those that use the network are refused while one of them works, as from a callback.
TEST_F(PxeBaseCodeTest, FunctionsThatUseTheNetworkAnswerDeviceErrorInsideACallback) {
  start_with_lease();
  want_callbacks();
  serve("content");
  std::map<std::string, EFI_STATUS> seen;
  callback.inside = [&] {
    callback.inside = nullptr;
    for (const Function& function : kFunctions) seen[function.name] = function.call(pxe);
  };
  std::vector<char> buffer(16);
  UINT64 size = buffer.size();
  EXPECT_EQ(read(buffer, size), EFI_SUCCESS);
  for (const char* name :
       {"Stop", "Dhcp", "Discover", "Mtftp", "UdpWrite", "UdpRead", "Arp", "SetStationIp"}) {
    EXPECT_EQ(seen[name], EFI_DEVICE_ERROR) << name;
  }
  for (const char* name : {"SetIpFilter", "SetParameters", "SetPackets"}) {
    EXPECT_EQ(seen[name], EFI_SUCCESS) << name;
  }
  EXPECT_EQ(mode.Started, TRUE);
}

TEST_F(PxeBaseCodeTest, StartFillsTheModeAsTheSpecificationSays) {
  ASSERT_EQ(pxe->Start(pxe, FALSE), EFI_SUCCESS);
  EXPECT_EQ(mode.Started, TRUE);
  EXPECT_EQ(mode.UsingIpv6, FALSE);
  EXPECT_EQ(mode.Ipv6Supported, FALSE);
  EXPECT_EQ(mode.Ipv6Available, FALSE);
  EXPECT_EQ(mode.BisSupported, FALSE);
  EXPECT_EQ(mode.BisDetected, FALSE);
  EXPECT_EQ(mode.AutoArp, TRUE);
  EXPECT_EQ(mode.SendGUID, FALSE);
  EXPECT_EQ(mode.MakeCallbacks, FALSE);
  EXPECT_EQ(mode.TTL, 64);
  EXPECT_EQ(mode.ToS, 0);
  EXPECT_EQ(mode.IpFilter.Filters, 0);
  EXPECT_EQ(mode.IpFilter.IpCnt, 0);
  EXPECT_EQ(mode.ArpCacheEntries, 0U);
  EXPECT_EQ(mode.RouteTableEntries, 0U);
  EXPECT_EQ(pxe->Revision, static_cast<UINT64>(EFI_PXE_BASE_CODE_PROTOCOL_REVISION));
}

TEST_F(PxeBaseCodeTest, StartIsRefusedTwiceAndForIpv6) {
  EXPECT_EQ(pxe->Start(pxe, TRUE), EFI_UNSUPPORTED);
  EXPECT_EQ(mode.Started, FALSE);
  ASSERT_EQ(pxe->Start(pxe, FALSE), EFI_SUCCESS);
  EXPECT_EQ(pxe->Start(pxe, FALSE), EFI_ALREADY_STARTED);
  EXPECT_EQ(pxe->Start(pxe, TRUE), EFI_ALREADY_STARTED);
}

TEST_F(PxeBaseCodeTest, StopForgetsEverythingAndMayBeFollowedByStart) {
  start_with_lease();
  UINT8 ttl = 7;
  ASSERT_EQ(pxe->SetParameters(pxe, nullptr, nullptr, &ttl, nullptr, nullptr), EFI_SUCCESS);
  ASSERT_EQ(pxe->Stop(pxe), EFI_SUCCESS);
  EXPECT_EQ(backend.closed, 1U);
  EXPECT_EQ(mode.Started, FALSE);
  EXPECT_EQ(mode.DhcpAckReceived, FALSE);
  EXPECT_EQ(mode.TTL, 64);
  const EFI_IP_ADDRESS none{};
  EXPECT_EQ(std::memcmp(&mode.StationIp, &none, sizeof(none)), 0);
  EXPECT_EQ(pxe->Start(pxe, FALSE), EFI_SUCCESS);
}

TEST_F(PxeBaseCodeTest, ALeaseThatIsThereFillsTheMode) {
  PxeLease full = lease();
  full.proxy_offer = bytes("proxy");
  full.boot_server_reply = bytes("reply");
  full.configuration.routes = {{wire::Ipv4Address(10, 0, 0, 0), 8, kServer},
                               {wire::Ipv4Address(10, 9, 0, 0), 16, {}}};
  producer->adopt(full);
  EXPECT_EQ(mode.Started, TRUE);
  const EFI_IP_ADDRESS station = raw(kStation);
  EXPECT_EQ(std::memcmp(&mode.StationIp, &station, sizeof(station)), 0);
  const EFI_IP_ADDRESS mask = raw({255, 255, 255, 0});
  EXPECT_EQ(std::memcmp(&mode.SubnetMask, &mask, sizeof(mask)), 0);
  EXPECT_EQ(mode.DhcpDiscoverValid, TRUE);
  EXPECT_EQ(std::memcmp(mode.DhcpDiscover.Raw, "discover\0", 9), 0);
  EXPECT_EQ(mode.DhcpAckReceived, TRUE);
  EXPECT_EQ(mode.ProxyOfferReceived, TRUE);
  EXPECT_EQ(mode.PxeDiscoverValid, FALSE);
  EXPECT_EQ(mode.PxeReplyReceived, TRUE);
  ASSERT_EQ(mode.RouteTableEntries, 1U) << "routes on the link have no gateway";
  const EFI_IP_ADDRESS network = raw({10, 0, 0, 0});
  EXPECT_EQ(std::memcmp(&mode.RouteTable[0].IpAddr, &network, 4), 0);
}

// --- filters, ARP, parameters, addresses, packets

TEST_F(PxeBaseCodeTest, SetIpFilterRefusesWhatIsNoFilter) {
  EXPECT_EQ(pxe->SetIpFilter(pxe, nullptr), EFI_INVALID_PARAMETER);
  EFI_PXE_BASE_CODE_IP_FILTER filter{};
  filter.IpCnt = 9;
  EXPECT_EQ(pxe->SetIpFilter(pxe, &filter), EFI_INVALID_PARAMETER);
  filter.IpCnt = 1;
  filter.IpList[0] = raw(wire::Ipv4Address::broadcast());
  EXPECT_EQ(pxe->SetIpFilter(pxe, &filter), EFI_INVALID_PARAMETER);
  filter.IpCnt = 0;
  filter.Filters = 0x80;
  EXPECT_EQ(pxe->SetIpFilter(pxe, &filter), EFI_INVALID_PARAMETER);
  filter.Filters = EFI_PXE_BASE_CODE_IP_FILTER_BROADCAST;
  ASSERT_EQ(pxe->Start(pxe, FALSE), EFI_SUCCESS);
  EXPECT_EQ(pxe->SetIpFilter(pxe, &filter), EFI_SUCCESS);
  EXPECT_EQ(mode.IpFilter.Filters, EFI_PXE_BASE_CODE_IP_FILTER_BROADCAST);
}

TEST_F(PxeBaseCodeTest, ArpAsksTheNetworkOnceAndRemembersEight) {
  start_with_lease();
  unsigned asked = 0;
  backend.on_neighbour = [&] {
    ++asked;
    return Result<wire::MacAddress>(kServerMac);
  };
  EFI_IP_ADDRESS ip = raw(kServer);
  EFI_MAC_ADDRESS mac{};
  EXPECT_EQ(pxe->Arp(pxe, &ip, &mac), EFI_SUCCESS);
  EXPECT_EQ(std::memcmp(mac.Addr, kServerMac.octets().data(), 6), 0);
  mac = {};
  EXPECT_EQ(pxe->Arp(pxe, &ip, &mac), EFI_SUCCESS);
  EXPECT_EQ(std::memcmp(mac.Addr, kServerMac.octets().data(), 6), 0);
  EXPECT_EQ(asked, 1U);
  EXPECT_EQ(mode.ArpCacheEntries, 1U);
  for (std::uint8_t host = 100; host < 110; ++host) {
    ip = raw({192, 0, 2, host});
    EXPECT_EQ(pxe->Arp(pxe, &ip, nullptr), EFI_SUCCESS);
  }
  EXPECT_EQ(mode.ArpCacheEntries, 8U);
  EXPECT_EQ(std::memcmp(&mode.ArpCache[7].IpAddr, &ip, 4), 0) << "the newest is the last";
  ip = raw(kStation);
  EXPECT_EQ(pxe->Arp(pxe, &ip, &mac), EFI_SUCCESS);
  EXPECT_EQ(std::memcmp(mac.Addr, kOwnMac.octets().data(), 6), 0);
}

TEST_F(PxeBaseCodeTest, ArpFailsAsDocumented) {
  EXPECT_EQ(pxe->Arp(pxe, nullptr, nullptr), EFI_INVALID_PARAMETER);
  ASSERT_EQ(pxe->Start(pxe, FALSE), EFI_SUCCESS);
  EFI_IP_ADDRESS ip = raw(kServer);
  EXPECT_EQ(pxe->Arp(pxe, &ip, nullptr), EFI_INVALID_PARAMETER) << "no address";
  producer->adopt(lease());
  backend.on_neighbour = [] { return Result<wire::MacAddress>(fail(err::net_no_neighbour)); };
  EXPECT_EQ(pxe->Arp(pxe, &ip, nullptr), EFI_TIMEOUT);
  want_callbacks();
  callback.abort_at = 0;
  EXPECT_EQ(pxe->Arp(pxe, &ip, nullptr), EFI_ABORTED);
  ip = raw({239, 0, 0, 1});
  EXPECT_EQ(pxe->Arp(pxe, &ip, nullptr), EFI_INVALID_PARAMETER);
}

TEST_F(PxeBaseCodeTest, WithoutAutoArpOnlyArpAsks) {
  start_with_lease();
  BOOLEAN no = FALSE;
  ASSERT_EQ(pxe->SetParameters(pxe, &no, nullptr, nullptr, nullptr, nullptr), EFI_SUCCESS);
  EXPECT_FALSE(backend.interface_mode.asks_neighbours);
  backend.on_neighbour = [] { return Result<wire::MacAddress>(kServerMac); };
  EFI_IP_ADDRESS ip = raw(kServer);
  EXPECT_EQ(pxe->Arp(pxe, &ip, nullptr), EFI_SUCCESS);
  backend.on_send = [](const PxeUdpTarget&, std::string) {
    return Result<std::uint16_t>(fail(err::net_no_neighbour));
  };
  UINT16 port = 9;
  UINTN size = 1;
  char data = 'd';
  EXPECT_EQ(
      pxe->UdpWrite(pxe, 0, &ip, &port, nullptr, nullptr, nullptr, nullptr, nullptr, &size, &data),
      EFI_TIMEOUT);
  ASSERT_EQ(pxe->Stop(pxe), EFI_SUCCESS);
  EXPECT_TRUE(backend.interface_mode.asks_neighbours) << "the next user is asked for nothing";
}

TEST_F(PxeBaseCodeTest, WhoInterruptsTheFiltersChangeIsRefusedOrWaits) {
  start_with_lease();
  EFI_PXE_BASE_CODE_IP_FILTER filter{};
  EFI_STATUS stopped = EFI_SUCCESS;
  bool interrupted = false;
  backend.on_set_mode = [&] {
    if (std::exchange(interrupted, true)) return;
    filter.Filters = EFI_PXE_BASE_CODE_IP_FILTER_PROMISCUOUS;
    EXPECT_EQ(pxe->SetIpFilter(pxe, &filter), EFI_SUCCESS);
    stopped = pxe->Stop(pxe);
    backend.interface_mode = {};  // what was interrupted ends after it
  };
  ASSERT_EQ(pxe->SetIpFilter(pxe, &filter), EFI_SUCCESS);
  EXPECT_EQ(stopped, EFI_DEVICE_ERROR);
  EXPECT_TRUE(backend.interface_mode.promiscuous) << "the latest holds";
}

TEST_F(PxeBaseCodeTest, TheFilterReachesTheInterface) {
  constexpr wire::Ipv4Address kGroup(239, 1, 1, 1);
  start_with_lease();
  EFI_PXE_BASE_CODE_IP_FILTER filter{};
  filter.IpCnt = 2;
  filter.IpList[0] = raw(kStation);
  filter.IpList[1] = raw(kGroup);
  ASSERT_EQ(pxe->SetIpFilter(pxe, &filter), EFI_SUCCESS);
  EXPECT_EQ(backend.interface_mode.groups[1], kGroup);
  EXPECT_FALSE(backend.interface_mode.promiscuous);
  filter.IpList[0] = raw(kOther);
  ASSERT_EQ(pxe->SetIpFilter(pxe, &filter), EFI_SUCCESS);
  EXPECT_TRUE(backend.interface_mode.promiscuous) << "frames to another's address";
  filter.IpCnt = 0;
  filter.Filters = EFI_PXE_BASE_CODE_IP_FILTER_PROMISCUOUS;
  ASSERT_EQ(pxe->SetIpFilter(pxe, &filter), EFI_SUCCESS);
  EXPECT_TRUE(backend.interface_mode.promiscuous);
  // Dhcp, Discover and Mtftp put it back, and so does a callback that sets it meanwhile.
  backend.on_dhcp = [&](PxeWatch&) -> Result<PxeLease> {
    EXPECT_EQ(pxe->SetIpFilter(pxe, &filter), EFI_SUCCESS);
    return lease();
  };
  (void)pxe->Dhcp(pxe, FALSE);
  EXPECT_EQ(backend.interface_mode, net::InterfaceMode());
}

TEST_F(PxeBaseCodeTest, SetParametersChangesOnlyWhatIsGivenAndAllOrNothing) {
  ASSERT_EQ(pxe->Start(pxe, FALSE), EFI_SUCCESS);
  UINT8 ttl = 9;
  BOOLEAN yes = TRUE;
  EXPECT_EQ(pxe->SetParameters(pxe, nullptr, nullptr, &ttl, nullptr, &yes), EFI_INVALID_PARAMETER)
      << "there is no callback";
  EXPECT_EQ(mode.TTL, 64);
  backend.uuid = false;
  EXPECT_EQ(pxe->SetParameters(pxe, nullptr, &yes, nullptr, nullptr, nullptr),
            EFI_INVALID_PARAMETER);
  backend.uuid = true;
  EXPECT_EQ(pxe->SetParameters(pxe, nullptr, &yes, &ttl, nullptr, nullptr), EFI_SUCCESS);
  EXPECT_EQ(mode.SendGUID, TRUE);
  EXPECT_EQ(mode.TTL, 9);
  EXPECT_EQ(mode.AutoArp, TRUE);
}

TEST_F(PxeBaseCodeTest, SetStationIpConfiguresOnceAddressAndMaskAreKnown) {
  ASSERT_EQ(pxe->Start(pxe, FALSE), EFI_SUCCESS);
  EFI_IP_ADDRESS ip = raw(kStation);
  EFI_IP_ADDRESS mask = raw({255, 255, 255, 0});
  EXPECT_EQ(pxe->SetStationIp(pxe, &ip, nullptr), EFI_SUCCESS);
  EXPECT_TRUE(backend.configuration.address.is_any()) << "the mask is missing";
  EXPECT_EQ(pxe->SetStationIp(pxe, nullptr, &mask), EFI_SUCCESS);
  EXPECT_EQ(backend.configuration.address, kStation);
  EXPECT_EQ(backend.configuration.prefix_bits, 24);
  EXPECT_EQ(std::memcmp(&mode.StationIp, &ip, sizeof(ip)), 0);
  EXPECT_EQ(std::memcmp(&mode.SubnetMask, &mask, sizeof(mask)), 0);
}

TEST_F(PxeBaseCodeTest, SetStationIpKeepsTheGatewayOfTheSameNetwork) {
  start_with_lease();
  EFI_IP_ADDRESS ip = raw(kOther);
  EXPECT_EQ(pxe->SetStationIp(pxe, &ip, nullptr), EFI_SUCCESS);
  EXPECT_EQ(backend.configuration.gateway, kServer);
  EXPECT_EQ(mode.RouteTableEntries, 1U);
  ip = raw({198, 51, 100, 7});
  EXPECT_EQ(pxe->SetStationIp(pxe, &ip, nullptr), EFI_SUCCESS);
  EXPECT_TRUE(backend.configuration.gateway.is_any());
}

TEST_F(PxeBaseCodeTest, SetStationIpRefusesWhatNoStationCanHave) {
  ASSERT_EQ(pxe->Start(pxe, FALSE), EFI_SUCCESS);
  for (const auto address :
       {wire::Ipv4Address(), wire::Ipv4Address::broadcast(), wire::Ipv4Address(224, 0, 0, 1)}) {
    EFI_IP_ADDRESS ip = raw(address);
    EXPECT_EQ(pxe->SetStationIp(pxe, &ip, nullptr), EFI_INVALID_PARAMETER);
  }
  EFI_IP_ADDRESS mask = raw({255, 0, 255, 0});
  EXPECT_EQ(pxe->SetStationIp(pxe, nullptr, &mask), EFI_INVALID_PARAMETER);
  producer->adopt(lease());
  backend.configure_error = Error(err::net_closed);
  EFI_IP_ADDRESS ip = raw(kOther);
  EXPECT_EQ(pxe->SetStationIp(pxe, &ip, nullptr), EFI_DEVICE_ERROR);
  const EFI_IP_ADDRESS before = raw(kStation);
  EXPECT_EQ(std::memcmp(&mode.StationIp, &before, sizeof(before)), 0);
}

TEST_F(PxeBaseCodeTest, SetPacketsReplacesWhatIsGiven) {
  start_with_lease();
  auto packet = std::make_unique<EFI_PXE_BASE_CODE_PACKET>();
  std::memset(packet->Raw, 'p', sizeof(packet->Raw));
  BOOLEAN yes = TRUE;
  BOOLEAN no = FALSE;
  EXPECT_EQ(pxe->SetPackets(pxe, &no, nullptr, nullptr, nullptr, &yes, &yes, nullptr, nullptr,
                            nullptr, nullptr, packet.get(), packet.get()),
            EFI_SUCCESS);
  EXPECT_EQ(mode.DhcpDiscoverValid, FALSE);
  EXPECT_EQ(mode.DhcpAckReceived, TRUE) << "not named: as it was";
  EXPECT_EQ(mode.PxeReplyReceived, TRUE);
  EXPECT_EQ(mode.PxeReply.Raw[1471], 'p');
  EXPECT_EQ(mode.PxeBisReplyReceived, TRUE);
  EXPECT_EQ(mode.PxeBisReply.Raw[0], 'p');
  EXPECT_NE(mode.DhcpAck.Raw[0], 'p');
}

}  // namespace
}  // namespace kedge::uefi
