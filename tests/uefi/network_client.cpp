// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// network-client.efi TOKEN: a boot loader that uses PXE Base Code and Simple Network of its device
// at once, as that of Windows does: its own TFTP client over UdpWrite and UdpRead, frames of its
// own in between. It finds the boot server that offers "discovered.efi". It fetches the file
// "client.bin" from the server of the DHCP packets, by both its client and Mtftp, writes it back by
// Mtftp as "written.bin", and says "network-client TOKEN ok" or what failed.
#include <algorithm>
#include <array>
#include <cstring>

#include "base/format.h"
#include "uefi/console.h"
#include "uefi/protocol.h"
#include "uefi/rt/runtime.h"
#include "uefi/text.h"

namespace kedge::uefi {
namespace {

constexpr std::size_t kFileBytesMax = 4096;
constexpr std::size_t kBlockBytes = 512;  // RFC 1350: TFTP without options
constexpr std::size_t kFrameBytes = 1514;
constexpr std::size_t kEthernetHeaderBytes = 14;
constexpr std::size_t kArpBytes = 28;
constexpr UINT16 kTftpPort = 69;
constexpr UINT16 kTypeIpv4 = 0x0800;
constexpr UINT16 kTypeArp = 0x0806;
// dnsmasq counts its services from here.
constexpr UINT16 kBootServerType = 0x8000;
constexpr std::string_view kDiscovered = "discovered.efi";
constexpr int kFrameTriesMax = 2000;  // of a millisecond
constexpr std::uint32_t kBetweenTriesUs = 1000;

using Bytes = std::array<UINT8, kFileBytesMax>;

class Client {
 public:
  explicit Client(const Firmware& firmware) noexcept : firmware_(firmware) {}

  EFI_STATUS run() noexcept {
    std::string token;
    const bool works = find_network(token) && lease() && frames() && packets() && discover() &&
                       own_tftp() && mtftp() && write_back() && give_back();
    print(format("network-client {} {}\n", std::string_view(token),
                 std::string_view(works ? "ok" : "failed")));
    return works ? EFI_SUCCESS : EFI_ABORTED;
  }

 private:
  void print(std::string_view text) noexcept { TextConsole::print_raw(firmware_, text); }
  bool check(std::string_view what, bool good) noexcept {
    if (!good) print(format("network-client: {} is wrong\n", what));
    return good;
  }
  bool done(std::string_view what, EFI_STATUS status) noexcept {
    if (EFI_ERROR(status)) print(format("network-client: {}: {}\n", what, status_name(status)));
    return !EFI_ERROR(status);
  }

  bool find_network(std::string& token) noexcept {
    auto* image = peek<EFI_LOADED_IMAGE_PROTOCOL>(firmware_, firmware_.image());
    if (!check("the loaded image", image != nullptr)) return false;
    token = to_utf8(static_cast<const CHAR16*>(image->LoadOptions),
                    image->LoadOptionsSize / sizeof(CHAR16));
    if (const auto end = token.find('\0'); end != std::string::npos) token.resize(end);
    device_ = Handle(image->DeviceHandle);
    pxe_ = peek<EFI_PXE_BASE_CODE_PROTOCOL>(firmware_, device_);
    snp_ = peek<EFI_SIMPLE_NETWORK_PROTOCOL>(firmware_, device_);
    return check("the device handle", pxe_ != nullptr && snp_ != nullptr);
  }

  /// What a boot loader reads before it does anything: where it came from.
  bool lease() noexcept {
    const EFI_PXE_BASE_CODE_MODE& mode = *pxe_->Mode;
    std::memcpy(&server_, mode.DhcpAck.Dhcpv4.BootpSiAddr, sizeof server_.v4);
    return check("the mode", mode.Started && mode.DhcpAckReceived && !mode.UsingIpv6) &&
           check("the address",
                 std::memcmp(&mode.StationIp, mode.DhcpAck.Dhcpv4.BootpYiAddr, 4) == 0) &&
           check("the server", server_.Addr[0] != 0);
  }

  /// The NIC for frames of our own, while PXE Base Code goes on.
  bool frames() noexcept {
    const EFI_STATUS started = snp_->Start(snp_);
    if (started != EFI_ALREADY_STARTED && !done("Start", started)) return false;
    if (snp_->Mode->State != EfiSimpleNetworkInitialized &&
        !done("Initialize", snp_->Initialize(snp_, 0, 0))) {
      return false;
    }
    constexpr UINT32 kFilters =
        EFI_SIMPLE_NETWORK_RECEIVE_UNICAST | EFI_SIMPLE_NETWORK_RECEIVE_BROADCAST;
    return done("ReceiveFilters", snp_->ReceiveFilters(snp_, kFilters, 0, FALSE, 0, nullptr)) &&
           arp_by_frames();
  }

