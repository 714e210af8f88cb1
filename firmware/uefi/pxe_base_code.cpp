// SPDX-License-Identifier: BSD-2-Clause-Patent
// Starting, stopping, and what is only kept: filters, parameters, addresses, packets.
#include "uefi/pxe_base_code.h"

#include <algorithm>
#include <cstring>

#include "net/net_errors.h"
#include "uefi/pxe_base_code_parts.h"
#include "uefi/pxe_errors.h"

namespace kedge::uefi {
namespace {

constexpr UINT8 kTimeToLive = 64;  // RFC 1700; edk2 since 202502, 16 before

constexpr UINT8 kFilterBits =
    EFI_PXE_BASE_CODE_IP_FILTER_STATION_IP | EFI_PXE_BASE_CODE_IP_FILTER_BROADCAST |
    EFI_PXE_BASE_CODE_IP_FILTER_PROMISCUOUS | EFI_PXE_BASE_CODE_IP_FILTER_PROMISCUOUS_MULTICAST;

constexpr UINT8 kIcmpUnreachable = 3;      // RFC 792
constexpr UINT8 kIcmpPortUnreachable = 3;  // its code

}  // namespace

PxeBaseCode::PxeBaseCode(const Firmware& firmware, PxeBackend& backend) noexcept
    : firmware_(firmware), backend_(backend), table_(*this, firmware, {.retired = &retired_}) {
  fill_table();
  set_defaults();
}

void PxeBaseCode::fill_table() noexcept {
  using P = EFI_PXE_BASE_CODE_PROTOCOL;
  P& raw = table_.raw;
  raw.Revision = EFI_PXE_BASE_CODE_PROTOCOL_REVISION;
  raw.Start = Entry<P, &PxeBaseCode::start>::call;
  raw.Stop = Entry<P, &PxeBaseCode::stop>::call;
  raw.Dhcp = Entry<P, &PxeBaseCode::dhcp>::call;
  raw.Discover = Entry<P, &PxeBaseCode::discover>::call;
  raw.Mtftp = Entry<P, &PxeBaseCode::mtftp>::call;
  raw.UdpWrite = Entry<P, &PxeBaseCode::udp_write>::call;
  raw.UdpRead = Entry<P, &PxeBaseCode::udp_read>::call;
  raw.SetIpFilter = Entry<P, &PxeBaseCode::set_ip_filter>::call;
  raw.Arp = Entry<P, &PxeBaseCode::arp>::call;
  raw.SetParameters = Entry<P, &PxeBaseCode::set_parameters>::call;
  raw.SetStationIp = Entry<P, &PxeBaseCode::set_station_ip>::call;
  raw.SetPackets = Entry<P, &PxeBaseCode::set_packets>::call;
  raw.Mode = &mode_;
}

/// UEFI 2.10, 24.3, Start: the values of each field. IPv6 and BIS are not there.
void PxeBaseCode::set_defaults() noexcept {
  mode_ = {};
  mode_.AutoArp = TRUE;
  mode_.TTL = kTimeToLive;
}

wire::Ipv4Address PxeBaseCode::station() const noexcept {
  return pxe::from_raw(&mode_.StationIp);
}

EFI_STATUS PxeBaseCode::status_of(const Error& error) noexcept {
  if (error == err::net_refused) {
    mode_.IcmpErrorReceived = TRUE;
    mode_.IcmpError = {};
    mode_.IcmpError.Type = kIcmpUnreachable;
    mode_.IcmpError.Code = kIcmpPortUnreachable;
    return EFI_ICMP_ERROR;
  }
  switch (error.kind()) {
    case ErrorKind::timed_out:
      return EFI_TIMEOUT;
    case ErrorKind::no_memory:
      return EFI_OUT_OF_RESOURCES;
    case ErrorKind::cancelled:
      return EFI_ABORTED;
    case ErrorKind::invalid:
      return EFI_INVALID_PARAMETER;
    default:
      return EFI_DEVICE_ERROR;
  }
}

/// SUCCESS, ALREADY_STARTED, UNSUPPORTED (IPv6). No filter is set then, as the specification says.
EFI_STATUS PxeBaseCode::start(BOOLEAN use_ipv6) noexcept {
  if (mode_.Started != FALSE) return EFI_ALREADY_STARTED;
  if (use_ipv6 != FALSE) return EFI_UNSUPPORTED;
  set_defaults();
  mode_.Started = TRUE;
  if (callback() != nullptr) mode_.MakeCallbacks = TRUE;
  return EFI_SUCCESS;
}

EFI_PXE_BASE_CODE_CALLBACK_PROTOCOL* PxeBaseCode::callback() const noexcept {
  return peek<EFI_PXE_BASE_CODE_CALLBACK_PROTOCOL>(firmware_, handle_);
}

/// SUCCESS, NOT_STARTED, DEVICE_ERROR (another function works). The address stays with the
/// interface, for whoever started the image; for the image it is gone.
EFI_STATUS PxeBaseCode::stop() noexcept {
  if (mode_.Started == FALSE) return EFI_NOT_STARTED;
  if (busy_) return EFI_DEVICE_ERROR;
  const Busy busy(*this);
  backend_.close_ports();
  set_defaults();
  return EFI_SUCCESS;
}

void PxeBaseCode::adopt(const PxeLease& lease) noexcept {
  if (mode_.Started == FALSE) (void)start(FALSE);
  receive_station_only();
  use_configuration(lease.configuration);
  pxe::put_packet(mode_.DhcpDiscover, mode_.DhcpDiscoverValid, lease.discover);
  pxe::put_packet(mode_.DhcpAck, mode_.DhcpAckReceived, lease.ack);
  pxe::put_packet(mode_.ProxyOffer, mode_.ProxyOfferReceived, lease.proxy_offer);
  pxe::put_packet(mode_.PxeDiscover, mode_.PxeDiscoverValid, lease.boot_server_request);
  pxe::put_packet(mode_.PxeReply, mode_.PxeReplyReceived, lease.boot_server_reply);
}

void PxeBaseCode::use_configuration(const net::Ipv4Configuration& configuration) noexcept {
  const wire::Ipv4Subnet subnet{configuration.address, configuration.prefix_bits};
  pxe::to_raw(mode_.StationIp, configuration.address);
  pxe::to_raw(mode_.SubnetMask, subnet.netmask());
  std::memset(mode_.RouteTable, 0, sizeof(mode_.RouteTable));
  mode_.RouteTableEntries = 0;
  const auto add = [&](wire::Ipv4Address network, wire::Ipv4Address mask,
                       wire::Ipv4Address gateway) {
    if (mode_.RouteTableEntries == EFI_PXE_BASE_CODE_MAX_ROUTE_ENTRIES || gateway.is_any()) return;
    EFI_PXE_BASE_CODE_ROUTE_ENTRY& entry = mode_.RouteTable[mode_.RouteTableEntries++];
    pxe::to_raw(entry.IpAddr, network);
    pxe::to_raw(entry.SubnetMask, mask);
    pxe::to_raw(entry.GwAddr, gateway);
  };
  if (configuration.routes.empty()) add({}, {}, configuration.gateway);
  for (const net::Ipv4Route& route : configuration.routes) {
    add(route.network, wire::Ipv4Subnet{route.network, route.prefix_bits}.netmask(), route.gateway);
  }
}

void PxeBaseCode::receive_station_only() noexcept {
  mode_.IpFilter = {};
  mode_.IpFilter.Filters = EFI_PXE_BASE_CODE_IP_FILTER_STATION_IP;
}

/// SUCCESS, INVALID_PARAMETER, NOT_STARTED. Combinations are taken as they come: real callers ask
/// for promiscuous reception together with others.
EFI_STATUS PxeBaseCode::set_ip_filter(EFI_PXE_BASE_CODE_IP_FILTER* filter) noexcept {
  if (filter == nullptr || filter->IpCnt > EFI_PXE_BASE_CODE_MAX_IPCNT ||
      (filter->Filters & ~kFilterBits) != 0) {
    return EFI_INVALID_PARAMETER;
  }
  for (UINT8 i = 0; i < filter->IpCnt; ++i) {
    const wire::Ipv4Address ip = pxe::from_raw(&filter->IpList[i]);
    if (!ip.is_multicast() && !ip.is_usable_host()) return EFI_INVALID_PARAMETER;
  }
  if (mode_.Started == FALSE) return EFI_NOT_STARTED;
  mode_.IpFilter = *filter;
  settle_mode();
  return EFI_SUCCESS;
}

/// At the end of the function that works, or else at once, and then no other may begin meanwhile.
void PxeBaseCode::settle_mode() noexcept {
  mode_changed_ = true;
  if (!busy_) const Busy busy(*this);
}

/// Listed groups are joined; for another listed address, of which nobody asks us by ARP, all frames
/// are looked at.
void PxeBaseCode::apply_mode() noexcept {
  const EFI_PXE_BASE_CODE_IP_FILTER& filter = mode_.IpFilter;
  net::InterfaceMode wanted;
  wanted.asks_neighbours = mode_.Started == FALSE || mode_.AutoArp != FALSE;
  wanted.promiscuous = (filter.Filters & EFI_PXE_BASE_CODE_IP_FILTER_PROMISCUOUS) != 0;
  for (UINT8 i = 0; i < filter.IpCnt; ++i) {
    const wire::Ipv4Address ip = pxe::from_raw(&filter.IpList[i]);
    if (ip.is_multicast()) {
      wanted.groups[i] = ip;
    } else if (ip != station()) {
      wanted.promiscuous = true;
    }
  }
  backend_.set_mode(wanted);
}

/// SUCCESS, INVALID_PARAMETER (also: no address yet), NOT_STARTED, DEVICE_ERROR, ABORTED, TIMEOUT.
/// AutoArp is of what is asked without a call: here the caller wants it.
EFI_STATUS PxeBaseCode::arp(Ip* raw_ip, EFI_MAC_ADDRESS* raw_mac) noexcept {
  if (raw_ip == nullptr) return EFI_INVALID_PARAMETER;
  if (mode_.Started == FALSE) return EFI_NOT_STARTED;
  const wire::Ipv4Address ip = pxe::from_raw(raw_ip);
  if (station().is_any() || !ip.is_usable_host()) return EFI_INVALID_PARAMETER;
  const auto known = std::find_if(
      mode_.ArpCache, mode_.ArpCache + mode_.ArpCacheEntries,
      [&](const EFI_PXE_BASE_CODE_ARP_ENTRY& entry) { return pxe::from_raw(&entry.IpAddr) == ip; });
  // Without AutoArp nobody else asks: our stack may have forgotten what stands here.
  if (known != mode_.ArpCache + mode_.ArpCacheEntries && mode_.AutoArp != FALSE) {
    if (raw_mac != nullptr) std::memcpy(raw_mac, &known->MacAddr, sizeof(*raw_mac));
    return EFI_SUCCESS;
  }
  if (busy_) return EFI_DEVICE_ERROR;
  const Busy busy(*this);
  Watch watch(*this, EFI_PXE_BASE_CODE_FUNCTION_ARP);
  const auto mac = ip == station() ? backend_.mac() : backend_.find_neighbour(ip, kArpWait, watch);
  if (!mac.ok()) return status_of(mac.error());
  remember_neighbour(ip, *mac);
  if (raw_mac != nullptr) {
    std::memcpy(raw_mac, &mode_.ArpCache[mode_.ArpCacheEntries - 1].MacAddr, sizeof(*raw_mac));
  }
  return EFI_SUCCESS;
}

/// Forgets what it knew of this one, or the oldest when there is no room. The newest is the last.
void PxeBaseCode::remember_neighbour(wire::Ipv4Address ip, const wire::MacAddress& mac) noexcept {
  auto* const end = mode_.ArpCache + mode_.ArpCacheEntries;
  auto* gone = std::find_if(mode_.ArpCache, end, [&](const EFI_PXE_BASE_CODE_ARP_ENTRY& known) {
    return pxe::from_raw(&known.IpAddr) == ip;
  });
  const bool is_full = mode_.ArpCacheEntries == EFI_PXE_BASE_CODE_MAX_ARP_ENTRIES;
  if (gone == end && is_full) gone = mode_.ArpCache;
  if (gone != end) {
    std::copy(gone + 1, end, gone);
    --mode_.ArpCacheEntries;
  }
  EFI_PXE_BASE_CODE_ARP_ENTRY& entry = mode_.ArpCache[mode_.ArpCacheEntries++];
  entry = {};
  pxe::to_raw(entry.IpAddr, ip);
  std::copy_n(mac.octets().begin(), wire::MacAddress::kSize, entry.MacAddr.Addr);
}

/// SUCCESS, INVALID_PARAMETER (a callback without its protocol, a GUID that nobody knows),
/// NOT_STARTED. A failure changes nothing.
EFI_STATUS PxeBaseCode::set_parameters(BOOLEAN* auto_arp, BOOLEAN* send_guid, UINT8* time_to_live,
                                       UINT8* type_of_service, BOOLEAN* make_callback) noexcept {
  if (mode_.Started == FALSE) return EFI_NOT_STARTED;
  if (send_guid != nullptr && *send_guid != FALSE && !backend_.has_uuid()) {
    return EFI_INVALID_PARAMETER;
  }
  if (make_callback != nullptr && *make_callback != FALSE && callback() == nullptr) {
    return EFI_INVALID_PARAMETER;
  }
  if (auto_arp != nullptr) mode_.AutoArp = *auto_arp;
  if (send_guid != nullptr) mode_.SendGUID = *send_guid;
  if (time_to_live != nullptr) mode_.TTL = *time_to_live;
  if (type_of_service != nullptr) mode_.ToS = *type_of_service;
  if (make_callback != nullptr) mode_.MakeCallbacks = *make_callback;
  settle_mode();
  return EFI_SUCCESS;
}

/// SUCCESS, INVALID_PARAMETER, NOT_STARTED, DEVICE_ERROR (the interface is gone, or works).
EFI_STATUS PxeBaseCode::set_station_ip(Ip* raw_address, Ip* raw_mask) noexcept {
  const auto address = raw_address != nullptr ? pxe::from_raw(raw_address) : station();
  const auto mask =
      raw_mask != nullptr ? pxe::from_raw(raw_mask) : pxe::from_raw(&mode_.SubnetMask);
  const auto subnet = wire::Ipv4Subnet::from_netmask(address, mask);
  if (raw_address != nullptr && !address.is_usable_host()) return EFI_INVALID_PARAMETER;
  if (raw_mask != nullptr && (!subnet.ok() || mask.is_any())) return EFI_INVALID_PARAMETER;
  if (mode_.Started == FALSE) return EFI_NOT_STARTED;
  if (busy_) return EFI_DEVICE_ERROR;
  const Busy busy(*this);
  // To the last byte as the caller's, whatever stands behind an IPv4 address: the conformance tests
  // compare all of it. What is not given stays, as it was given before.
  std::array<std::byte, sizeof(Ip)> address_bytes;
  std::array<std::byte, sizeof(Ip)> mask_bytes;
  std::memcpy(address_bytes.data(), raw_address != nullptr ? raw_address : &mode_.StationIp,
              sizeof(Ip));
  std::memcpy(mask_bytes.data(), raw_mask != nullptr ? raw_mask : &mode_.SubnetMask, sizeof(Ip));
  // The parts may come one after the other: only both are a configuration.
  if (!address.is_any() && subnet.ok() && !mask.is_any()) {
    net::Ipv4Configuration configuration;
    configuration.address = address;
    configuration.prefix_bits = subnet->prefix_length;
    if (mode_.RouteTableEntries == 1) {
      const auto gateway = pxe::from_raw(&mode_.RouteTable[0].GwAddr);
      if (subnet->contains(gateway)) configuration.gateway = gateway;
    }
    if (const auto done = backend_.configure(configuration); !done.ok()) {
      return status_of(done.error());
    }
    use_configuration(configuration);
  }
  std::memcpy(&mode_.StationIp, address_bytes.data(), sizeof(Ip));
  std::memcpy(&mode_.SubnetMask, mask_bytes.data(), sizeof(Ip));
  mode_.ArpCacheEntries = 0;
  return EFI_SUCCESS;
}

/// SUCCESS, NOT_STARTED. What is NULL stays as it is.
EFI_STATUS PxeBaseCode::set_packets(BOOLEAN* discover_valid, BOOLEAN* ack_received,
                                    BOOLEAN* proxy_received, BOOLEAN* pxe_discover_valid,
                                    BOOLEAN* pxe_reply_received, BOOLEAN* pxe_bis_reply_received,
                                    Packet* discover, Packet* ack, Packet* proxy_offer,
                                    Packet* pxe_discover, Packet* pxe_reply,
                                    Packet* pxe_bis_reply) noexcept {
  if (mode_.Started == FALSE) return EFI_NOT_STARTED;
  const auto set = [](BOOLEAN& flag, Packet& packet, const BOOLEAN* new_flag,
                      const Packet* new_packet) {
    if (new_flag != nullptr) flag = *new_flag;
    // Callers hand over what they have as bytes, aligned as it happens to be.
    if (new_packet != nullptr) {
      std::memcpy(packet.Raw, static_cast<const void*>(new_packet), sizeof(packet.Raw));
    }
  };
  set(mode_.DhcpDiscoverValid, mode_.DhcpDiscover, discover_valid, discover);
  set(mode_.DhcpAckReceived, mode_.DhcpAck, ack_received, ack);
  set(mode_.ProxyOfferReceived, mode_.ProxyOffer, proxy_received, proxy_offer);
  set(mode_.PxeDiscoverValid, mode_.PxeDiscover, pxe_discover_valid, pxe_discover);
  set(mode_.PxeReplyReceived, mode_.PxeReply, pxe_reply_received, pxe_reply);
  set(mode_.PxeBisReplyReceived, mode_.PxeBisReply, pxe_bis_reply_received, pxe_bis_reply);
  return EFI_SUCCESS;
}

PxeBaseCode::Busy::Busy(PxeBaseCode& owner) noexcept : owner_(owner) {
  owner_.busy_ = true;
}

PxeBaseCode::Busy::~Busy() {
  // What the function has made of the filter, or a callback in it; or somebody who interrupts this.
  do {
    owner_.mode_changed_ = false;
    owner_.apply_mode();
  } while (owner_.mode_changed_);
  owner_.busy_ = false;
}

void PxeBaseCode::Watch::packet(Direction direction, ByteView packet) noexcept {
  if (owner_.mode_.MakeCallbacks == FALSE || aborted_) return;
  const BOOLEAN received = direction == Direction::received ? TRUE : FALSE;
  untold_.push_back({received, {packet.begin(), packet.end()}});
}

bool PxeBaseCode::Watch::tell() noexcept {
  // Taken out first: what a callback leaves by gBS->Exit is not told again.
  std::vector<Told> told;
  told.swap(untold_);
  for (Told& each : told) {
    if (!call(each.received, each.packet)) break;
  }
  return !aborted_;
}

/// Looked for anew each time: an image may take its callback away before it stops us.
bool PxeBaseCode::Watch::call(BOOLEAN received, ByteSpan packet) noexcept {
  if (aborted_) return false;
  if (owner_.mode_.MakeCallbacks == FALSE) return true;
  auto* callback = owner_.callback();
  if (callback == nullptr) return true;
  auto* raw = reinterpret_cast<EFI_PXE_BASE_CODE_PACKET*>(packet.data());
  aborted_ = callback->Callback(callback, function_, received, static_cast<UINT32>(packet.size()),
                                packet.empty() ? nullptr : raw) !=
             EFI_PXE_BASE_CODE_CALLBACK_STATUS_CONTINUE;
  return !aborted_;
}

}  // namespace kedge::uefi
