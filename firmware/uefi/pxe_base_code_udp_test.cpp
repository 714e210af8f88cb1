// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/pxe_base_code_test_bed.h"

namespace kedge::uefi {
namespace {

// --- UDP

TEST_F(PxeBaseCodeTest, UdpWriteSendsHeaderAndDataFromThePortThatIsAsked) {
  start_with_lease();
  UINT8 ttl = 3;
  UINT8 tos = 0x10;
  ASSERT_EQ(pxe->SetParameters(pxe, nullptr, nullptr, &ttl, &tos, nullptr), EFI_SUCCESS);
  PxeUdpTarget seen;
  std::string sent;
  backend.on_send = [&](const PxeUdpTarget& target, std::string payload) {
    seen = target;
    sent = payload;
    return Result<std::uint16_t>(std::uint16_t{4321});
  };
  EFI_IP_ADDRESS to = raw(kServer);
  EFI_IP_ADDRESS from = raw(kStation);
  EFI_IP_ADDRESS way = raw(kOther);
  UINT16 port = 69;
  UINT16 own = 0;
  UINTN header_size = 2;
  UINTN size = 4;
  char header[] = "h:";
  char data[] = "data";
  EXPECT_EQ(pxe->UdpWrite(pxe, 0, &to, &port, &way, &from, &own, &header_size, header, &size, data),
            EFI_SUCCESS);
  EXPECT_EQ(sent, "h:data");
  EXPECT_EQ(seen.address, kServer);
  EXPECT_EQ(seen.port, 69);
  EXPECT_EQ(seen.time_to_live, 3);
  EXPECT_EQ(seen.type_of_service, 0x10);
  EXPECT_EQ(own, 4321) << "the port is told";
  size = 0;
  EXPECT_EQ(
      pxe->UdpWrite(pxe, 0, &to, &port, nullptr, nullptr, &own, nullptr, nullptr, &size, nullptr),
      EFI_SUCCESS);
  EXPECT_EQ(sent, "");
  EXPECT_EQ(seen.source_port, 4321);
}

TEST_F(PxeBaseCodeTest, UdpWriteRefusesWhatCannotBe) {
  EFI_IP_ADDRESS to = raw(kServer);
  UINT16 port = 69;
  UINTN size = 1;
  UINTN nothing = 0;
  std::vector<char> data(70000);
  const auto call = [&](UINT16 flags, EFI_IP_ADDRESS* ip, UINT16* to_port, EFI_IP_ADDRESS* way,
                        EFI_IP_ADDRESS* from, UINTN* header_size, void* header, UINTN* bytes_of,
                        void* buffer) {
    return pxe->UdpWrite(pxe, flags, ip, to_port, way, from, nullptr, header_size, header, bytes_of,
                         buffer);
  };
  char* d = data.data();
  EXPECT_EQ(call(0, nullptr, &port, nullptr, nullptr, nullptr, nullptr, &size, d),
            EFI_INVALID_PARAMETER);
  EXPECT_EQ(call(0, &to, nullptr, nullptr, nullptr, nullptr, nullptr, &size, d),
            EFI_INVALID_PARAMETER);
  EXPECT_EQ(call(0, &to, &port, nullptr, nullptr, nullptr, nullptr, nullptr, d),
            EFI_INVALID_PARAMETER);
  EXPECT_EQ(call(0, &to, &port, nullptr, nullptr, nullptr, nullptr, &size, nullptr),
            EFI_INVALID_PARAMETER);
  EXPECT_EQ(call(0, &to, &port, nullptr, nullptr, &nothing, d, &size, d), EFI_INVALID_PARAMETER);
  EXPECT_EQ(call(0, &to, &port, nullptr, nullptr, &size, nullptr, &size, d), EFI_INVALID_PARAMETER);
  ASSERT_EQ(pxe->Start(pxe, FALSE), EFI_SUCCESS);
  EXPECT_EQ(call(0, &to, &port, nullptr, nullptr, nullptr, nullptr, &size, d),
            EFI_INVALID_PARAMETER)
      << "no address";
  producer->adopt(lease());
  EFI_IP_ADDRESS far = raw({198, 51, 100, 1});
  EXPECT_EQ(call(0, &to, &port, &far, nullptr, nullptr, nullptr, &size, d), EFI_INVALID_PARAMETER)
      << "the gateway is not on the link";
  EXPECT_EQ(call(0, &to, &port, nullptr, &far, nullptr, nullptr, &size, d), EFI_INVALID_PARAMETER)
      << "not our address";
  EFI_IP_ADDRESS none{};
  EXPECT_EQ(call(0, &none, &port, nullptr, nullptr, nullptr, nullptr, &size, d),
            EFI_INVALID_PARAMETER);
  backend.on_send = [](const PxeUdpTarget&, std::string) {
    return Result<std::uint16_t>(std::uint16_t{1});
  };
  UINTN most = 1472;
  EXPECT_EQ(call(0, &to, &port, nullptr, nullptr, nullptr, nullptr, &most, d), EFI_SUCCESS);
  EXPECT_EQ(call(0, &to, &port, nullptr, nullptr, &size, d, &most, d), EFI_BAD_BUFFER_SIZE);
  constexpr UINT16 kFragments = EFI_PXE_BASE_CODE_UDP_OPFLAGS_MAY_FRAGMENT;
  EXPECT_EQ(call(kFragments, &to, &port, nullptr, nullptr, &size, d, &most, d), EFI_SUCCESS);
  most = 65508;
  EXPECT_EQ(call(kFragments, &to, &port, nullptr, nullptr, nullptr, nullptr, &most, d),
            EFI_BAD_BUFFER_SIZE);
  most = ~UINTN{0};
  EXPECT_EQ(call(kFragments, &to, &port, nullptr, nullptr, &size, d, &most, d),
            EFI_BAD_BUFFER_SIZE);
}

TEST_F(PxeBaseCodeTest, UdpWriteTellsFailuresAndObeysTheCallback) {
  start_with_lease();
  EFI_IP_ADDRESS to = raw(kServer);
  UINT16 port = 69;
  UINTN size = 1;
  char data = 'd';
  const auto call = [&] {
    return pxe->UdpWrite(pxe, 0, &to, &port, nullptr, nullptr, nullptr, nullptr, nullptr, &size,
                         &data);
  };
  backend.on_send = [](const PxeUdpTarget&, std::string) {
    return Result<std::uint16_t>(fail(err::net_unreachable));
  };
  EXPECT_EQ(call(), EFI_DEVICE_ERROR);
  want_callbacks();
  callback.abort_at = 0;
  EXPECT_EQ(call(), EFI_ABORTED);
  EXPECT_EQ(callback.calls.at(0).first, EFI_PXE_BASE_CODE_FUNCTION_UDP_WRITE);
  EXPECT_EQ(callback.calls.at(0).second, "d");
}

TEST_F(PxeBaseCodeTest, UdpReadNeedsAPlaceForWhatItIsToCompare) {
  EFI_IP_ADDRESS ip = raw(kServer);
  UINT16 port = 1;
  UINTN size = 1;
  UINTN nothing = 0;
  char data = 0;
  const auto call = [&](UINT16 flags, UINT16* own_port, EFI_IP_ADDRESS* from, UINT16* from_port,
                        UINTN* header_size, void* header, UINTN* bytes_of, void* buffer) {
    return pxe->UdpRead(pxe, flags, nullptr, own_port, from, from_port, header_size, header,
                        bytes_of, buffer);
  };
  constexpr UINT16 kAll = 0x0f;
  EXPECT_EQ(call(kAll, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, &data),
            EFI_INVALID_PARAMETER);
  EXPECT_EQ(call(kAll, nullptr, nullptr, nullptr, nullptr, nullptr, &size, nullptr),
            EFI_INVALID_PARAMETER);
  EXPECT_EQ(call(kAll, nullptr, nullptr, nullptr, &nothing, &data, &size, &data),
            EFI_INVALID_PARAMETER);
  EXPECT_EQ(call(kAll, nullptr, nullptr, nullptr, &size, nullptr, &size, &data),
            EFI_INVALID_PARAMETER);
  EXPECT_EQ(call(0, nullptr, &ip, &port, nullptr, nullptr, &size, &data), EFI_INVALID_PARAMETER);
  EXPECT_EQ(call(0, &port, nullptr, &port, nullptr, nullptr, &size, &data), EFI_INVALID_PARAMETER);
  EXPECT_EQ(call(0, &port, &ip, nullptr, nullptr, nullptr, &size, &data), EFI_INVALID_PARAMETER);
}

struct UdpReadTest : PxeBaseCodeTest {
  EFI_IP_ADDRESS destination{};
  EFI_IP_ADDRESS source{};
  UINT16 port = 0;
  UINT16 source_port = 0;
  UINTN size = 16;
  char data[16] = {};