  /// RFC 826: asks for the server's address, and waits for the answer.
  bool arp_by_frames() noexcept {
    std::array<UINT8, 60> frame{};
    const EFI_MAC_ADDRESS& mac = snp_->Mode->CurrentAddress;
    UINT8* arp = &frame[kEthernetHeaderBytes];
    constexpr UINT8 kRequest[] = {0, 1, 8, 0, 6, 4, 0, 1};
    std::memcpy(arp, kRequest, sizeof kRequest);
    std::memcpy(arp + 8, &mac, 6);
    std::memcpy(arp + 14, &pxe_->Mode->StationIp, 4);
    std::memcpy(arp + 24, &server_, 4);
    EFI_MAC_ADDRESS everybody{};
    std::fill_n(everybody.Addr, 6, UINT8{0xff});
    UINT16 type = kTypeArp;
    EFI_MAC_ADDRESS from = mac;
    if (!done("Transmit", snp_->Transmit(snp_, kEthernetHeaderBytes, frame.size(), frame.data(),
                                         &from, &everybody, &type))) {
      return false;
    }
    return check("the answer to ARP", receive([this](UINT16 kind, const UINT8* packet) {
                   return kind == kTypeArp && packet[7] == 2 &&
                          std::memcmp(packet + 14, &server_, 4) == 0;
                 })) &&
           check("the frame that was sent", sent(frame.data()));
  }

  /// Takes frames until `wanted` says yes of one.
  template <class Wanted>
  bool receive(Wanted wanted) noexcept {
    static std::array<UINT8, kFrameBytes> frame;
    for (int i = 0; i < kFrameTriesMax; ++i) {
      UINTN bytes = frame.size();
      UINTN header = 0;
      UINT16 type = 0;
      const EFI_STATUS status =
          snp_->Receive(snp_, &header, &bytes, frame.data(), nullptr, nullptr, &type);
      if (status == EFI_NOT_READY) {
        firmware_.stall_us(kBetweenTriesUs);
        continue;
      }
      if (!done("Receive", status)) return false;
      if (bytes >= header + kArpBytes && wanted(type, &frame[header])) return true;
    }
    return false;
  }
  /// The buffer of a frame comes back.
  bool sent(const void* buffer) noexcept {
    for (int i = 0; i < kFrameTriesMax; ++i) {
      void* back = nullptr;
      if (!done("GetStatus", snp_->GetStatus(snp_, nullptr, &back))) return false;
      if (back == buffer) return true;
      firmware_.stall_us(kBetweenTriesUs);
    }
    return false;
  }

  /// A loader of another stage leaves its packets here for the next.
  bool packets() noexcept {
    static EFI_PXE_BASE_CODE_PACKET reply;
    reply = pxe_->Mode->DhcpAck;
    constexpr char kName[] = "another.efi";
    std::memcpy(reply.Dhcpv4.BootpBootFile, kName, sizeof kName);
    BOOLEAN yes = TRUE;
    return done("SetPackets",
                pxe_->SetPackets(pxe_, nullptr, nullptr, nullptr, nullptr, &yes, nullptr, nullptr,
                                 nullptr, nullptr, nullptr, &reply, nullptr)) &&
           check("the packet", pxe_->Mode->PxeReplyReceived &&
                                   std::memcmp(&pxe_->Mode->PxeReply, &reply, sizeof reply) == 0);
  }

  /// PXE 2.1, 2.4.4: asks the boot server at the address of the DHCP server.
  bool discover() noexcept {
    UINT16 layer = 0;
    EFI_PXE_BASE_CODE_DISCOVER_INFO info{};
    info.UseUCast = TRUE;
    info.IpCnt = 1;
    info.SrvList[0].Type = kBootServerType;
    std::memcpy(&info.SrvList[0].IpAddr, &server_, sizeof info.SrvList[0].IpAddr);
    return done("Discover", pxe_->Discover(pxe_, kBootServerType, &layer, FALSE, &info)) &&
           check("the reply", pxe_->Mode->PxeReplyReceived &&
                                  std::memcmp(pxe_->Mode->PxeReply.Dhcpv4.BootpBootFile,
                                              kDiscovered.data(), kDiscovered.size()) == 0);
  }

  /// RFC 1350 over UdpWrite and UdpRead; between question and answer the frames are ours.
  bool own_tftp() noexcept {
    static constexpr UINT8 kRequest[] = "\0\1client.bin\0octet";
    UINT16 port = kTftpPort;
    UINTN size = sizeof kRequest;
    if (!done("UdpWrite", pxe_->UdpWrite(pxe_, EFI_PXE_BASE_CODE_UDP_OPFLAGS_ANY_SRC_PORT, &server_,
                                         &port, nullptr, nullptr, &own_port_, nullptr, nullptr,
                                         &size, const_cast<UINT8*>(kRequest)))) {
      return false;
    }
    for (UINT16 block = 1; file_bytes_ + kBlockBytes <= file_.size(); ++block) {
      // Simple Network takes the frame with the block off the wire: UdpRead must find it still.
      if (!check("the frame beside UdpRead", block % 2 == 0 || arp_by_frames())) return false;
      std::size_t bytes = 0;
      if (!read_block(block, bytes)) return false;
      file_bytes_ += bytes;
      if (bytes < kBlockBytes) return saw_udp();
    }
    return check("the file's length", false);
  }

