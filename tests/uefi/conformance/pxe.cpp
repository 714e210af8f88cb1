// SPDX-License-Identifier: BSD-2-Clause-Patent
// What the tests of PXE Base Code ask without a network, and what the other parts share.
#include "pxe.h"

#include <algorithm>
#include <cstring>

#include "base/format.h"
#include "uefi/protocol.h"

namespace kedge::uefi::conformance {
namespace {

AbortingCallback* at_work = nullptr;

bool is_zero(const void* memory, std::size_t count) noexcept {
  const auto* octets = static_cast<const UINT8*>(memory);
  return std::all_of(octets, octets + count, [](UINT8 octet) { return octet == 0; });
}

/// As the specification sets the fields. Behind StationIp everything is zero.
bool is_fresh(const EFI_PXE_BASE_CODE_MODE& mode) noexcept {
  const auto* from = reinterpret_cast<const UINT8*>(&mode.StationIp);
  const auto* to = reinterpret_cast<const UINT8*>(&mode) + sizeof(mode);
  return mode.Started != FALSE && mode.UsingIpv6 == FALSE && mode.AutoArp != FALSE &&
         mode.SendGUID == FALSE && mode.DhcpDiscoverValid == FALSE &&
         mode.DhcpAckReceived == FALSE && mode.ProxyOfferReceived == FALSE &&
         mode.PxeDiscoverValid == FALSE && mode.PxeReplyReceived == FALSE &&
         mode.PxeBisReplyReceived == FALSE && mode.IcmpErrorReceived == FALSE &&
         mode.TftpErrorReceived == FALSE && mode.TTL == DEFAULT_TTL && mode.ToS == DEFAULT_ToS &&
         is_zero(from, static_cast<std::size_t>(to - from));
}

void ask_start_and_stop(PxeUnderQuestion& pxe) {
  if (!pxe.stop("start")) return;
  pxe.asks("start.ipv4", pxe->Start(pxe.raw(), FALSE), EFI_SUCCESS);
  pxe.holds("start.mode", is_fresh(pxe.mode()));
  pxe.asks("start.again", pxe->Start(pxe.raw(), FALSE), EFI_ALREADY_STARTED);
  pxe.asks("stop.ipv4", pxe->Stop(pxe.raw()), EFI_SUCCESS);
  pxe.holds("stop.mode", pxe.mode().Started == FALSE);
  pxe.asks("stop.again", pxe->Stop(pxe.raw()), EFI_NOT_STARTED);
  const bool ipv6 = pxe.mode().Ipv6Supported != FALSE && pxe.mode().Ipv6Available != FALSE;
  pxe.asks("start.ipv6", pxe->Start(pxe.raw(), TRUE), ipv6 ? EFI_SUCCESS : EFI_UNSUPPORTED);
  if (ipv6) (void)pxe->Stop(pxe.raw());
}

/// Of a protocol that is stopped, with the arguments that the tests give.
void ask_stopped(PxeUnderQuestion& pxe) {
  if (!pxe.stop("stopped")) return;
  EFI_IP_ADDRESS ip = pxe_address(172, 16, 220, 100);
  EFI_MAC_ADDRESS mac{};
  UINT16 port = 200;
  UINT64 size = 0;
  UINTN block = 512;
  std::vector<UINT8> data(32 * 1024);
  UINTN bytes = data.size();
  EFI_PXE_BASE_CODE_IP_FILTER filter{};
  filter.Filters = EFI_PXE_BASE_CODE_IP_FILTER_STATION_IP;
  char name[] = "name";
  pxe.asks("dhcp.stopped", pxe->Dhcp(pxe.raw(), FALSE), EFI_NOT_STARTED);
  pxe.asks("discover.stopped", pxe->Discover(pxe.raw(), 0, nullptr, FALSE, nullptr),
           EFI_NOT_STARTED);
  pxe.asks("mtftp.stopped",
           pxe->Mtftp(pxe.raw(), EFI_PXE_BASE_CODE_TFTP_GET_FILE_SIZE, nullptr, FALSE, &size,
                      &block, &ip, reinterpret_cast<UINT8*>(name), nullptr, FALSE),
           EFI_NOT_STARTED);
  pxe.asks("udp_write.stopped",
           pxe->UdpWrite(pxe.raw(), 0, &ip, &port, nullptr, nullptr, nullptr, nullptr, nullptr,
                         &bytes, data.data()),
           EFI_NOT_STARTED);
  pxe.asks("udp_read.stopped",
           pxe->UdpRead(pxe.raw(), 0x0f, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr,
                        &bytes, data.data()),
           EFI_NOT_STARTED);
  pxe.asks("filter.stopped", pxe->SetIpFilter(pxe.raw(), &filter), EFI_NOT_STARTED);
  pxe.asks("arp.stopped", pxe->Arp(pxe.raw(), &ip, &mac), EFI_NOT_STARTED);
  pxe.asks("parameters.stopped",
           pxe->SetParameters(pxe.raw(), nullptr, nullptr, nullptr, nullptr, nullptr),
           EFI_NOT_STARTED);
  pxe.asks("station.stopped", pxe->SetStationIp(pxe.raw(), nullptr, nullptr), EFI_NOT_STARTED);
  pxe.asks("packets.stopped",
           pxe->SetPackets(pxe.raw(), nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr,
                           nullptr, nullptr, nullptr, nullptr, nullptr),
           EFI_NOT_STARTED);
}

void ask_setters(PxeUnderQuestion& pxe) {
  if (!pxe.restart("setters")) return;
  EFI_PXE_BASE_CODE_IP_FILTER filter{};
  filter.Filters = EFI_PXE_BASE_CODE_IP_FILTER_STATION_IP;
  filter.IpCnt = 2;
  filter.IpList[0] = pxe_address(0x12, 0x34, 0x56, 0x78);
  filter.IpList[1] = pxe_address(0x87, 0x65, 0x43, 0x21);
  pxe.asks("filter.set", pxe->SetIpFilter(pxe.raw(), &filter), EFI_SUCCESS);
  pxe.holds("filter.mode",
            pxe.mode().IpFilter.IpCnt == 2 && std::memcmp(pxe.mode().IpFilter.IpList, filter.IpList,
                                                          2 * sizeof(EFI_IP_ADDRESS)) == 0);
  pxe.asks("arp.nothing", pxe->Arp(pxe.raw(), nullptr, nullptr), EFI_INVALID_PARAMETER);
  BOOLEAN arp = pxe.mode().AutoArp == FALSE ? TRUE : FALSE;
  auto ttl = static_cast<UINT8>(pxe.mode().TTL + 1);
  pxe.asks("parameters.set", pxe->SetParameters(pxe.raw(), &arp, nullptr, &ttl, nullptr, nullptr),
           EFI_SUCCESS);
  pxe.holds("parameters.mode", pxe.mode().AutoArp == arp && pxe.mode().TTL == ttl);
  arp = arp == FALSE ? TRUE : FALSE;
  --ttl;
  (void)pxe->SetParameters(pxe.raw(), &arp, nullptr, &ttl, nullptr, nullptr);
  // To the last of their bytes, of which an IPv4 address uses four.
  EFI_IP_ADDRESS ip = pxe_address(192, 168, 0, 1);
  EFI_IP_ADDRESS mask = pxe_address(255, 255, 255, 0);
  ip.Addr[3] = mask.Addr[3] = 0xa5a5a5a5;
  const auto is_kept = [&] {
    return std::memcmp(&pxe.mode().StationIp, &ip, sizeof ip) == 0 &&
           std::memcmp(&pxe.mode().SubnetMask, &mask, sizeof mask) == 0;
  };
  EFI_STATUS answer = pxe->SetStationIp(pxe.raw(), &ip, &mask);
  pxe.holds("station.both", answer == EFI_SUCCESS && is_kept(), answer);
  ip.v4.Addr[3] = 2;
  answer = pxe->SetStationIp(pxe.raw(), &ip, nullptr);
  pxe.holds("station.address", answer == EFI_SUCCESS && is_kept(), answer);
  mask.v4.Addr[3] = 240;
  answer = pxe->SetStationIp(pxe.raw(), nullptr, &mask);
  pxe.holds("station.mask", answer == EFI_SUCCESS && is_kept(), answer);
}

}  // namespace

EFI_IP_ADDRESS pxe_address(UINT8 a, UINT8 b, UINT8 c, UINT8 d) noexcept {
  EFI_IP_ADDRESS ip{};
  ip.v4 = {{a, b, c, d}};
  return ip;
}

bool PxeUnderQuestion::holds(std::string_view name, bool good, EFI_STATUS answer) noexcept {
  return report_.check(format("pxe.{}", name), good, answer);
}

bool PxeUnderQuestion::asks(std::string_view name, EFI_STATUS answer, EFI_STATUS wanted) noexcept {
  return holds(name, answer == wanted, answer);
}

bool PxeUnderQuestion::stop(std::string_view question) noexcept {
  if (mode().Started == FALSE) return true;
  const EFI_STATUS answer = pxe_.Stop(&pxe_);
  if (EFI_ERROR(answer)) report_.left_out(format("pxe.{}", question), "Stop", answer);
  return !EFI_ERROR(answer);
}

bool PxeUnderQuestion::restart(std::string_view question) noexcept {
  if (!stop(question)) return false;
  const EFI_STATUS answer = pxe_.Start(&pxe_, FALSE);
  if (EFI_ERROR(answer)) report_.left_out(format("pxe.{}", question), "Start", answer);
  return !EFI_ERROR(answer);
}

bool PxeUnderQuestion::lease(std::string_view question) noexcept {
  if (!restart(question)) return false;
  const EFI_STATUS answer = pxe_.Dhcp(&pxe_, FALSE);
  if (EFI_ERROR(answer)) report_.left_out(format("pxe.{}", question), "Dhcp", answer);
  return !EFI_ERROR(answer);
}

AbortingCallback::AbortingCallback(PxeUnderQuestion& pxe,
                                   EFI_PXE_BASE_CODE_FUNCTION function) noexcept
    : pxe_(pxe), function_(function) {
  at_work = this;
  theirs_ = peek<EFI_PXE_BASE_CODE_CALLBACK_PROTOCOL>(pxe.firmware(), pxe.handle());
  if (theirs_ != nullptr) {
    their_call_ = std::exchange(theirs_->Callback, call);
    works_ = true;
    return;
  }
  protocol_.Revision = EFI_PXE_BASE_CODE_CALLBACK_PROTOCOL_REVISION;
  protocol_.Callback = call;
  EFI_HANDLE handle = pxe.handle().raw();
  if (EFI_ERROR(pxe.firmware().boot().InstallProtocolInterface(
          &handle, guid_pointer<EFI_PXE_BASE_CODE_CALLBACK_PROTOCOL>(), EFI_NATIVE_INTERFACE,
          &protocol_))) {
    return;
  }
  BOOLEAN yes = TRUE;
  works_ = !EFI_ERROR(pxe->SetParameters(pxe.raw(), nullptr, nullptr, nullptr, nullptr, &yes));
}

AbortingCallback::~AbortingCallback() {
  if (theirs_ != nullptr) {
    theirs_->Callback = their_call_;
    return;
  }
  BOOLEAN no = FALSE;
  (void)pxe_->SetParameters(pxe_.raw(), nullptr, nullptr, nullptr, nullptr, &no);
  (void)pxe_.firmware().boot().UninstallProtocolInterface(
      pxe_.handle().raw(), guid_pointer<EFI_PXE_BASE_CODE_CALLBACK_PROTOCOL>(), &protocol_);
}

EFI_PXE_BASE_CODE_CALLBACK_STATUS EFIAPI AbortingCallback::call(
    EFI_PXE_BASE_CODE_CALLBACK_PROTOCOL* self, EFI_PXE_BASE_CODE_FUNCTION function,
    BOOLEAN received, UINT32 length, EFI_PXE_BASE_CODE_PACKET* packet) {
  AbortingCallback& own = *at_work;
  if (function != own.function_) {
    if (own.their_call_ != nullptr) {
      return own.their_call_(self, function, received, length, packet);
    }
    return EFI_PXE_BASE_CODE_CALLBACK_STATUS_CONTINUE;
  }
  ++own.calls_;
  return EFI_PXE_BASE_CODE_CALLBACK_STATUS_ABORT;
}

void ask_pxe_states(PxeUnderQuestion& pxe) {
  ask_start_and_stop(pxe);
  ask_stopped(pxe);
  ask_setters(pxe);
}

void ask_pxe(const Firmware& firmware, Report& report) {
  const auto handles = network_handles(firmware, kGuid<EFI_PXE_BASE_CODE_PROTOCOL>);
  for (std::size_t i = 0; i < handles.size(); ++i) {
    tell_subject(firmware, report, handles[i], i + 1);
    PxeUnderQuestion pxe(firmware, report, handles[i],
                         *peek<EFI_PXE_BASE_CODE_PROTOCOL>(firmware, handles[i]));
    ask_pxe_network(pxe);
    ask_pxe_states(pxe);
    (void)pxe.stop("end");
  }
}

}  // namespace kedge::uefi::conformance
