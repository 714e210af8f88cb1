// SPDX-License-Identifier: BSD-2-Clause-Patent
// PXE Base Code as the UEFI conformance tests look at it: what they assert and pxe_base_code_test
// does not say already, each with the arguments that they give.
#include "uefi/pxe_base_code_test_bed.h"

namespace kedge::uefi {
namespace {

struct PxeConformanceTest : PxeBaseCodeTest {
  bool is_zero(const void* memory, std::size_t count) {
    const auto* octets = static_cast<const std::uint8_t*>(memory);
    return std::all_of(octets, octets + count, [](std::uint8_t octet) { return octet == 0; });
  }
  // The tests fill the four octets of an IPv4 address in, of sixteen on the stack.
  EFI_IP_ADDRESS with_garbage(wire::Ipv4Address address) {
    EFI_IP_ADDRESS ip;
    std::memset(&ip, 0xa5, sizeof(ip));
    std::memcpy(&ip, raw(address).v4.Addr, 4);
    return ip;
  }
  EFI_STATUS mtftp(EFI_PXE_BASE_CODE_TFTP_OPCODE operation, UINT64& size) {
    EFI_IP_ADDRESS server = raw(kServer);
    UINTN block = 512;
    return pxe->Mtftp(pxe, operation, nullptr, FALSE, &size, &block, &server, text("name"), nullptr,
                      FALSE);
  }
};

TEST_F(PxeConformanceTest, AfterStartEverythingIsZeroButWhatTheSpecificationSets) {
  start_with_lease();
  ASSERT_EQ(pxe->Stop(pxe), EFI_SUCCESS);
  EXPECT_EQ(mode.Started, FALSE);
  ASSERT_EQ(pxe->Start(pxe, FALSE), EFI_SUCCESS);
  EXPECT_EQ(mode.TTL, DEFAULT_TTL);
  EXPECT_EQ(mode.ToS, DEFAULT_ToS);
  EXPECT_EQ(mode.AutoArp, TRUE);
  EXPECT_EQ(mode.IpFilter.Filters, 0);
  EXPECT_EQ(mode.IpFilter.IpCnt, 0);
  const auto* from = reinterpret_cast<const std::byte*>(&mode.StationIp);
  const auto* to = reinterpret_cast<const std::byte*>(&mode) + sizeof(mode);
  EXPECT_TRUE(is_zero(from, static_cast<std::size_t>(to - from))) << "addresses, packets, tables";
  for (const BOOLEAN flag :
       {mode.UsingIpv6, mode.SendGUID, mode.DhcpDiscoverValid, mode.DhcpAckReceived,
        mode.ProxyOfferReceived, mode.PxeDiscoverValid, mode.PxeReplyReceived,
        mode.PxeBisReplyReceived, mode.IcmpErrorReceived, mode.TftpErrorReceived}) {
    EXPECT_EQ(flag, FALSE);
  }
}

TEST_F(PxeConformanceTest, StartWantsCallbacksWhenThereIsACallback) {
  ASSERT_EQ(pxe->Start(pxe, FALSE), EFI_SUCCESS);
  EXPECT_EQ(mode.MakeCallbacks, FALSE);
  ASSERT_EQ(pxe->Stop(pxe), EFI_SUCCESS);
  fake.add_protocol(handle, &callback.protocol);
  ASSERT_EQ(pxe->Start(pxe, FALSE), EFI_SUCCESS);
  EXPECT_EQ(mode.MakeCallbacks, TRUE);
}

TEST_F(PxeConformanceTest, AnAddressThatPromisesNothingToBootIsNoPxeOffer) {
  ASSERT_EQ(pxe->Start(pxe, FALSE), EFI_SUCCESS);
  PxeLease offered = lease();
  backend.on_dhcp = [&](PxeWatch&) { return Result<PxeLease>(offered); };
  EXPECT_EQ(pxe->Dhcp(pxe, FALSE), EFI_NO_RESPONSE);
  EXPECT_EQ(mode.DhcpAckReceived, FALSE);
  const EFI_IP_ADDRESS own = raw(kStation);
  EXPECT_EQ(std::memcmp(&mode.StationIp, &own, sizeof(own)), 0) << "the interface has it";
  // Boot servers, or a proxy, make it one.
  const std::uint8_t options[] = {6, 1, 8, 255};
  offered.ack = dhcp_message(std::as_bytes(std::span(options)));
  EXPECT_EQ(pxe->Dhcp(pxe, FALSE), EFI_SUCCESS);
  offered = lease();
  offered.proxy_offer = dhcp_message();
  EXPECT_EQ(pxe->Dhcp(pxe, FALSE), EFI_SUCCESS);
  EXPECT_EQ(mode.ProxyOfferReceived, TRUE);
}

TEST_F(PxeConformanceTest, DiscoverTakesNoLayerForTheFirst) {
  EXPECT_EQ(pxe->Discover(pxe, 0, nullptr, FALSE, nullptr), EFI_NOT_STARTED);
  const std::uint8_t options[] = {6, 1, 0, 255};
  PxeLease offered = lease();
  offered.ack = dhcp_message(std::as_bytes(std::span(options)));
  producer->adopt(offered);
  std::optional<PxeSearch> seen;
  backend.on_discover = [&](const PxeSearch& search, PxeWatch&) -> Result<PxeSearchResult> {
    seen = search;
    return fail(err::dhcp_no_answer);
  };
  EXPECT_EQ(pxe->Discover(pxe, 0, nullptr, FALSE, nullptr), EFI_TIMEOUT);
  ASSERT_TRUE(seen.has_value());
  EXPECT_EQ(seen->layer, 0);
  EXPECT_EQ(seen->type, 0);
}

TEST_F(PxeConformanceTest, ADirectoryIsAskedForWithoutABuffer) {
  UINT64 size = 4711;  // the tests do not set it
  EXPECT_EQ(mtftp(EFI_PXE_BASE_CODE_TFTP_READ_DIRECTORY, size), EFI_NOT_STARTED);
  start_with_lease();
  backend.on_read = [](const PxeFile& file, client::Sink&, PxeWatch&,
                       std::optional<PxeServerError>& refusal) -> Result<void> {
    EXPECT_TRUE(file.directory);
    refusal = PxeServerError{1, "no such directory"};
    return fail(err::tftp_not_found);
  };
  EXPECT_EQ(mtftp(EFI_PXE_BASE_CODE_TFTP_READ_DIRECTORY, size), EFI_TFTP_ERROR);
  EXPECT_EQ(mode.TftpErrorReceived, TRUE);
  serve("a listing");
  EXPECT_EQ(mtftp(EFI_PXE_BASE_CODE_TFTP_READ_DIRECTORY, size), EFI_BUFFER_TOO_SMALL);
  EXPECT_EQ(size, 9U);
  EXPECT_EQ(mtftp(EFI_PXE_BASE_CODE_TFTP_READ_FILE, size), EFI_INVALID_PARAMETER);
}

TEST_F(PxeConformanceTest, TheCallbackIsAskedBeforeADatagramIsFoundTooLarge) {
  start_with_lease();
  EFI_IP_ADDRESS to = raw({172, 0, 0, 0});  // as the tests make 172.16.220.100
  UINT16 port = 200;
  std::vector<char> data(131'070);
  UINTN size = data.size();
  const auto write = [&] {
    return pxe->UdpWrite(pxe, 0, &to, &port, nullptr, nullptr, nullptr, nullptr, nullptr, &size,
                         data.data());
  };
  EXPECT_EQ(write(), EFI_BAD_BUFFER_SIZE);
  want_callbacks();
  EXPECT_EQ(write(), EFI_BAD_BUFFER_SIZE);
  EXPECT_TRUE(callback.calls.empty()) << "this is no datagram at all";
  size = 65'535 / 2;
  EXPECT_EQ(write(), EFI_BAD_BUFFER_SIZE);
  callback.abort_at = 0;
  EXPECT_EQ(write(), EFI_ABORTED);
}

/// Their sequence on UdpRead, of which nobody has set an address: one datagram, two calls.
TEST_F(PxeConformanceTest, WithoutAnAddressAnythingToTheInterfaceIsRead) {
  constexpr UINT16 kFlags = EFI_PXE_BASE_CODE_UDP_OPFLAGS_ANY_DEST_PORT |
                            EFI_PXE_BASE_CODE_UDP_OPFLAGS_ANY_SRC_IP |
                            EFI_PXE_BASE_CODE_UDP_OPFLAGS_ANY_SRC_PORT;
  start_with_lease();
  ASSERT_EQ(pxe->Stop(pxe), EFI_SUCCESS);
  ASSERT_EQ(pxe->Start(pxe, FALSE), EFI_SUCCESS);
  EFI_PXE_BASE_CODE_IP_FILTER filter{};
  filter.Filters = EFI_PXE_BASE_CODE_IP_FILTER_STATION_IP;
  filter.IpCnt = 2;
  filter.IpList[0] = raw({0x12, 0x34, 0x56, 0x78});
  filter.IpList[1] = raw({0x87, 0x65, 0x43, 0x21});
  ASSERT_EQ(pxe->SetIpFilter(pxe, &filter), EFI_SUCCESS);
  backend.incoming.push_back({kServer, 1024, kStation, 80, as_byte_view("datagram")});
  UINT16 port = 0;
  EFI_IP_ADDRESS source{};
  UINT16 source_port = 0;
  char data[64] = {};
  UINTN size = 0;
  const auto read = [&](UINT16 flags, EFI_IP_ADDRESS* destination) {
    return pxe->UdpRead(pxe, flags, destination, &port, &source, &source_port, nullptr, nullptr,
                        &size, data);
  };
  EXPECT_EQ(read(kFlags, nullptr), EFI_BUFFER_TOO_SMALL);
  EXPECT_EQ(size, 8U);
  size = sizeof(data);
  EXPECT_EQ(read(kFlags, nullptr), EFI_SUCCESS);
  EXPECT_EQ(std::string(data, size), "datagram");
  EXPECT_EQ(port, 80);
  EXPECT_EQ(source_port, 1024);
  EXPECT_EQ(std::memcmp(&mode.IpFilter, &filter, sizeof(filter)), 0);
  // With the mode's own address as the wanted one, which stays as it is.
  backend.incoming.push_back({kServer, 1024, kStation, 80, as_byte_view("datagram")});
  EXPECT_EQ(read(kFlags, &pxe->Mode->StationIp), EFI_SUCCESS);
  EXPECT_TRUE(is_zero(&mode.StationIp, sizeof(mode.StationIp)));
  // By port.
  port = 69;
  backend.incoming.push_back({kServer, 1024, kStation, 69, as_byte_view("datagram")});
  size = sizeof(data);
  EXPECT_EQ(read(kFlags & ~EFI_PXE_BASE_CODE_UDP_OPFLAGS_ANY_DEST_PORT, &pxe->Mode->StationIp),
            EFI_SUCCESS);
  EXPECT_EQ(backend.asked_port, 69);
}

TEST_F(PxeConformanceTest, WithoutAutoArpAMulticastTransferWithoutItsInfoAsksNobody) {
  start_with_lease();
  BOOLEAN no = FALSE;
  UINT8 time_to_live = static_cast<UINT8>(mode.TTL + 1);
  ASSERT_EQ(pxe->SetParameters(pxe, &no, nullptr, &time_to_live, nullptr, nullptr), EFI_SUCCESS);
  EXPECT_EQ(mode.AutoArp, FALSE);
  EXPECT_EQ(mode.TTL, DEFAULT_TTL + 1);
  EXPECT_FALSE(backend.interface_mode.asks_neighbours);
  UINT64 size = 0;
  EXPECT_EQ(mtftp(EFI_PXE_BASE_CODE_MTFTP_GET_FILE_SIZE, size), EFI_INVALID_PARAMETER);
}

TEST_F(PxeConformanceTest, SetStationIpKeepsAddressesToTheLastByte) {
  ASSERT_EQ(pxe->Start(pxe, FALSE), EFI_SUCCESS);
  EFI_IP_ADDRESS ip = with_garbage({192, 168, 0, 1});
  EFI_IP_ADDRESS mask = with_garbage({255, 255, 255, 0});
  const auto expect_both = [&] {
    EXPECT_EQ(std::memcmp(&mode.StationIp, &ip, sizeof(ip)), 0);
    EXPECT_EQ(std::memcmp(&mode.SubnetMask, &mask, sizeof(mask)), 0);
  };
  EXPECT_EQ(pxe->SetStationIp(pxe, &ip, &mask), EFI_SUCCESS);
  expect_both();
  ip = with_garbage({192, 168, 0, 2});
  EXPECT_EQ(pxe->SetStationIp(pxe, &ip, nullptr), EFI_SUCCESS);
  expect_both();
  mask = with_garbage({255, 255, 255, 240});
  EXPECT_EQ(pxe->SetStationIp(pxe, nullptr, &mask), EFI_SUCCESS);
  expect_both();
  EXPECT_EQ(backend.configuration.address, wire::Ipv4Address(192, 168, 0, 2));
  EXPECT_EQ(backend.configuration.prefix_bits, 28);
}

TEST_F(PxeConformanceTest, SetIpFilterKeepsTheListAsItIsGiven) {
  EFI_PXE_BASE_CODE_IP_FILTER filter{};
  filter.Filters = EFI_PXE_BASE_CODE_IP_FILTER_STATION_IP;
  filter.IpCnt = 2;
  filter.IpList[0] = raw({0x12, 0x34, 0x56, 0x78});
  filter.IpList[1] = raw({0x87, 0x65, 0x43, 0x21});
  EXPECT_EQ(pxe->SetIpFilter(pxe, &filter), EFI_NOT_STARTED);
  ASSERT_EQ(pxe->Start(pxe, FALSE), EFI_SUCCESS);
  EXPECT_EQ(pxe->SetIpFilter(pxe, &filter), EFI_SUCCESS);
  EXPECT_EQ(std::memcmp(&mode.IpFilter, &filter, sizeof(filter)), 0);
}

TEST_F(PxeConformanceTest, SettersAnswerTheStateWhenTheyAreGivenNothing) {
  EXPECT_EQ(pxe->SetStationIp(pxe, nullptr, nullptr), EFI_NOT_STARTED);
  EXPECT_EQ(pxe->SetParameters(pxe, nullptr, nullptr, nullptr, nullptr, nullptr), EFI_NOT_STARTED);
  ASSERT_EQ(pxe->Start(pxe, FALSE), EFI_SUCCESS);
  EXPECT_EQ(pxe->SetStationIp(pxe, nullptr, nullptr), EFI_SUCCESS);
  EXPECT_EQ(pxe->Arp(pxe, nullptr, nullptr), EFI_INVALID_PARAMETER);
}

}  // namespace
}  // namespace kedge::uefi
