// SPDX-License-Identifier: BSD-2-Clause-Patent
// Every error of the network as each function of PXE Base Code that uses it tells it, at each TPL;
// and what each function answers of a protocol that is started and has no address.
#include "uefi/pxe_base_code_test_bed.h"

namespace kedge::uefi {
namespace {

struct Case {
  const char* name;
  EFI_STATUS (*call)(Pxe*);
  EFI_STATUS without_address;
};

EFI_IP_ADDRESS server = raw(kServer);
EFI_IP_ADDRESS mask = raw({255, 255, 255, 0});
UINT16 port = 69;

const Case kCases[] = {
    {"Dhcp", [](Pxe* pxe) { return pxe->Dhcp(pxe, FALSE); }, EFI_TIMEOUT},
    {"Discover",
     [](Pxe* pxe) {
       UINT16 layer = 0;
       EFI_PXE_BASE_CODE_DISCOVER_INFO info{};
       info.UseBCast = TRUE;
       return pxe->Discover(pxe, 0, &layer, FALSE, &info);
     },
     EFI_INVALID_PARAMETER},
    {"MtftpRead",
     [](Pxe* pxe) {
       char buffer[8];
       UINT64 size = sizeof buffer;
       return pxe->Mtftp(pxe, EFI_PXE_BASE_CODE_TFTP_READ_FILE, buffer, FALSE, &size, nullptr,
                         &server, text("name"), nullptr, FALSE);
     },
     EFI_TIMEOUT},
    {"MtftpSize",
     [](Pxe* pxe) {
       UINT64 size = 0;
       return pxe->Mtftp(pxe, EFI_PXE_BASE_CODE_TFTP_GET_FILE_SIZE, nullptr, FALSE, &size, nullptr,
                         &server, text("name"), nullptr, FALSE);
     },
     EFI_TIMEOUT},
    {"MtftpWrite",
     [](Pxe* pxe) {
       char buffer[8] = {};
       UINT64 size = sizeof buffer;
       return pxe->Mtftp(pxe, EFI_PXE_BASE_CODE_TFTP_WRITE_FILE, buffer, FALSE, &size, nullptr,
                         &server, text("name"), nullptr, FALSE);
     },
     EFI_TIMEOUT},
    {"UdpWrite",
     [](Pxe* pxe) {
       UINTN size = 1;
       char data = 0;
       return pxe->UdpWrite(pxe, 0, &server, &port, nullptr, nullptr, nullptr, nullptr, nullptr,
                            &size, &data);
     },
     EFI_INVALID_PARAMETER},
    {"UdpRead",
     [](Pxe* pxe) {
       UINTN size = 1;
       char data = 0;
       return pxe->UdpRead(pxe, 0x0f, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, &size,
                           &data);
     },
     EFI_TIMEOUT},
    {"Arp", [](Pxe* pxe) { return pxe->Arp(pxe, &server, nullptr); }, EFI_INVALID_PARAMETER},
    {"SetStationIp", [](Pxe* pxe) { return pxe->SetStationIp(pxe, &server, &mask); }, EFI_TIMEOUT},
};

const Failure kFailures[] = {
    {"TimedOut", &err::async_timed_out, EFI_TIMEOUT},
    {"NoNeighbour", &err::net_no_neighbour, EFI_TIMEOUT},
    {"NoMemory", &err::base_no_memory, EFI_OUT_OF_RESOURCES},
    {"Aborted", &err::pxe_aborted, EFI_ABORTED},
    {"Refused", &err::net_refused, EFI_ICMP_ERROR},
    {"Closed", &err::net_closed, EFI_DEVICE_ERROR},
    {"Unreachable", &err::net_unreachable, EFI_DEVICE_ERROR},
};

struct PxeStatus : PxeBaseCodeTest, testing::WithParamInterface<Case> {
  void fail_by(const ErrorSite& site) {
    const Error error(site);
    backend.on_dhcp = [=](PxeWatch&) { return Result<PxeLease>(error); };
    backend.on_discover = [=](const PxeSearch&, PxeWatch&) {
      return Result<PxeSearchResult>(error);
    };
    backend.on_read = [=](const PxeFile&, client::Sink&, PxeWatch&,
                          std::optional<PxeServerError>&) { return Result<void>(error); };
    backend.on_write = [=](const PxeFile&, ByteView, std::optional<PxeServerError>&) {
      return Result<void>(error);
    };
    backend.on_send = [=](const PxeUdpTarget&, std::string) {
      return Result<std::uint16_t>(error);
    };
    backend.on_neighbour = [=] { return Result<wire::MacAddress>(error); };
    backend.receive_error = error;
    backend.configure_error = error;
  }
};

TEST_P(PxeStatus, EveryErrorOfTheNetworkIsToldAtEachLevel) {
  for (const EFI_TPL level : {TPL_APPLICATION, TPL_CALLBACK}) {
    for (const Failure& failure : kFailures) {
      start_with_lease();
      fail_by(*failure.site);
      fake.tpl = level;
      EXPECT_EQ(GetParam().call(pxe), failure.status) << failure.name << " at " << level;
      EXPECT_EQ(fake.tpl, level);
      fake.tpl = TPL_APPLICATION;
      EXPECT_EQ(mode.IcmpErrorReceived, failure.status == EFI_ICMP_ERROR ? TRUE : FALSE);
      // And is over with the call: the protocol can be used and stopped.
      EXPECT_EQ(pxe->Stop(pxe), EFI_SUCCESS);
    }
  }
}

TEST_P(PxeStatus, AProtocolWithoutAnAddressSaysSo) {
  fail_by(err::async_timed_out);
  ASSERT_EQ(pxe->Start(pxe, FALSE), EFI_SUCCESS);
  EXPECT_EQ(GetParam().call(pxe), GetParam().without_address);
}

INSTANTIATE_TEST_SUITE_P(Of, PxeStatus, testing::ValuesIn(kCases),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace kedge::uefi