  UdpReadTest() { start_with_lease(); }
  void arrives(wire::Ipv4Address to, wire::Ipv4Address from = kServer, std::uint16_t from_port = 69,
               std::string_view payload = "payload") {
    backend.incoming.push_back({from, from_port, to, 4321, as_byte_view(payload)});
  }
  EFI_STATUS read_udp(UINT16 flags, EFI_IP_ADDRESS* to = nullptr) {
    size = sizeof(data);
    return pxe->UdpRead(pxe, flags, to, &port, &source, &source_port, nullptr, nullptr, &size,
                        data);
  }
};

constexpr UINT16 kAnySource =
    EFI_PXE_BASE_CODE_UDP_OPFLAGS_ANY_SRC_IP | EFI_PXE_BASE_CODE_UDP_OPFLAGS_ANY_SRC_PORT;
constexpr UINT16 kAnyDestination = EFI_PXE_BASE_CODE_UDP_OPFLAGS_ANY_DEST_IP;
constexpr UINT16 kAnyPort = EFI_PXE_BASE_CODE_UDP_OPFLAGS_ANY_DEST_PORT;
constexpr UINT16 kFilter = EFI_PXE_BASE_CODE_UDP_OPFLAGS_USE_FILTER;

TEST_F(UdpReadTest, TellsWhereAPacketCameFromAndWentTo) {
  arrives(kStation, kOther, 1234);
  EXPECT_EQ(read_udp(kAnySource | kAnyDestination | kAnyPort, &destination), EFI_SUCCESS);
  EXPECT_EQ(backend.asked_port, 0);
  EXPECT_EQ(std::string(data, size), "payload");
  const EFI_IP_ADDRESS from = raw(kOther);
  const EFI_IP_ADDRESS to = raw(kStation);
  EXPECT_EQ(std::memcmp(&source, &from, 4), 0);
  EXPECT_EQ(std::memcmp(&destination, &to, 4), 0);
  EXPECT_EQ(source_port, 1234);
  EXPECT_EQ(port, 4321);
}

TEST_F(UdpReadTest, TakesOnlyWhatComesFromTheSourceThatIsAsked) {
  port = 4321;
  source = raw(kServer);
  source_port = 69;
  arrives(kStation, kOther, 69, "other address");
  arrives(kStation, kServer, 70, "other port");
  arrives(kStation, kServer, 69, "right");
  EXPECT_EQ(read_udp(0), EFI_SUCCESS);
  EXPECT_EQ(backend.asked_port, 4321);
  EXPECT_EQ(std::string(data, size), "right");
  EXPECT_EQ(read_udp(0), EFI_TIMEOUT);
}

TEST_F(UdpReadTest, TakesOnlyWhatGoesToTheDestinationThatIsAsked) {
  constexpr wire::Ipv4Address kGroup(239, 1, 1, 1);
  arrives(wire::Ipv4Address::broadcast());
  EXPECT_EQ(read_udp(kAnySource), EFI_TIMEOUT) << "without a word, only our own address";
  arrives(kGroup);
  EFI_IP_ADDRESS group = raw(kGroup);
  EXPECT_EQ(read_udp(kAnySource, &group), EFI_SUCCESS);
  arrives(wire::Ipv4Address::broadcast());
  EXPECT_EQ(read_udp(kAnySource | kAnyDestination), EFI_SUCCESS);
}

TEST_F(UdpReadTest, GroupsThatTheFilterDoesNotNameAreNotReceived) {
  constexpr wire::Ipv4Address kGroup(239, 1, 1, 1);
  arrives(kGroup);
  EXPECT_EQ(read_udp(kAnySource | kAnyDestination), EFI_TIMEOUT);
  EFI_PXE_BASE_CODE_IP_FILTER filter{};
  filter.Filters = EFI_PXE_BASE_CODE_IP_FILTER_STATION_IP;
  filter.IpCnt = 1;
  filter.IpList[0] = raw(kGroup);
  ASSERT_EQ(pxe->SetIpFilter(pxe, &filter), EFI_SUCCESS);
  arrives(kGroup);
  EXPECT_EQ(read_udp(kAnySource | kAnyDestination, &destination), EFI_SUCCESS);
  EXPECT_EQ(std::memcmp(&destination, &filter.IpList[0], 4), 0);
  // The filter alone decides when it is used.
  arrives(kGroup);
  EXPECT_EQ(read_udp(kAnySource | kFilter, &destination), EFI_SUCCESS);
  arrives(kOther);
  EXPECT_EQ(read_udp(kAnySource | kFilter), EFI_TIMEOUT);
}

TEST_F(UdpReadTest, UsesTheFilterWhenItIsAsked) {
  constexpr wire::Ipv4Address kGroup(239, 1, 1, 1);
  constexpr wire::Ipv4Address kDirected(192, 0, 2, 255);
  struct Case {
    UINT8 filters;
    wire::Ipv4Address listed;
    wire::Ipv4Address destination;
    EFI_STATUS status;
  };
  const Case cases[] = {
      {EFI_PXE_BASE_CODE_IP_FILTER_STATION_IP, {}, kStation, EFI_SUCCESS},
      {EFI_PXE_BASE_CODE_IP_FILTER_STATION_IP, {}, kDirected, EFI_TIMEOUT},
      {EFI_PXE_BASE_CODE_IP_FILTER_BROADCAST, {}, kDirected, EFI_SUCCESS},
      {EFI_PXE_BASE_CODE_IP_FILTER_BROADCAST, {}, wire::Ipv4Address::broadcast(), EFI_SUCCESS},
      {EFI_PXE_BASE_CODE_IP_FILTER_BROADCAST, {}, kStation, EFI_TIMEOUT},
      {EFI_PXE_BASE_CODE_IP_FILTER_PROMISCUOUS, {}, kOther, EFI_SUCCESS},
      {EFI_PXE_BASE_CODE_IP_FILTER_PROMISCUOUS_MULTICAST, {}, kGroup, EFI_SUCCESS},
      {EFI_PXE_BASE_CODE_IP_FILTER_PROMISCUOUS_MULTICAST, {}, kOther, EFI_TIMEOUT},
      {0, kGroup, kGroup, EFI_SUCCESS},
      {0, kGroup, wire::Ipv4Address(239, 1, 1, 2), EFI_TIMEOUT},
  };
  for (const Case& c : cases) {
    EFI_PXE_BASE_CODE_IP_FILTER filter{};
    filter.Filters = c.filters;
    filter.IpCnt = c.listed.is_any() ? 0 : 1;
    filter.IpList[0] = raw(c.listed);
    ASSERT_EQ(pxe->SetIpFilter(pxe, &filter), EFI_SUCCESS);
    arrives(c.destination);
    EXPECT_EQ(read_udp(kAnySource | kAnyDestination | kFilter), c.status)
        << int{c.filters} << " " << format("{}", c.destination);
  }
}

TEST_F(UdpReadTest, SplitsTheHeaderOffAndKeepsWhatDoesNotFitForOneCall) {
  char header[4] = {};
  UINTN header_size = 3;
  size = 4;
  arrives(kStation);
  EXPECT_EQ(pxe->UdpRead(pxe, 0x0f, nullptr, nullptr, nullptr, nullptr, &header_size, header, &size,
                         data),
            EFI_SUCCESS);
  EXPECT_EQ(std::string(header), "pay");
  EXPECT_EQ(std::string(data, size), "load");
  arrives(kStation);
  size = 3;
  EXPECT_EQ(pxe->UdpRead(pxe, 0x0f, nullptr, nullptr, nullptr, nullptr, &header_size, header, &size,
                         data),
            EFI_BUFFER_TOO_SMALL);
  EXPECT_EQ(size, 4U);
  EXPECT_EQ(read_udp(0x0f), EFI_SUCCESS) << "who has learned the size can have the packet";
  EXPECT_EQ(std::string(data, size), "payload");
  arrives(kStation);
  for (int call = 0; call < 2; ++call) {
    size = 3;
    EXPECT_EQ(pxe->UdpRead(pxe, 0x0f, nullptr, nullptr, nullptr, nullptr, &header_size, header,
                           &size, data),
              EFI_BUFFER_TOO_SMALL);
  }
  EXPECT_EQ(read_udp(0x0f), EFI_TIMEOUT) << "but stands in nobody's way";
  arrives(kStation, kServer, 69, "p");
  size = 0;
  EXPECT_EQ(pxe->UdpRead(pxe, 0x0f, nullptr, nullptr, nullptr, nullptr, &header_size, header, &size,
                         nullptr),
            EFI_SUCCESS);
  EXPECT_EQ(header_size, 1U);
}

TEST_F(UdpReadTest, TellsIcmpErrorsAndObeysTheCallback) {
  backend.receive_error = Error(err::net_refused);
  EXPECT_EQ(read_udp(kAnySource), EFI_ICMP_ERROR);
  EXPECT_EQ(mode.IcmpErrorReceived, TRUE);
  EXPECT_EQ(mode.IcmpError.Type, 3);
  backend.receive_error.reset();
  want_callbacks();
  arrives(kStation);
  callback.abort_at = 0;
  EXPECT_EQ(read_udp(kAnySource), EFI_ABORTED);
  EXPECT_EQ(callback.calls.back().second, "payload");
  backend.on_receive = [](PxeWatch& watch) { return watch.waiting(); };
  EXPECT_EQ(read_udp(kAnySource), EFI_ABORTED);
}

}  // namespace
}  // namespace kedge::uefi