  bool read_block(UINT16 block, std::size_t& bytes) noexcept {
    std::array<UINT8, 4> header{};
    UINTN header_size = header.size();
    UINTN size = kBlockBytes;
    UINT16 server_port = 0;
    EFI_IP_ADDRESS server = server_;
    if (!done("UdpRead", pxe_->UdpRead(pxe_, EFI_PXE_BASE_CODE_UDP_OPFLAGS_ANY_SRC_PORT, nullptr,
                                       &own_port_, &server, &server_port, &header_size,
                                       header.data(), &size, &file_[file_bytes_])) ||
        !check("the block", header[1] == 3 && (header[2] << 8 | header[3]) == block)) {
      return false;
    }
    bytes = size;
    header[1] = 4;
    UINTN answer = header.size();
    return done("UdpWrite of an answer",
                pxe_->UdpWrite(pxe_, 0, &server_, &server_port, nullptr, nullptr, &own_port_,
                               nullptr, nullptr, &answer, header.data()));
  }

  /// Simple Network has seen PXE Base Code's packets go by.
  bool saw_udp() noexcept {
    return check("UDP among the frames", receive([](UINT16 kind, const UINT8* packet) {
                   constexpr UINT8 kUdp = 17;
                   return kind == kTypeIpv4 && packet[9] == kUdp;
                 }));
  }

  /// Once more by the firmware's client, with a callback that watches.
  bool mtftp() noexcept {
    EFI_HANDLE handle = device_.raw();
    EFI_BOOT_SERVICES& boot = firmware_.boot();
    EFI_GUID guid = EFI_PXE_BASE_CODE_CALLBACK_PROTOCOL_GUID;
    if (!done("InstallProtocolInterface",
              boot.InstallProtocolInterface(&handle, &guid, EFI_NATIVE_INTERFACE, &watcher_.raw))) {
      return false;
    }
    BOOLEAN yes = TRUE;
    static Bytes again;
    UINT64 size = again.size();
    UINT8 name[] = "client.bin";
    const bool works =
        done("SetParameters",
             pxe_->SetParameters(pxe_, nullptr, nullptr, nullptr, nullptr, &yes)) &&
        done("Mtftp", pxe_->Mtftp(pxe_, EFI_PXE_BASE_CODE_TFTP_READ_FILE, again.data(), FALSE,
                                  &size, nullptr, &server_, name, nullptr, FALSE)) &&
        check("the file",
              size == file_bytes_ && std::memcmp(again.data(), file_.data(), file_bytes_) == 0) &&
        check("the callback", watcher_.calls > 0);
    BOOLEAN no = FALSE;
    (void)pxe_->SetParameters(pxe_, nullptr, nullptr, nullptr, nullptr, &no);
    return done("UninstallProtocolInterface",
                boot.UninstallProtocolInterface(handle, &guid, &watcher_.raw)) &&
           works;
  }

  bool write_back() noexcept {
    UINT64 size = file_bytes_;
    UINT8 name[] = "written.bin";
    return done("Mtftp that writes",
                pxe_->Mtftp(pxe_, EFI_PXE_BASE_CODE_TFTP_WRITE_FILE, file_.data(), TRUE, &size,
                            nullptr, &server_, name, nullptr, FALSE));
  }

  bool give_back() noexcept {
    return done("Shutdown", snp_->Shutdown(snp_)) && done("Stop of SNP", snp_->Stop(snp_)) &&
           done("Stop of PXE", pxe_->Stop(pxe_)) && check("the mode", !pxe_->Mode->Started);
  }

  struct Watcher {
    EFI_PXE_BASE_CODE_CALLBACK_PROTOCOL raw{EFI_PXE_BASE_CODE_CALLBACK_PROTOCOL_REVISION, watch};
    int calls = 0;

    static EFI_PXE_BASE_CODE_CALLBACK_STATUS EFIAPI watch(EFI_PXE_BASE_CODE_CALLBACK_PROTOCOL* self,
                                                          EFI_PXE_BASE_CODE_FUNCTION, BOOLEAN,
                                                          UINT32,
                                                          EFI_PXE_BASE_CODE_PACKET*) noexcept {
      ++reinterpret_cast<Watcher*>(self)->calls;
      return EFI_PXE_BASE_CODE_CALLBACK_STATUS_CONTINUE;
    }
  };

  const Firmware& firmware_;
  Handle device_;
  EFI_PXE_BASE_CODE_PROTOCOL* pxe_ = nullptr;
  EFI_SIMPLE_NETWORK_PROTOCOL* snp_ = nullptr;
  EFI_IP_ADDRESS server_{};
  UINT16 own_port_ = 0;
  Bytes file_{};
  std::size_t file_bytes_ = 0;
  Watcher watcher_;
};

}  // namespace
}  // namespace kedge::uefi

std::size_t kedge_main(void* image_handle, void* system_table) {
  const kedge::uefi::Firmware firmware(static_cast<EFI_HANDLE>(image_handle),
                                       static_cast<EFI_SYSTEM_TABLE*>(system_table));
  static kedge::uefi::Client client(firmware);
  return client.run();
}
