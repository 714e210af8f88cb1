// SPDX-License-Identifier: BSD-2-Clause-Patent
// Dhcp, Discover and Mtftp.
#include "client/dhcp/dhcp_errors.h"
#include "client/dhcp/dhcp_packet.h"
#include "uefi/pxe_base_code_parts.h"
#include "uefi/pxe_errors.h"
#include "uefi/pxe_sinks.h"
#include "wire/pxe_options.h"
#include "wire/tftp.h"

namespace kedge::uefi {
namespace {

constexpr UINTN kBlockBytesMin = 512;
constexpr std::size_t kNameBytesMax = 1024;
constexpr UINT16 kServersMax = 64;

// What callers may ask for, in 16 bits of seconds, is longer than anybody waits.
constexpr UINT16 kListenSecondsMax = 60;
constexpr UINT16 kRepeatSecondsMax = 10;

/// What cannot be a group is none.
void use_group(PxeFile& file, const EFI_PXE_BASE_CODE_MTFTP_INFO& info) noexcept {
  const wire::Ipv4Address group = pxe::from_raw(&info.MCastIp);
  if (!group.is_multicast() || info.CPort == 0 || info.SPort == 0) return;
  file.group = group;
  file.session.server = file.server;
  file.session.server_port = info.SPort;
  file.session.client_port = info.CPort;
  file.session.listen = Duration::seconds(std::min(info.ListenTimeout, kListenSecondsMax));
  file.session.repeat =
      Duration::seconds(std::clamp<UINT16>(info.TransmitTimeout, 1, kRepeatSecondsMax));
}

/// A file at a URI instead of on the TFTP server: "http://boot.example.com/kernel".
bool is_uri(std::string_view name) noexcept {
  const std::size_t colon = name.find("://");
  return colon != std::string_view::npos && name.find('/') == colon + 1;
}

/// What is looked for when the caller does not say: as the server's PXE options want it.
Result<PxeSearch> search_in_options(const wire::PxeOptions& options, PxeSearch search) noexcept {
  const auto control = options.control.value_or(wire::PxeDiscoveryControl());
  if (options.multicast && options.multicast->is_multicast() && !control.multicast_disabled()) {
    search.multicast = *options.multicast;
  }
  search.broadcast = !control.broadcast_disabled();
  wire::PxeBootServerReader reader(options.boot_servers);
  while (const auto entry = reader.next()) {
    if (entry->type != search.type) continue;
    for (std::size_t i = 0; i < entry->address_count(); ++i) {
      if (entry->address(i).is_usable_host()) search.servers.push_back(entry->address(i));
    }
  }
  if (control.listed_servers_only()) search.accepted = search.servers;
  const bool any_way = search.broadcast || !search.multicast.is_any() || !search.servers.empty();
  if (!any_way) return fail(err::pxe_no_search);
  return search;
}

Result<client::DhcpPacket> parse(const EFI_PXE_BASE_CODE_PACKET& packet) noexcept {
  return client::DhcpPacket::parse(std::as_bytes(std::span(packet.Raw)));
}

/// UEFI 2.10, 24.3 Dhcp: NO_RESPONSE means that "valid PXE offers were not received". What names
/// neither a file nor servers is none.
bool is_pxe_offer(const PxeLease& lease) noexcept {
  if (!lease.proxy_offer.empty()) return true;
  const auto ack = client::DhcpPacket::parse(lease.ack);
  return ack.ok() && (!ack->filename().empty() ||
                      ack->option(wire::dhcp_option::kVendorEncapsulated).has_value());
}

}  // namespace

/// SUCCESS, NOT_STARTED, DEVICE_ERROR, OUT_OF_RESOURCES, ABORTED, TIMEOUT, ICMP_ERROR, NO_RESPONSE.
/// Offers are chosen by their use for booting, whatever SortOffers says.
EFI_STATUS PxeBaseCode::dhcp(BOOLEAN) noexcept {
  if (mode_.Started == FALSE) return EFI_NOT_STARTED;
  if (busy_) return EFI_DEVICE_ERROR;
  const Busy busy(*this);
  Watch watch(*this, EFI_PXE_BASE_CODE_FUNCTION_DHCP);
  mode_.IcmpErrorReceived = FALSE;
  const auto lease = backend_.dhcp(watch);
  receive_station_only();
  if (watch.aborted()) return EFI_ABORTED;
  if (!lease.ok()) {
    // Somebody answered, but with nothing to boot from.
    const Error& error = lease.error();
    if (error == err::dhcp_no_address || error == err::dhcp_only_proxy) return EFI_NO_RESPONSE;
    return status_of(error);
  }
  if (!is_pxe_offer(*lease)) {
    // The address is the interface's all the same.
    use_configuration(lease->configuration);
    return EFI_NO_RESPONSE;
  }
  adopt(*lease);
  return EFI_SUCCESS;
}

/// SUCCESS, INVALID_PARAMETER, NOT_STARTED, DEVICE_ERROR, OUT_OF_RESOURCES, ABORTED, TIMEOUT,
/// ICMP_ERROR.
EFI_STATUS PxeBaseCode::discover(UINT16 type, UINT16* layer_wanted, BOOLEAN use_bis,
                                 EFI_PXE_BASE_CODE_DISCOVER_INFO* info) noexcept {
  if (use_bis != FALSE) return EFI_INVALID_PARAMETER;
  // The conformance tests give the first layer by NULL.
  const UINT16 layer =
      layer_wanted != nullptr ? *layer_wanted : UINT16{EFI_PXE_BASE_CODE_BOOT_LAYER_INITIAL};
  if (mode_.Started == FALSE) return EFI_NOT_STARTED;
  if (station().is_any()) return EFI_INVALID_PARAMETER;
  if (busy_) return EFI_DEVICE_ERROR;
  const Busy busy(*this);
  const auto search =
      info != nullptr ? search_for(type, layer, info) : search_in_packets(type, layer);
  if (!search.ok()) return status_of(search.error());
  Watch watch(*this, EFI_PXE_BASE_CODE_FUNCTION_DISCOVER);
  mode_.IcmpErrorReceived = FALSE;
  const auto found = backend_.discover(*search, watch);
  receive_station_only();
  if (watch.aborted()) return EFI_ABORTED;
  if (!found.ok()) return status_of(found.error());
  pxe::put_packet(mode_.PxeDiscover, mode_.PxeDiscoverValid, found->request);
  pxe::put_packet(mode_.PxeReply, mode_.PxeReplyReceived, found->reply);
  return EFI_SUCCESS;
}

/// Layers after the first come from the server of the first (PXE 2.1, 2.4.4).
Result<PxeSearch> PxeBaseCode::search_in_packets(UINT16 type, UINT16 layer) noexcept {
  PxeSearch search;
  search.type = type;
  search.layer = layer;
  if ((layer & EFI_PXE_BASE_CODE_BOOT_LAYER_MASK) != EFI_PXE_BASE_CODE_BOOT_LAYER_INITIAL) {
    if (mode_.PxeReplyReceived == FALSE) return fail(err::pxe_no_search);
    KEDGE_TRY(const auto reply, parse(mode_.PxeReply));
    const wire::Ipv4Address server = reply.server_id().value_or(reply.header().server);
    if (!server.is_usable_host()) return fail(err::pxe_no_search);
    search.servers.push_back(server);
    search.accepted = search.servers;
    return search;
  }
  const EFI_PXE_BASE_CODE_PACKET* packet = nullptr;
  if (mode_.DhcpAckReceived != FALSE) packet = &mode_.DhcpAck;
  if (mode_.ProxyOfferReceived != FALSE) packet = &mode_.ProxyOffer;
  if (packet == nullptr) return fail(err::pxe_no_search);
  const auto message = parse(*packet);
  if (!message.ok()) return fail(err::pxe_no_search);
  const auto encapsulated = message->option(wire::dhcp_option::kVendorEncapsulated);
  if (!encapsulated) return fail(err::pxe_no_search);
  const auto options = wire::PxeOptions::parse(*encapsulated);
  if (!options.ok()) return fail(err::pxe_no_search);
  return search_in_options(*options, std::move(search));
}

Result<PxeSearch> PxeBaseCode::search_for(UINT16 type, UINT16 layer,
                                          const EFI_PXE_BASE_CODE_DISCOVER_INFO* info) noexcept {
  PxeSearch search;
  search.type = type;
  search.layer = layer;
  if (info->UseMCast == FALSE && info->UseBCast == FALSE && info->UseUCast == FALSE) {
    return fail(err::pxe_no_search);
  }
  if ((info->MustUseList != FALSE || info->UseUCast != FALSE) && info->IpCnt == 0) {
    return fail(err::pxe_no_search);
  }
  if (info->IpCnt > kServersMax) return fail(err::pxe_no_search);
  bool any_response = false;
  // The list has IpCnt entries, though its type says one.
  const auto* entry = static_cast<const EFI_PXE_BASE_CODE_SRVLIST*>(info->SrvList);
  for (UINT16 i = 0; i < info->IpCnt; ++i, ++entry) {
    // UEFI 2.10, 24.3 Discover: once a list says which servers, it must do so to its end.
    if (entry->AcceptAnyResponse != FALSE && i != 0 && !any_response) {
      return fail(err::pxe_no_search);
    }
    if (entry->AcceptAnyResponse != FALSE) any_response = true;
    const wire::Ipv4Address ip = pxe::from_raw(&entry->IpAddr);
    if (entry->Type == type && ip.is_usable_host()) search.servers.push_back(ip);
  }
  if (info->MustUseList != FALSE && !any_response) {
    if (search.servers.empty()) return fail(err::pxe_no_search);
    search.accepted = search.servers;
  }
  if (info->UseMCast != FALSE) {
    search.multicast = pxe::from_raw(&info->ServerMCastIp);
    if (!search.multicast.is_multicast()) return fail(err::pxe_no_search);
  }
  search.broadcast = info->UseBCast != FALSE;
  if (info->UseUCast == FALSE) search.servers.clear();
  return search;
}

/// SUCCESS, INVALID_PARAMETER, NOT_STARTED, DEVICE_ERROR, BUFFER_TOO_SMALL (with the size),
/// ABORTED, TIMEOUT, ICMP_ERROR, TFTP_ERROR, OUT_OF_RESOURCES. Of the multicast operations only
/// reading a file has a session; the others are asked one to one.
EFI_STATUS PxeBaseCode::mtftp(EFI_PXE_BASE_CODE_TFTP_OPCODE operation, void* buffer, BOOLEAN,
                              UINT64* buffer_bytes, UINTN* block_bytes, Ip* server, UINT8* name,
                              EFI_PXE_BASE_CODE_MTFTP_INFO* info, BOOLEAN without_buffer) noexcept {
  const bool size_only = operation == EFI_PXE_BASE_CODE_TFTP_GET_FILE_SIZE ||
                         operation == EFI_PXE_BASE_CODE_MTFTP_GET_FILE_SIZE;
  const bool directory = operation == EFI_PXE_BASE_CODE_TFTP_READ_DIRECTORY ||
                         operation == EFI_PXE_BASE_CODE_MTFTP_READ_DIRECTORY;
  const bool write = operation == EFI_PXE_BASE_CODE_TFTP_WRITE_FILE;
  if (name == nullptr || buffer_bytes == nullptr || server == nullptr ||
      operation <= EFI_PXE_BASE_CODE_TFTP_FIRST || operation >= EFI_PXE_BASE_CODE_MTFTP_LAST ||
      (operation >= EFI_PXE_BASE_CODE_MTFTP_GET_FILE_SIZE && info == nullptr) ||
      (block_bytes != nullptr && *block_bytes < kBlockBytesMin) ||
      (!size_only && !directory && buffer == nullptr && without_buffer == FALSE) ||
      (write && buffer == nullptr)) {
    return EFI_INVALID_PARAMETER;
  }
  if (mode_.Started == FALSE) return EFI_NOT_STARTED;
  // Without a buffer the callback is the only one who gets the file.
  if (!size_only && !write && without_buffer != FALSE && mode_.MakeCallbacks == FALSE) {
    return EFI_INVALID_PARAMETER;
  }
  PxeFile file;
  file.server = pxe::from_raw(server);
  const std::string_view text(reinterpret_cast<const char*>(name),
                              strnlen(reinterpret_cast<const char*>(name), kNameBytesMax));
  file.name = std::string(text);
  file.directory = directory;
  if (block_bytes != nullptr) {
    file.block_bytes =
        static_cast<std::uint16_t>(std::min<UINTN>(*block_bytes, wire::kTftpBlockBytesMax));
  }
  if (operation == EFI_PXE_BASE_CODE_MTFTP_READ_FILE) use_group(file, *info);
  const bool has_server = is_uri(text) || file.server.is_usable_host();
  if (text.empty() || text.size() == kNameBytesMax || !has_server) return EFI_INVALID_PARAMETER;
  if (busy_) return EFI_DEVICE_ERROR;
  const Busy busy(*this);
  Watch watch(*this, EFI_PXE_BASE_CODE_FUNCTION_MTFTP);
  mode_.IcmpErrorReceived = FALSE;
  mode_.TftpErrorReceived = FALSE;
  EFI_STATUS status = EFI_SUCCESS;
  if (write) {
    const ByteView content(static_cast<const std::byte*>(buffer),
                           static_cast<std::size_t>(*buffer_bytes));
    status = write_file(file, content, watch);
  } else if (size_only) {
    status = find_size(file, *buffer_bytes, watch);
  } else {
    // Of a directory the conformance tests ask without any room: they are told the size.
    if (buffer == nullptr && without_buffer == FALSE) *buffer_bytes = 0;
    status = read_file(
        file, ByteSpan(static_cast<std::byte*>(buffer), static_cast<std::size_t>(*buffer_bytes)),
        without_buffer != FALSE, *buffer_bytes, watch);
  }
  receive_station_only();
  return watch.aborted() ? EFI_ABORTED : status;
}

/// What a transfer's end means to the caller.
EFI_STATUS PxeBaseCode::transfer_status(const Result<void>& done,
                                        const std::optional<PxeServerError>& refusal) noexcept {
  if (done.ok()) return EFI_SUCCESS;
  if (!refusal.has_value()) return status_of(done.error());
  mode_.TftpErrorReceived = TRUE;
  mode_.TftpError = {};
  mode_.TftpError.ErrorCode = static_cast<UINT8>(refusal->code);
  const std::size_t count = std::min(refusal->text.size(), sizeof(mode_.TftpError.ErrorString) - 1);
  std::memcpy(mode_.TftpError.ErrorString, refusal->text.data(), count);
  return EFI_TFTP_ERROR;
}

EFI_STATUS PxeBaseCode::write_file(const PxeFile& file, ByteView content, Watch& watch) noexcept {
  std::optional<PxeServerError> refusal;
  return transfer_status(backend_.write(file, content, watch, refusal), refusal);
}

EFI_STATUS PxeBaseCode::find_size(const PxeFile& file, UINT64& bytes, Watch& watch) noexcept {
  PxeSizeSink sink;
  std::optional<PxeServerError> refusal;
  const Result<void> done = backend_.read(file, sink, watch, refusal);
  if (!done.ok() && !(done.error() == err::pxe_size_known)) return transfer_status(done, refusal);
  bytes = sink.total();
  return EFI_SUCCESS;
}

EFI_STATUS PxeBaseCode::read_file(const PxeFile& file, ByteSpan buffer, bool without_buffer,
                                  UINT64& bytes, Watch& watch) noexcept {
  std::optional<PxeServerError> refusal;
  PxePacketSink packets(watch, file.block_bytes);
  const auto end_packets = [&packets, &watch] {
    packets.finish();
    (void)watch.tell();
  };
  if (without_buffer) {
    const Result<void> done = backend_.read(file, packets, watch, refusal);
    if (!done.ok()) return transfer_status(done, refusal);
    end_packets();
    bytes = packets.size();
    return EFI_SUCCESS;
  }
  const bool watched = mode_.MakeCallbacks != FALSE;
  PxeBufferSink sink(buffer, watched ? &packets : nullptr);
  const Result<void> done = backend_.read(file, sink, watch, refusal);
  if (!done.ok() && !(done.error() == err::pxe_size_known)) return transfer_status(done, refusal);
  if (done.ok() && watched) end_packets();
  const bool too_small = sink.total() > bytes;
  bytes = sink.total();
  return too_small ? EFI_BUFFER_TOO_SMALL : EFI_SUCCESS;
}

}  // namespace kedge::uefi
