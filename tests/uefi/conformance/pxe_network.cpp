// SPDX-License-Identifier: BSD-2-Clause-Patent
// What a person answers by setting servers up and down: here one of each that stays up, and
// addresses that nobody has.
#include <cstring>

#include "base/format.h"
#include "pxe.h"

namespace kedge::uefi::conformance {
namespace {

constexpr UINT16 kAnySource =
    EFI_PXE_BASE_CODE_UDP_OPFLAGS_ANY_SRC_IP | EFI_PXE_BASE_CODE_UDP_OPFLAGS_ANY_SRC_PORT;
constexpr UINT16 kAny = kAnySource | EFI_PXE_BASE_CODE_UDP_OPFLAGS_ANY_DEST_PORT;
constexpr UINTN kUdpBytesMax = 65535;
constexpr std::size_t kFileBytesMax = 64 * 1024;

bool is_nothing(const EFI_IP_ADDRESS& ip) noexcept {
  return ip.Addr[0] == 0;
}

/// Each function that waits for somebody can be ended by the callback.
template <class F>
void ask_abort(PxeUnderQuestion& pxe, std::string_view name, EFI_PXE_BASE_CODE_FUNCTION function,
               const F& call) {
  const AbortingCallback callback(pxe, function);
  if (!callback.works()) {
    pxe.report().left_out(format("pxe.{}.abort", name), "the callback", EFI_UNSUPPORTED);
    return;
  }
  const EFI_STATUS answer = call();
  pxe.holds(format("{}.abort", name), answer == EFI_ABORTED && callback.was_called(), answer);
}

void ask_lease(PxeUnderQuestion& pxe) {
  const EFI_PXE_BASE_CODE_MODE& mode = pxe.mode();
  pxe.holds("dhcp.packets", mode.DhcpDiscoverValid != FALSE && mode.DhcpAckReceived != FALSE);
  pxe.holds("dhcp.filter", mode.IpFilter.Filters == EFI_PXE_BASE_CODE_IP_FILTER_STATION_IP &&
                               mode.IpFilter.IpCnt == 0);
  ask_abort(pxe, "dhcp", EFI_PXE_BASE_CODE_FUNCTION_DHCP,
            [&] { return pxe->Dhcp(pxe.raw(), FALSE); });
}

/// What was filled by Dhcp is given to a protocol that was started anew.
void ask_packets(PxeUnderQuestion& pxe) {
  const std::unique_ptr<EFI_PXE_BASE_CODE_MODE> before(new EFI_PXE_BASE_CODE_MODE(pxe.mode()));
  if (!pxe.restart("packets")) return;
  EFI_PXE_BASE_CODE_MODE& old = *before;
  pxe.asks("packets.set",
           pxe->SetPackets(pxe.raw(), &old.DhcpDiscoverValid, &old.DhcpAckReceived,
                           &old.ProxyOfferReceived, &old.PxeDiscoverValid, &old.PxeReplyReceived,
                           &old.PxeBisReplyReceived, &old.DhcpDiscover, &old.DhcpAck,
                           &old.ProxyOffer, &old.PxeDiscover, &old.PxeReply, &old.PxeBisReply),
           EFI_SUCCESS);
  const EFI_PXE_BASE_CODE_MODE& mode = pxe.mode();
  const auto same = [](const EFI_PXE_BASE_CODE_PACKET& a, const EFI_PXE_BASE_CODE_PACKET& b) {
    return std::memcmp(&a, &b, sizeof a) == 0;
  };
  pxe.holds("packets.mode",
            mode.DhcpAckReceived == old.DhcpAckReceived &&
                mode.DhcpDiscoverValid == old.DhcpDiscoverValid &&
                mode.ProxyOfferReceived == old.ProxyOfferReceived &&
                same(mode.DhcpDiscover, old.DhcpDiscover) && same(mode.DhcpAck, old.DhcpAck) &&
                same(mode.ProxyOffer, old.ProxyOffer) && same(mode.PxeReply, old.PxeReply) &&
                same(mode.PxeDiscover, old.PxeDiscover) && same(mode.PxeBisReply, old.PxeBisReply));
}

void ask_neighbours(PxeUnderQuestion& pxe, EFI_IP_ADDRESS server, EFI_IP_ADDRESS nobody) {
  EFI_MAC_ADDRESS mac{};
  pxe.asks("arp.nobody", pxe->Arp(pxe.raw(), &nobody, &mac), EFI_TIMEOUT);
  ask_abort(pxe, "arp", EFI_PXE_BASE_CODE_FUNCTION_ARP,
            [&] { return pxe->Arp(pxe.raw(), &server, &mac); });
  pxe.asks("arp.server", pxe->Arp(pxe.raw(), &server, &mac), EFI_SUCCESS);
  bool known = false;
  for (UINT32 i = 0; i < pxe.mode().ArpCacheEntries; ++i) {
    known |= std::memcmp(&pxe.mode().ArpCache[i].MacAddr, &mac, 6) == 0;
  }
  pxe.holds("arp.cache", known && mac.Addr[0] != 0xff);
}

EFI_STATUS mtftp(PxeUnderQuestion& pxe, EFI_PXE_BASE_CODE_TFTP_OPCODE operation, void* buffer,
                 UINT64& size, EFI_IP_ADDRESS server, const char* name,
                 EFI_PXE_BASE_CODE_MTFTP_INFO* info = nullptr) {
  UINTN block = 512;
  return pxe->Mtftp(pxe.raw(), operation, buffer, FALSE, &size, &block, &server,
                    reinterpret_cast<UINT8*>(const_cast<char*>(name)), info, FALSE);
}

}  // namespace

void ask_pxe_files(PxeUnderQuestion& pxe, EFI_IP_ADDRESS server) {
  constexpr char kFile[] = "client.bin";
  constexpr char kNoFile[] = "no-such-file";
  std::vector<UINT8> data(kFileBytesMax);
  UINT64 size = 0;
  const auto size_of = [&](EFI_IP_ADDRESS from, const char* name) {
    return mtftp(pxe, EFI_PXE_BASE_CODE_TFTP_GET_FILE_SIZE, nullptr, size, from, name);
  };
  EFI_IP_ADDRESS nobody = server;
  nobody.v4.Addr[3] = 222;
  pxe.asks("mtftp.nobody", size_of(nobody, kFile), EFI_TIMEOUT);
  pxe.asks("mtftp.no_file", size_of(server, kNoFile), EFI_TFTP_ERROR);
  pxe.holds("mtftp.error", pxe.mode().TftpErrorReceived != FALSE);
  size = 0;
  pxe.asks("mtftp.no_directory",
           mtftp(pxe, EFI_PXE_BASE_CODE_TFTP_READ_DIRECTORY, nullptr, size, server, kNoFile),
           EFI_TFTP_ERROR);
  size = 16;
  pxe.asks("mtftp.read_only",
           mtftp(pxe, EFI_PXE_BASE_CODE_TFTP_WRITE_FILE, data.data(), size, server, kNoFile),
           EFI_TFTP_ERROR);
  ask_abort(pxe, "mtftp", EFI_PXE_BASE_CODE_FUNCTION_MTFTP, [&] { return size_of(server, kFile); });
  if (!pxe.asks("mtftp.size", size_of(server, kFile), EFI_SUCCESS)) return;
  const UINT64 whole = size;
  size = whole - 1;
  EFI_STATUS answer =
      mtftp(pxe, EFI_PXE_BASE_CODE_TFTP_READ_FILE, data.data(), size, server, kFile);
  pxe.holds("mtftp.too_small", answer == EFI_BUFFER_TOO_SMALL && size == whole, answer);
  answer = mtftp(pxe, EFI_PXE_BASE_CODE_TFTP_READ_FILE, data.data(), size, server, kFile);
  pxe.holds("mtftp.read", answer == EFI_SUCCESS && size == whole, answer);
  BOOLEAN no = FALSE;
  (void)pxe->SetParameters(pxe.raw(), &no, nullptr, nullptr, nullptr, nullptr);
  pxe.holds("parameters.no_arp", EFI_ERROR(mtftp(pxe, EFI_PXE_BASE_CODE_MTFTP_GET_FILE_SIZE,
                                                 nullptr, size, pxe_address(1, 1, 1, 1), "a.txt")));
  BOOLEAN yes = TRUE;
  (void)pxe->SetParameters(pxe.raw(), &yes, nullptr, nullptr, nullptr, nullptr);
}

namespace {

void ask_writes(PxeUnderQuestion& pxe, EFI_IP_ADDRESS server) {
  std::vector<UINT8> data(2 * kUdpBytesMax);
  EFI_IP_ADDRESS to = pxe_address(172, 0, 0, 0);  // as they write 172.16.220.100
  UINT16 port = 200;
  UINTN bytes = 0;
  UINTN header_bytes = 4;
  const auto write = [&](UINT16 flags, EFI_IP_ADDRESS* gateway, UINTN* header) {
    return pxe->UdpWrite(pxe.raw(), flags, &to, &port, gateway, nullptr, nullptr, header,
                         header != nullptr ? data.data() : nullptr, &bytes, data.data());
  };
  bytes = data.size();
  pxe.asks("udp_write.oversized", write(0, nullptr, nullptr), EFI_BAD_BUFFER_SIZE);
  bytes = kUdpBytesMax / 2;
  ask_abort(pxe, "udp_write", EFI_PXE_BASE_CODE_FUNCTION_UDP_WRITE,
            [&] { return write(0, nullptr, nullptr); });
  to = server;
  bytes = 100;
  pxe.asks("udp_write.basic", write(0, nullptr, nullptr), EFI_SUCCESS);
  pxe.asks("udp_write.header", write(0, nullptr, &header_bytes), EFI_SUCCESS);
  pxe.asks("udp_write.gateway", write(0, &server, nullptr), EFI_SUCCESS);
  bytes = 4000;
  pxe.asks("udp_write.fragments",
           write(EFI_PXE_BASE_CODE_UDP_OPFLAGS_MAY_FRAGMENT, nullptr, nullptr), EFI_SUCCESS);
}

void ask_read_parameters(PxeUnderQuestion& pxe) {
  UINT8 data[64];
  UINTN bytes = sizeof data;
  UINT16 port = 200;
  EFI_IP_ADDRESS source = pxe_address(172, 0, 0, 0);
  const auto read = [&](UINT16 flags, UINT16* to, EFI_IP_ADDRESS* from, UINT16* from_port) {
    bytes = sizeof data;
    return pxe->UdpRead(pxe.raw(), flags, nullptr, to, from, from_port, nullptr, nullptr, &bytes,
                        data);
  };
  pxe.asks("udp_read.no_port", read(kAnySource, nullptr, nullptr, nullptr), EFI_INVALID_PARAMETER);
  pxe.asks("udp_read.no_source_port",
           read(kAny & ~EFI_PXE_BASE_CODE_UDP_OPFLAGS_ANY_SRC_PORT, nullptr, nullptr, nullptr),
           EFI_INVALID_PARAMETER);
  pxe.asks("udp_read.no_source",
           read(kAny & ~EFI_PXE_BASE_CODE_UDP_OPFLAGS_ANY_SRC_IP, nullptr, nullptr, nullptr),
           EFI_INVALID_PARAMETER);
  pxe.asks("udp_read.nothing", read(0, &port, &source, &port), EFI_TIMEOUT);
  ask_abort(pxe, "udp_read", EFI_PXE_BASE_CODE_FUNCTION_UDP_READ,
            [&] { return read(kAny, nullptr, nullptr, nullptr); });
}

/// With the flags and places of the tests, one datagram after the other.
class Reader {
 public:
  explicit Reader(PxeUnderQuestion& pxe) noexcept : pxe_(pxe), data_(kUdpBytesMax) {}
  EFI_STATUS read(UINT16 flags, EFI_IP_ADDRESS* to, UINTN room = kUdpBytesMax) noexcept {
    bytes = room;
    return pxe_->UdpRead(pxe_.raw(), flags, to, &port, &source, &source_port, nullptr, nullptr,
                         &bytes, data_.data());
  }
  UINT16 port = 0;
  EFI_IP_ADDRESS source{};
  UINT16 source_port = 0;
  UINTN bytes = 0;

