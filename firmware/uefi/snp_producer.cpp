// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/snp_producer.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "link/link_errors.h"

namespace kedge::uefi {
namespace {

constexpr UINT32 kHeaderBytes = 14;
constexpr std::size_t kSourceOffset = 6;
constexpr std::size_t kTypeOffset = 12;
constexpr UINT32 kVlanTagBytes = 4;
constexpr UINT8 kEthernet = 1;  // RFC 3232, ARP hardware type
constexpr UINT32 kFilterMask =
    EFI_SIMPLE_NETWORK_RECEIVE_UNICAST | EFI_SIMPLE_NETWORK_RECEIVE_MULTICAST |
    EFI_SIMPLE_NETWORK_RECEIVE_BROADCAST | EFI_SIMPLE_NETWORK_RECEIVE_PROMISCUOUS |
    EFI_SIMPLE_NETWORK_RECEIVE_PROMISCUOUS_MULTICAST;

wire::MacAddress from_raw(const void* octets) noexcept {
  std::array<std::uint8_t, wire::MacAddress::kSize> result;
  __builtin_memcpy(result.data(), octets, result.size());  // no call: every frame has some
  return wire::MacAddress(result);
}

void to_raw(EFI_MAC_ADDRESS& out, const wire::MacAddress& mac) noexcept {
  out = {};
  std::copy_n(mac.octets().begin(), wire::MacAddress::kSize, out.Addr);
}

}  // namespace

Result<std::unique_ptr<SnpProducer>> SnpProducer::create(const Firmware& firmware,
                                                         link::Device& device) noexcept {
  std::unique_ptr<SnpProducer> snp(new (std::nothrow) SnpProducer(firmware, device));
  if (snp == nullptr) return fail(err::base_no_memory);
  // For the producer's life, not only while Initialized: callers keep the event.
  KEDGE_CHECK(snp->wait_event_.create(firmware, EVT_NOTIFY_WAIT, TPL_NOTIFY,
                                      firmware_entry<&wait_for_packet>, snp.get()));
  KEDGE_CHECK(snp->negotiation_timer_.create(firmware, EVT_TIMER | EVT_NOTIFY_SIGNAL, TPL_NOTIFY,
                                             firmware_entry<&negotiation_ends>, snp.get()));
  snp->table_.raw.WaitForPacket = snp->wait_event_.raw();
  return Result<std::unique_ptr<SnpProducer>>(std::move(snp));
}

SnpProducer::SnpProducer(const Firmware& firmware, link::Device& device) noexcept
    : firmware_(firmware), device_(device), table_(*this, firmware, rules()) {
  mode_.State = EfiSimpleNetworkStopped;
  mode_.HwAddressSize = wire::MacAddress::kSize;
  mode_.MediaHeaderSize = kHeaderBytes;
  mode_.MaxPacketSize = device.mtu();
  mode_.ReceiveFilterMask = kFilterMask;
  mode_.MaxMCastFilterCount = MAX_MCAST_FILTER_CNT;
  to_raw(mode_.CurrentAddress, device.mac());
  to_raw(mode_.PermanentAddress, device.mac());
  to_raw(mode_.BroadcastAddress, wire::MacAddress::broadcast());
  mode_.IfType = kEthernet;
  mode_.MultipleTxSupported = TRUE;
  mode_.MediaPresentSupported = TRUE;
  mode_.MediaPresent = TRUE;  // nothing is known before Initialize
  fill_table();
}

SnpProducer::~SnpProducer() {
  received_.reset();
  if (!retired_) device_.stop();
}

void SnpProducer::fill_table() noexcept {
  using P = EFI_SIMPLE_NETWORK_PROTOCOL;
  P& raw = table_.raw;
  raw.Revision = EFI_SIMPLE_NETWORK_PROTOCOL_REVISION;
  raw.Start = Entry<P, &SnpProducer::start>::call;
  raw.Stop = Entry<P, &SnpProducer::stop>::call;
  raw.Initialize = Entry<P, &SnpProducer::initialize>::call;
  raw.Reset = Entry<P, &SnpProducer::reset>::call;
  raw.Shutdown = Entry<P, &SnpProducer::shutdown>::call;
  raw.ReceiveFilters = Entry<P, &SnpProducer::receive_filters>::call;
  raw.StationAddress = Entry<P, &SnpProducer::station_address>::call;
  raw.Statistics = Entry<P, &SnpProducer::statistics>::call;
  raw.MCastIpToMac = Entry<P, &SnpProducer::multicast_ip_to_mac>::call;
  raw.NvData = Entry<P, &SnpProducer::nv_data>::call;
  raw.GetStatus = Entry<P, &SnpProducer::get_status>::call;
  raw.Transmit = Entry<P, &SnpProducer::transmit>::call;
  raw.Receive = Entry<P, &SnpProducer::receive_packet>::call;
  raw.Mode = &mode_;
}

void SnpProducer::retire() noexcept {
  retired_ = true;
  device_.quiesce();
}

EFI_STATUS SnpProducer::need_initialized() const noexcept {
  if (mode_.State == EfiSimpleNetworkStopped) return EFI_NOT_STARTED;
  return mode_.State == EfiSimpleNetworkInitialized ? EFI_SUCCESS : EFI_DEVICE_ERROR;
}

/// SUCCESS, ALREADY_STARTED.
EFI_STATUS SnpProducer::start() noexcept {
  if (mode_.State != EfiSimpleNetworkStopped) return EFI_ALREADY_STARTED;
  mode_.State = EfiSimpleNetworkStarted;
  return EFI_SUCCESS;
}

/// SUCCESS, NOT_STARTED, DEVICE_ERROR (initialized: Shutdown comes first).
EFI_STATUS SnpProducer::stop() noexcept {
  if (mode_.State == EfiSimpleNetworkStopped) return EFI_NOT_STARTED;
  if (mode_.State == EfiSimpleNetworkInitialized) return EFI_DEVICE_ERROR;
  mode_.State = EfiSimpleNetworkStopped;
  return EFI_SUCCESS;
}

/// SUCCESS, NOT_STARTED, OUT_OF_RESOURCES, DEVICE_ERROR (initialized already, or the device
/// failed). The extra buffer sizes are wishes; the rings are deep enough.
EFI_STATUS SnpProducer::initialize(UINTN, UINTN) noexcept {
  if (mode_.State == EfiSimpleNetworkStopped) return EFI_NOT_STARTED;
  if (mode_.State == EfiSimpleNetworkInitialized) return EFI_DEVICE_ERROR;
  return bring_up();
}

/// SUCCESS, NOT_STARTED, OUT_OF_RESOURCES, DEVICE_ERROR. Filters and statistics stay; both kinds of
/// reset are the same.
EFI_STATUS SnpProducer::reset(BOOLEAN) noexcept {
  if (const EFI_STATUS state = need_initialized(); EFI_ERROR(state)) return state;
  take_down();
  const EFI_STATUS status = bring_up();
  if (EFI_ERROR(status)) clear_filters();
  return status;
}

/// SUCCESS, NOT_STARTED, DEVICE_ERROR (not initialized).
EFI_STATUS SnpProducer::shutdown() noexcept {
  if (const EFI_STATUS status = need_initialized(); EFI_ERROR(status)) return status;
  take_down();
  clear_filters();
  return EFI_SUCCESS;
}

void SnpProducer::clear_filters() noexcept {
  set_multicast_list(nullptr, 0);
  change_filters(0, kFilterMask);
}

void SnpProducer::abandon() noexcept {
  if (retired_) return;
  const TplGuard guard(firmware_, TPL_NOTIFY);
  take_down();
  clear_filters();
  statistics_ = {};
  mode_.State = EfiSimpleNetworkStopped;
}

EFI_STATUS SnpProducer::bring_up() noexcept {
  apply_filters();
  if (negotiation_ == Negotiation::running) {
    // It runs for a look at the link. What has come since is nobody's: there are no filters yet.
    for (unsigned i = 0; i < kFramesPerCall && device_.poll(*this, kFramesPerCall) != 0; ++i) {
    }
  } else if (const Result<void> up = run_device(); !up.ok()) {
    return up.error().kind() == ErrorKind::no_memory ? EFI_OUT_OF_RESOURCES : EFI_DEVICE_ERROR;
  }
  mode_.State = EfiSimpleNetworkInitialized;
  // Callers look at it right after Initialize (edk2's NetLibDetectMedia).
  update_media();
  return EFI_SUCCESS;
}

void SnpProducer::take_down() noexcept {
  received_.reset();
  device_.stop();
  sent_count_ = 0;
  interrupts_ = 0;
  negotiation_ = Negotiation::none;
  negotiation_timer_.stop_timer();
  mode_.State = EfiSimpleNetworkStarted;
}

/// SUCCESS, NOT_STARTED, DEVICE_ERROR, INVALID_PARAMETER as UEFI 2.10, 24.1 lists it. What is legal
/// never fails: a stack that cannot set filters stops (or hangs) there.
EFI_STATUS SnpProducer::receive_filters(UINT32 enable, UINT32 disable, BOOLEAN reset_multicast,
                                        UINTN count, EFI_MAC_ADDRESS* addresses) noexcept {
  if (const EFI_STATUS status = need_initialized(); EFI_ERROR(status)) return status;
  if (((enable | disable) & ~mode_.ReceiveFilterMask) != 0) return EFI_INVALID_PARAMETER;
  const bool is_multicast =
      (enable & ~disable & EFI_SIMPLE_NETWORK_RECEIVE_MULTICAST) != 0 && reset_multicast == FALSE;
  if (is_multicast) {
    if (count == 0 || count > mode_.MaxMCastFilterCount || addresses == nullptr) {
      return EFI_INVALID_PARAMETER;
    }
    for (UINTN i = 0; i < count; ++i) {
      if (!from_raw(addresses[i].Addr).is_multicast()) return EFI_INVALID_PARAMETER;
    }
    set_multicast_list(addresses, count);
  } else if (reset_multicast != FALSE) {
    set_multicast_list(nullptr, 0);
  }
  change_filters(enable, disable);
  return EFI_SUCCESS;
}

void SnpProducer::set_multicast_list(const EFI_MAC_ADDRESS* addresses, UINTN count) noexcept {
  mode_.MCastFilterCount = static_cast<UINT32>(count);
  std::memset(mode_.MCastFilter, 0, sizeof(mode_.MCastFilter));
  for (UINTN i = 0; i < count; ++i) to_raw(mode_.MCastFilter[i], from_raw(addresses[i].Addr));
}

void SnpProducer::change_filters(UINT32 enable, UINT32 disable) noexcept {
  mode_.ReceiveFilterSetting = (mode_.ReceiveFilterSetting | enable) & ~disable;
  apply_filters();
  // What waits came under the old filters.
  if (received_.has_value() && !passes(from_raw(received_->head()->data))) received_.reset();
}

void SnpProducer::apply_filters() noexcept {
  const UINT32 filters = mode_.ReceiveFilterSetting;
  link::ReceiveFilter filter;
  static_assert(link::ReceiveFilter::kGroupsMax == MAX_MCAST_FILTER_CNT);
  filter.promiscuous = (filters & EFI_SIMPLE_NETWORK_RECEIVE_PROMISCUOUS) != 0;
  filter.all_groups = (filters & EFI_SIMPLE_NETWORK_RECEIVE_PROMISCUOUS_MULTICAST) != 0;
  if ((filters & EFI_SIMPLE_NETWORK_RECEIVE_MULTICAST) != 0) {
    filter.group_count = static_cast<std::uint8_t>(mode_.MCastFilterCount);
  }
  for (std::size_t i = 0; i < filter.group_count; ++i) {
    filter.group_list[i] = from_raw(mode_.MCastFilter[i].Addr);
  }
  device_.set_receive_filter(filter);
}

/// SUCCESS, NOT_STARTED, DEVICE_ERROR, INVALID_PARAMETER, UNSUPPORTED: the device cannot be told of
/// another address, and a network that filters by address would drop it.
EFI_STATUS SnpProducer::station_address(BOOLEAN reset, EFI_MAC_ADDRESS* address) noexcept {
  if (const EFI_STATUS status = need_initialized(); EFI_ERROR(status)) return status;
  if (reset != FALSE) return EFI_SUCCESS;
  if (address == nullptr) return EFI_INVALID_PARAMETER;
  return from_raw(address->Addr) == from_raw(mode_.CurrentAddress.Addr) ? EFI_SUCCESS
                                                                        : EFI_UNSUPPORTED;
}

/// SUCCESS, NOT_STARTED, DEVICE_ERROR, INVALID_PARAMETER, BUFFER_TOO_SMALL (what fits is given,
/// and the size that is needed).
EFI_STATUS SnpProducer::statistics(BOOLEAN reset, UINTN* size,
                                   EFI_NETWORK_STATISTICS* table) noexcept {
  if (const EFI_STATUS status = need_initialized(); EFI_ERROR(status)) return status;
  if (size == nullptr && table != nullptr) return EFI_INVALID_PARAMETER;
  // First, so that the table of this call is the new beginning: the conformance tests ask for that.
  if (reset != FALSE) statistics_ = {};
  EFI_STATUS status = EFI_SUCCESS;
  if (size != nullptr) {
    const UINTN given = *size;
    if (table != nullptr)
      std::memcpy(table, &statistics_, std::min<UINTN>(given, sizeof(statistics_)));
    if (table == nullptr || given < sizeof(statistics_)) status = EFI_BUFFER_TOO_SMALL;
    *size = sizeof(statistics_);
  }
  return status;
}

/// SUCCESS, NOT_STARTED, DEVICE_ERROR, INVALID_PARAMETER. RFC 1112 6.4, RFC 2464 7.
EFI_STATUS SnpProducer::multicast_ip_to_mac(BOOLEAN is_ipv6, EFI_IP_ADDRESS* ip,
                                            EFI_MAC_ADDRESS* mac) noexcept {
  if (const EFI_STATUS status = need_initialized(); EFI_ERROR(status)) return status;
  if (ip == nullptr || mac == nullptr) return EFI_INVALID_PARAMETER;
  if (is_ipv6 != FALSE) {
    const UINT8* octets = ip->v6.Addr;
    if (octets[0] != 0xff) return EFI_INVALID_PARAMETER;
    to_raw(*mac, wire::MacAddress({0x33, 0x33, octets[12], octets[13], octets[14], octets[15]}));
    return EFI_SUCCESS;
  }
  const UINT8* octets = ip->v4.Addr;
  if ((octets[0] & 0xf0) != 0xe0) return EFI_INVALID_PARAMETER;
  const auto low = static_cast<std::uint8_t>(octets[1] & 0x7f);
  to_raw(*mac, wire::MacAddress({0x01, 0x00, 0x5e, low, octets[2], octets[3]}));
  return EFI_SUCCESS;
}

/// NOT_STARTED, DEVICE_ERROR, UNSUPPORTED: there is no such memory (Mode.NvRamSize is 0).
EFI_STATUS SnpProducer::nv_data(BOOLEAN, UINTN, UINTN, void*) noexcept {
  if (const EFI_STATUS status = need_initialized(); EFI_ERROR(status)) return status;
  return EFI_UNSUPPORTED;
}

/// SUCCESS, NOT_STARTED, DEVICE_ERROR, INVALID_PARAMETER. Gives back one sent buffer a call, with
/// the pointer that Transmit was given, and nullptr when there is none.
EFI_STATUS SnpProducer::get_status(UINT32* interrupts, void** sent_buffer) noexcept {
  if (const EFI_STATUS status = need_initialized(); EFI_ERROR(status)) return status;
  if (interrupts == nullptr && sent_buffer == nullptr) return EFI_INVALID_PARAMETER;
  if (interrupts != nullptr) {
    (void)fetch();
    *interrupts = std::exchange(interrupts_, 0);
  }
  if (sent_buffer != nullptr && sent_count_ != 0) {
    // Whoever fetches buffers comes again until there is none: one look at the link will do.
    *sent_buffer = std::exchange(sent_[sent_first_], nullptr);
    sent_first_ = (sent_first_ + 1) % kSentMax;
    --sent_count_;
    return EFI_SUCCESS;
  }
  if (sent_buffer != nullptr) *sent_buffer = nullptr;
  update_media();
  return EFI_SUCCESS;
}

/// SUCCESS, NOT_STARTED, DEVICE_ERROR, INVALID_PARAMETER, BUFFER_TOO_SMALL, NOT_READY (the caller
/// fetches sent buffers by GetStatus and tries again).
EFI_STATUS SnpProducer::transmit(UINTN header_bytes, UINTN bytes, void* buffer,
                                 EFI_MAC_ADDRESS* source, EFI_MAC_ADDRESS* destination,
                                 UINT16* protocol) noexcept {
  if (const EFI_STATUS status = need_initialized(); EFI_ERROR(status)) return status;
  if (buffer == nullptr) return EFI_INVALID_PARAMETER;
  if (header_bytes != 0 &&
      (header_bytes != kHeaderBytes || destination == nullptr || protocol == nullptr)) {
    return EFI_INVALID_PARAMETER;
  }
  if (bytes < kHeaderBytes) return EFI_BUFFER_TOO_SMALL;
  if (bytes > mode_.MaxPacketSize + kHeaderBytes + kVlanTagBytes) return EFI_INVALID_PARAMETER;
  if (sent_count_ == kSentMax) return EFI_NOT_READY;
  const ByteSpan frame(static_cast<std::byte*>(buffer), bytes);
  if (header_bytes != 0) {
    ByteWriter writer(frame);
    from_raw(destination->Addr).write(writer);
    from_raw(source != nullptr ? source->Addr : mode_.CurrentAddress.Addr).write(writer);
    writer.be16(*protocol);
  }
  const ByteView pieces[] = {frame};
  Result<void> sent = device_.transmit(pieces, {});
  if (!sent.ok() && sent.error() == err::link_busy) {
    (void)device_.poll(*this, 0);  // takes back what was sent; receives nothing
    sent = device_.transmit(pieces, {});
  }
  if (!sent.ok()) return sent.error() == err::link_busy ? EFI_NOT_READY : EFI_DEVICE_ERROR;
  // The device has copied it: it counts as sent.
  sent_[(sent_first_ + sent_count_++) % kSentMax] = buffer;
  interrupts_ |= EFI_SIMPLE_NETWORK_TRANSMIT_INTERRUPT;
  const wire::MacAddress to = from_raw(frame.data());
  ++statistics_.TxTotalFrames;
  ++statistics_.TxGoodFrames;
  ++(!to.is_multicast()  ? statistics_.TxUnicastFrames
     : to.is_broadcast() ? statistics_.TxBroadcastFrames
                         : statistics_.TxMulticastFrames);
  statistics_.TxTotalBytes += bytes;
  return EFI_SUCCESS;
}

/// SUCCESS, NOT_STARTED, DEVICE_ERROR, INVALID_PARAMETER, NOT_READY (nothing there),
/// BUFFER_TOO_SMALL (with the size that is needed; the packet stays).
EFI_STATUS SnpProducer::receive_packet(UINTN* header_bytes, UINTN* bytes, void* buffer,
                                       EFI_MAC_ADDRESS* source, EFI_MAC_ADDRESS* destination,
                                       UINT16* protocol) noexcept {
  if (const EFI_STATUS status = need_initialized(); EFI_ERROR(status)) return status;
  if (bytes == nullptr || buffer == nullptr) return EFI_INVALID_PARAMETER;
  if (!fetch()) return EFI_NOT_READY;
  const UINTN space = std::exchange(*bytes, received_->length());
  if (space < received_->length()) return EFI_BUFFER_TOO_SMALL;
  take_frame(buffer, space);
  const auto* header = static_cast<const std::uint8_t*>(buffer);
  if (header_bytes != nullptr) *header_bytes = kHeaderBytes;
  if (destination != nullptr) to_raw(*destination, from_raw(header));
  if (source != nullptr) to_raw(*source, from_raw(header + kSourceOffset));
  if (protocol != nullptr) {
    *protocol = static_cast<UINT16>(header[kTypeOffset] << 8 | header[kTypeOffset + 1]);
  }
  return EFI_SUCCESS;
}

void SnpProducer::take_frame(void* buffer, std::size_t space) noexcept {
  auto* out = static_cast<std::byte*>(buffer);
  for (const link::Segment* piece = received_->head(); piece != nullptr; piece = piece->next) {
    const std::size_t bytes = std::min<std::size_t>(piece->length, space);
    std::memcpy(out, piece->data, bytes);
    out += bytes;
    space -= bytes;
  }
  received_.reset();
  interrupts_ &= ~UINT32{EFI_SIMPLE_NETWORK_RECEIVE_INTERRUPT};
}

/// Runs when somebody waits for the event, or checks it: in any state, at TPL_NOTIFY.
void SnpProducer::wait_for_packet(EFI_EVENT event, void* context) noexcept {
  auto& self = *static_cast<SnpProducer*>(context);
  if (self.retired_ || self.mode_.State != EfiSimpleNetworkInitialized) return;
  if (self.fetch()) (void)self.firmware_.boot().SignalEvent(event);
}

bool SnpProducer::fetch() noexcept {
  // One at a time: what nobody wants yet stays in the device's ring, which bounds it.
  for (unsigned i = 0; i < kFramesPerCall && !received_.has_value(); ++i) {
    if (device_.poll(*this, 1) == 0) break;
  }
  return received_.has_value();
}

void SnpProducer::receive(link::Frame frame) noexcept {
  // The header in one piece is what passes() and ReceiveFilters look at; drivers give it so.
  const bool is_short =
      frame.length() < kHeaderBytes || frame.head()->length < wire::MacAddress::kSize;
  // What the filters refuse, a NIC with filters would never have received: it does not count.
  if (!is_short && !passes(from_raw(frame.head()->data))) return;
  ++statistics_.RxTotalFrames;
  if (is_short) {
    ++statistics_.RxUndersizeFrames;
    return;
  }
  // It would never fit the buffers of callers, which go by Mode, and block all behind it.
  if (frame.length() > mode_.MaxPacketSize + kHeaderBytes + kVlanTagBytes) {
    ++statistics_.RxOversizeFrames;
    return;
  }
  if (received_.has_value()) {
    ++statistics_.RxDroppedFrames;
    return;
  }
  count_received(from_raw(frame.head()->data), frame.length());
  received_.emplace(std::move(frame));
  interrupts_ |= EFI_SIMPLE_NETWORK_RECEIVE_INTERRUPT;
}

bool SnpProducer::passes(const wire::MacAddress& destination) const noexcept {
  const UINT32 filters = mode_.ReceiveFilterSetting;
  if ((filters & EFI_SIMPLE_NETWORK_RECEIVE_PROMISCUOUS) != 0) return true;
  if (!destination.is_multicast()) {
    return (filters & EFI_SIMPLE_NETWORK_RECEIVE_UNICAST) != 0 &&
           destination == from_raw(mode_.CurrentAddress.Addr);
  }
  if (destination.is_broadcast()) return (filters & EFI_SIMPLE_NETWORK_RECEIVE_BROADCAST) != 0;
  if ((filters & EFI_SIMPLE_NETWORK_RECEIVE_PROMISCUOUS_MULTICAST) != 0) return true;
  if ((filters & EFI_SIMPLE_NETWORK_RECEIVE_MULTICAST) == 0) return false;
  return is_in_multicast_list(destination);
}

bool SnpProducer::is_in_multicast_list(const wire::MacAddress& destination) const noexcept {
  return std::any_of(
      mode_.MCastFilter, mode_.MCastFilter + mode_.MCastFilterCount,
      [&](const EFI_MAC_ADDRESS& wanted) { return from_raw(wanted.Addr) == destination; });
}

void SnpProducer::count_received(const wire::MacAddress& destination,
                                 std::uint32_t bytes) noexcept {
  ++statistics_.RxGoodFrames;
  ++(!destination.is_multicast()  ? statistics_.RxUnicastFrames
     : destination.is_broadcast() ? statistics_.RxBroadcastFrames
                                  : statistics_.RxMulticastFrames);
  statistics_.RxTotalBytes += bytes;
}

}  // namespace kedge::uefi
