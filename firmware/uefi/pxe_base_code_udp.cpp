// SPDX-License-Identifier: BSD-2-Clause-Patent
// UdpWrite and UdpRead.
#include "net/net_errors.h"
#include "uefi/pxe_base_code_parts.h"

namespace kedge::uefi {
namespace {

constexpr UINT16 kAnySourceIp = EFI_PXE_BASE_CODE_UDP_OPFLAGS_ANY_SRC_IP;
constexpr UINT16 kAnySourcePort = EFI_PXE_BASE_CODE_UDP_OPFLAGS_ANY_SRC_PORT;
constexpr UINT16 kAnyDestinationIp = EFI_PXE_BASE_CODE_UDP_OPFLAGS_ANY_DEST_IP;
constexpr UINT16 kAnyDestinationPort = EFI_PXE_BASE_CODE_UDP_OPFLAGS_ANY_DEST_PORT;
constexpr UINT16 kUseFilter = EFI_PXE_BASE_CODE_UDP_OPFLAGS_USE_FILTER;
constexpr UINT16 kMayFragment = EFI_PXE_BASE_CODE_UDP_OPFLAGS_MAY_FRAGMENT;

constexpr std::size_t kIpUdpHeaders = 28;
constexpr std::size_t kUdpPayloadMax = 0xffff - kIpUdpHeaders;

/// A header, if one is given, has a size and a place.
bool header_is_valid(const UINTN* bytes, const void* header) noexcept {
  return bytes == nullptr || (*bytes != 0 && header != nullptr);
}

}  // namespace

/// SUCCESS, INVALID_PARAMETER, NOT_STARTED, BAD_BUFFER_SIZE, ABORTED, ICMP_ERROR, DEVICE_ERROR,
/// OUT_OF_RESOURCES.
EFI_STATUS PxeBaseCode::udp_write(UINT16 flags, Ip* destination, Port* destination_port,
                                  Ip* gateway, Ip* source, Port* source_port, UINTN* header_bytes,
                                  void* header, UINTN* buffer_bytes, void* buffer) noexcept {
  if (destination == nullptr || destination_port == nullptr || buffer_bytes == nullptr ||
      (buffer == nullptr && *buffer_bytes != 0) || !header_is_valid(header_bytes, header)) {
    return EFI_INVALID_PARAMETER;
  }
  if (mode_.Started == FALSE) return EFI_NOT_STARTED;
  PxeUdpTarget target;
  target.address = pxe::from_raw(destination);
  target.port = *destination_port;
  target.source_port = source_port != nullptr ? *source_port : Port{0};
  target.time_to_live = mode_.TTL;
  target.type_of_service = mode_.ToS;
  // The stack knows the way; a gateway that can be none is the caller's mistake all the same.
  const wire::Ipv4Address mask = pxe::from_raw(&mode_.SubnetMask);
  if (gateway != nullptr) {
    const wire::Ipv4Address way = pxe::from_raw(gateway);
    const bool on_link = ((way.value() ^ station().value()) & mask.value()) == 0;
    if (!way.is_usable_host() || !on_link) return EFI_INVALID_PARAMETER;
  }
  // Only our own address can be the source: answers to any other would not reach us.
  const bool foreign = source != nullptr && pxe::from_raw(source) != station();
  if (station().is_any() || foreign || target.address.is_any()) return EFI_INVALID_PARAMETER;
  const UINTN header_size = header_bytes != nullptr ? *header_bytes : 0;
  if (*buffer_bytes > kUdpPayloadMax || header_size > kUdpPayloadMax - *buffer_bytes) {
    return EFI_BAD_BUFFER_SIZE;
  }
  if (busy_) return EFI_DEVICE_ERROR;
  const Busy busy(*this);
  const ByteView pieces[] = {ByteView(static_cast<const std::byte*>(header), header_size),
                             ByteView(static_cast<const std::byte*>(buffer), *buffer_bytes)};
  Watch watch(*this, EFI_PXE_BASE_CODE_FUNCTION_UDP_WRITE);
  watch.packet(PxeWatch::Direction::sent, pieces[1]);
  if (!watch.tell()) return EFI_ABORTED;
  // After the callback, which the conformance tests expect for such a one, too.
  const bool fits = header_size + *buffer_bytes + kIpUdpHeaders <= backend_.mtu();
  if (!fits && (flags & kMayFragment) == 0) return EFI_BAD_BUFFER_SIZE;
  const auto sent = backend_.send(target, std::span(pieces).subspan(header_size == 0 ? 1 : 0));
  if (!sent.ok()) return status_of(sent.error());
  if (source_port != nullptr) *source_port = *sent;
  return EFI_SUCCESS;
}

bool PxeBaseCode::passes_filter(wire::Ipv4Address destination) const noexcept {
  const EFI_PXE_BASE_CODE_IP_FILTER& filter = mode_.IpFilter;
  if ((filter.Filters & EFI_PXE_BASE_CODE_IP_FILTER_PROMISCUOUS) != 0) return true;
  if ((filter.Filters & EFI_PXE_BASE_CODE_IP_FILTER_PROMISCUOUS_MULTICAST) != 0 &&
      destination.is_multicast()) {
    return true;
  }
  const wire::Ipv4Address mask = pxe::from_raw(&mode_.SubnetMask);
  const bool is_broadcast =
      destination.is_broadcast() || destination.value() == (station().value() | ~mask.value());
  if ((filter.Filters & EFI_PXE_BASE_CODE_IP_FILTER_BROADCAST) != 0 && is_broadcast) return true;
  if ((filter.Filters & EFI_PXE_BASE_CODE_IP_FILTER_STATION_IP) != 0 && destination == station()) {
    return true;
  }
  // UEFI 2.10, 24.3 SetIpFilter: "they may be multicast or unicast".
  return std::any_of(filter.IpList, filter.IpList + filter.IpCnt,
                     [&](const Ip& ip) { return pxe::from_raw(&ip) == destination; });
}

/// UEFI 2.10, 24.3 UdpRead, table of the destination IP filter. What the filter does not name is
/// not received from a group, as if the hardware had kept it away: "ANY_DEST_IP [...] is from those
/// packets whose reception is enabled in hardware". Before there is an address, ours is whatever
/// the interface takes for it.
bool PxeBaseCode::is_read(UINT16 flags, wire::Ipv4Address wanted,
                          wire::Ipv4Address destination) const noexcept {
  if ((flags & kUseFilter) != 0) return passes_filter(destination);
  if ((flags & kAnyDestinationIp) != 0) {
    return !destination.is_multicast() || passes_filter(destination);
  }
  return wanted.is_any() || destination == wanted || destination == station();
}

/// SUCCESS, INVALID_PARAMETER, NOT_STARTED, BUFFER_TOO_SMALL (the next call may have the packet,
/// and only that), ABORTED, TIMEOUT, ICMP_ERROR, DEVICE_ERROR. What may be anything is told where
/// the caller has room for it.
EFI_STATUS PxeBaseCode::udp_read(UINT16 flags, Ip* destination, Port* destination_port, Ip* source,
                                 Port* source_port, UINTN* header_bytes, void* header,
                                 UINTN* buffer_bytes, void* buffer) noexcept {
  const bool any_port = (flags & kAnyDestinationPort) != 0;
  const bool any_source = (flags & kAnySourceIp) != 0;
  const bool any_source_port = (flags & kAnySourcePort) != 0;
  if (buffer_bytes == nullptr || (buffer == nullptr && *buffer_bytes != 0) ||
      !header_is_valid(header_bytes, header) || (!any_port && destination_port == nullptr) ||
      (!any_source && source == nullptr) || (!any_source_port && source_port == nullptr)) {
    return EFI_INVALID_PARAMETER;
  }
  if (mode_.Started == FALSE) return EFI_NOT_STARTED;
  if (busy_) return EFI_DEVICE_ERROR;
  const Busy busy(*this);
  const wire::Ipv4Address wanted = destination != nullptr ? pxe::from_raw(destination) : station();
  const auto accept = [&](const PxeDatagram& datagram) {
    if (!is_read(flags, wanted, datagram.destination)) return false;
    if (!any_source && datagram.source != pxe::from_raw(source)) return false;
    return any_source_port || datagram.source_port == *source_port;
  };
  Watch watch(*this, EFI_PXE_BASE_CODE_FUNCTION_UDP_READ);
  const auto datagram =
      backend_.receive(any_port ? Port{0} : *destination_port, kUdpWait, accept, watch);
  if (!datagram.ok()) return status_of(datagram.error());
  watch.packet(PxeWatch::Direction::received, datagram->payload);
  if (!watch.tell()) return EFI_ABORTED;
  const EFI_STATUS status = give_datagram(*datagram, header_bytes, header, buffer_bytes, buffer);
  if (status != EFI_SUCCESS) return status;
  // Callers give the mode's address as the one that they want.
  const bool any_destination = (flags & (kAnyDestinationIp | kUseFilter)) != 0;
  if (any_destination) pxe::give_ip(destination, datagram->destination);
  pxe::give_ip(source, datagram->source);
  if (destination_port != nullptr) *destination_port = datagram->destination_port;
  if (source_port != nullptr) *source_port = datagram->source_port;
  return EFI_SUCCESS;
}

EFI_STATUS PxeBaseCode::give_datagram(const PxeDatagram& datagram, UINTN* header_bytes,
                                      void* header, UINTN* buffer_bytes, void* buffer) noexcept {
  ByteView rest = datagram.payload;
  const std::size_t header_size =
      header_bytes != nullptr ? std::min<std::size_t>(*header_bytes, rest.size()) : 0;
  const UINTN room = *buffer_bytes;
  *buffer_bytes = rest.size() - header_size;
  if (*buffer_bytes > room) {
    if (!datagram.again) backend_.unread(datagram);
    return EFI_BUFFER_TOO_SMALL;
  }
  if (header_size != 0) std::memcpy(header, rest.data(), header_size);
  if (header_bytes != nullptr) *header_bytes = header_size;
  rest = rest.subspan(header_size);
  if (!rest.empty()) std::memcpy(buffer, rest.data(), rest.size());
  return EFI_SUCCESS;
}

}  // namespace kedge::uefi