 private:
  PxeUnderQuestion& pxe_;
  std::vector<UINT8> data_;
};

/// A sender's datagrams to ports 69 and 80, on a protocol that was started anew.
void ask_reads(PxeUnderQuestion& pxe) {
  if (!pxe.restart("udp_read.basic")) return;
  EFI_PXE_BASE_CODE_IP_FILTER filter{};
  filter.Filters = EFI_PXE_BASE_CODE_IP_FILTER_STATION_IP;
  filter.IpCnt = 2;
  filter.IpList[0] = pxe_address(0x12, 0x34, 0x56, 0x78);
  filter.IpList[1] = pxe_address(0x87, 0x65, 0x43, 0x21);
  (void)pxe->SetIpFilter(pxe.raw(), &filter);
  Reader reader(pxe);
  EFI_STATUS answer = reader.read(kAny, nullptr, 0);
  const UINTN told = reader.bytes;
  if (!pxe.asks("udp_read.too_small", answer, EFI_BUFFER_TOO_SMALL)) return;
  answer = reader.read(kAny, nullptr);
  pxe.asks("udp_read.basic", answer, EFI_SUCCESS);
  pxe.holds("udp_read.told_size", told == reader.bytes && told != 0);
  pxe.holds("udp_read.packet", (reader.port == 69 || reader.port == 80) &&
                                   !is_nothing(reader.source) && reader.source_port != 0);
  const auto kept = [&] {
    return pxe.mode().IpFilter.IpCnt == 2 &&
           std::memcmp(pxe.mode().IpFilter.IpList, filter.IpList, 2 * sizeof(EFI_IP_ADDRESS)) == 0;
  };
  pxe.holds("udp_read.filter", kept());
  EFI_IP_ADDRESS* const own = &pxe.mode().StationIp;
  pxe.asks("udp_read.to_us", reader.read(kAny, own), EFI_SUCCESS);
  pxe.asks("udp_read.to_us_again", reader.read(kAny, own), EFI_SUCCESS);
  reader.port = 69;
  answer = reader.read(kAnySource, own);
  pxe.holds("udp_read.port", answer == EFI_SUCCESS && reader.port == 69, answer);
  pxe.asks("udp_read.port_again", reader.read(kAnySource, own), EFI_SUCCESS);
  answer = reader.read(kAny & ~EFI_PXE_BASE_CODE_UDP_OPFLAGS_ANY_SRC_IP, own);
  pxe.asks("udp_read.source", answer, EFI_SUCCESS);
  answer = reader.read(kAny & ~EFI_PXE_BASE_CODE_UDP_OPFLAGS_ANY_SRC_PORT, own);
  pxe.asks("udp_read.source_port", answer, EFI_SUCCESS);
  pxe.holds("udp_read.filter_after", kept());
}

}  // namespace

void ask_pxe_datagrams(PxeUnderQuestion& pxe, EFI_IP_ADDRESS server) {
  ask_writes(pxe, server);
  ask_read_parameters(pxe);
  ask_reads(pxe);
}

void ask_pxe_network(PxeUnderQuestion& pxe) {
  if (!pxe.lease("network")) return;
  pxe.holds("dhcp.lease", !is_nothing(pxe.mode().StationIp));
  EFI_IP_ADDRESS server{};
  std::memcpy(&server, pxe.mode().DhcpAck.Dhcpv4.BootpSiAddr, sizeof server.v4);
  ask_lease(pxe);
  if (!pxe.lease("network")) return;
  EFI_IP_ADDRESS nobody = server;
  nobody.v4.Addr[3] = 221;
  ask_neighbours(pxe, server, nobody);
  // The server's own options allow no other way than to the servers that they list.
  EFI_PXE_BASE_CODE_DISCOVER_INFO by_broadcast{};
  by_broadcast.UseBCast = TRUE;
  const auto discover = [&] { return pxe->Discover(pxe.raw(), 0, nullptr, FALSE, &by_broadcast); };
  pxe.asks("discover.nobody", discover(), EFI_TIMEOUT);
  ask_abort(pxe, "discover", EFI_PXE_BASE_CODE_FUNCTION_DISCOVER, discover);
  ask_pxe_files(pxe, server);
  ask_pxe_datagrams(pxe, server);
  if (pxe.lease("packets")) ask_packets(pxe);
}

}  // namespace kedge::uefi::conformance
