// SPDX-License-Identifier: BSD-2-Clause-Patent
// Mtftp's multicast session (assertions 32 and 33, with a pointer to the size), with a server at
// the addresses below. The file is named on the command line: "conformance.efi mtftp file=NAME".
#include <algorithm>
#include <cstring>

#include "pxe.h"
#include "uefi/protocol.h"
#include "uefi/text.h"

namespace kedge::uefi::conformance {
namespace {

constexpr std::size_t kFileBytesMax = 64 * 1024;
constexpr UINT16 kServerPort = 1759;
constexpr UINT16 kClientPort = 1760;
constexpr std::string_view kName = "file=";

std::string file_name(const Firmware& firmware) {
  const auto* image = peek<EFI_LOADED_IMAGE_PROTOCOL>(firmware, firmware.image());
  if (image == nullptr) return {};
  std::string line = to_utf8(static_cast<const CHAR16*>(image->LoadOptions),
                             image->LoadOptionsSize / sizeof(CHAR16));
  if (const auto end = line.find('\0'); end != std::string::npos) line.resize(end);
  const auto begin = line.find(kName);
  if (begin == std::string::npos) return {};
  line.erase(0, begin + kName.size());
  return line.substr(0, line.find(' '));
}

void ask_session(PxeUnderQuestion& pxe) {
  if (!pxe.lease("mtftp.group")) return;
  EFI_IP_ADDRESS server{};
  std::memcpy(&server, pxe.mode().DhcpAck.Dhcpv4.BootpSiAddr, sizeof server.v4);
  EFI_PXE_BASE_CODE_MTFTP_INFO info{};
  info.MCastIp = pxe_address(239, 255, 69, 1);
  info.CPort = kClientPort;
  info.SPort = kServerPort;
  info.ListenTimeout = 1;
  info.TransmitTimeout = 2;
  std::string name = file_name(pxe.firmware());
  std::vector<UINT8> group(kFileBytesMax);
  std::vector<UINT8> alone(kFileBytesMax);
  char by_tftp[] = "client.bin";
  const auto read = [&](EFI_PXE_BASE_CODE_TFTP_OPCODE operation, std::vector<UINT8>& buffer,
                        UINT64& size, char* text) {
    UINTN block = 512;
    return pxe->Mtftp(pxe.raw(), operation, buffer.data(), FALSE, &size, &block, &server,
                      reinterpret_cast<UINT8*>(text), &info, FALSE);
  };
  UINT64 size = group.size();
  pxe.asks("mtftp.group", read(EFI_PXE_BASE_CODE_MTFTP_READ_FILE, group, size, name.data()),
           EFI_SUCCESS);
  UINT64 alone_size = alone.size();
  pxe.asks("mtftp.alone", read(EFI_PXE_BASE_CODE_TFTP_READ_FILE, alone, alone_size, by_tftp),
           EFI_SUCCESS);
  pxe.holds("mtftp.same", size == alone_size && group == alone);
}

}  // namespace

void ask_pxe_group(const Firmware& firmware, Report& report) {
  const auto handles = network_handles(firmware, kGuid<EFI_PXE_BASE_CODE_PROTOCOL>);
  for (std::size_t i = 0; i < handles.size(); ++i) {
    tell_subject(firmware, report, handles[i], i + 1);
    PxeUnderQuestion pxe(firmware, report, handles[i],
                         *peek<EFI_PXE_BASE_CODE_PROTOCOL>(firmware, handles[i]));
    ask_session(pxe);
    (void)pxe.stop("end");
  }
}

}  // namespace kedge::uefi::conformance
