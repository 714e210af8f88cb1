// SPDX-License-Identifier: BSD-2-Clause-Patent
// Undi's commands that want an initialized NIC.
#include <algorithm>
#include <cstring>

#include "uefi/undi.h"

namespace kedge::uefi {
namespace {

constexpr std::size_t kMacBytes = wire::MacAddress::kSize;
constexpr UINT16 kHeaderBytes = PXE_MAC_HEADER_LEN_ETHER;
constexpr std::size_t kEntryBytes = sizeof(PXE_MAC_ADDR);
constexpr UINT32 kAllFilters = 0x1f;

// What SnpProducer counts, by its place in PXE_DB_STATISTICS. The order is that of
// EFI_NETWORK_STATISTICS.
constexpr UINT64 bit(unsigned number) noexcept {
  return UINT64{1} << number;
}
constexpr UINT64 kCounted =
    bit(PXE_STATISTICS_RX_TOTAL_FRAMES) | bit(PXE_STATISTICS_RX_GOOD_FRAMES) |
    bit(PXE_STATISTICS_RX_UNDERSIZE_FRAMES) | bit(PXE_STATISTICS_RX_OVERSIZE_FRAMES) |
    bit(PXE_STATISTICS_RX_DROPPED_FRAMES) | bit(PXE_STATISTICS_RX_UNICAST_FRAMES) |
    bit(PXE_STATISTICS_RX_BROADCAST_FRAMES) | bit(PXE_STATISTICS_RX_MULTICAST_FRAMES) |
    bit(PXE_STATISTICS_RX_TOTAL_BYTES) | bit(PXE_STATISTICS_TX_TOTAL_FRAMES) |
    bit(PXE_STATISTICS_TX_GOOD_FRAMES) | bit(PXE_STATISTICS_TX_UNICAST_FRAMES) |
    bit(PXE_STATISTICS_TX_BROADCAST_FRAMES) | bit(PXE_STATISTICS_TX_MULTICAST_FRAMES) |
    bit(PXE_STATISTICS_TX_TOTAL_BYTES);
static_assert(offsetof(EFI_NETWORK_STATISTICS, TxTotalBytes) ==
              PXE_STATISTICS_TX_TOTAL_BYTES * sizeof(UINT64));
static_assert(sizeof(EFI_NETWORK_STATISTICS) ==
              (PXE_STATISTICS_TX_RETRY_FRAMES + 1) * sizeof(UINT64));

std::byte* pointer(UINT64 address) noexcept {
  return reinterpret_cast<std::byte*>(static_cast<std::uintptr_t>(address));
}

/// Simple Network's filter bits for UNDI's, and the other way round: two have changed places.
UINT32 swap_filters(UINT32 filters) noexcept {
  static_assert(PXE_OPFLAGS_RECEIVE_FILTER_BROADCAST == EFI_SIMPLE_NETWORK_RECEIVE_MULTICAST &&
                PXE_OPFLAGS_RECEIVE_FILTER_FILTERED_MULTICAST ==
                    EFI_SIMPLE_NETWORK_RECEIVE_BROADCAST);
  constexpr UINT32 kLow = EFI_SIMPLE_NETWORK_RECEIVE_MULTICAST;
  constexpr UINT32 kHigh = EFI_SIMPLE_NETWORK_RECEIVE_BROADCAST;
  return (filters & kAllFilters & ~(kLow | kHigh)) | (filters & kLow) << 1 | (filters & kHigh) >> 1;
}

}  // namespace

/// No interrupt can be enabled, which Implementation says: none ever is.
Undi::Code Undi::interrupt_enables(const Command& command) noexcept {
  const UINT16 operation = command.cdb.OpFlags & PXE_OPFLAGS_INTERRUPT_OPMASK;
  const UINT16 kinds = command.cdb.OpFlags & 0x000f;
  // E.4.10: one of the two, and then at least one kind.
  const bool is_valid = operation == PXE_OPFLAGS_INTERRUPT_READ
                            ? kinds == 0
                            : operation != PXE_OPFLAGS_INTERRUPT_OPMASK && kinds != 0;
  return is_valid ? PXE_STATCODE_SUCCESS : PXE_STATCODE_INVALID_CDB;
}

Undi::Code Undi::receive_filters(Command& command) noexcept {
  const EFI_SIMPLE_NETWORK_MODE& mode = snp_.mode();
  const PXE_CDB& cdb = command.cdb;
  const UINT16 operation = cdb.OpFlags & PXE_OPFLAGS_RECEIVE_FILTER_OPMASK;
  const UINT32 filters = swap_filters(cdb.OpFlags);
  const bool is_read = operation == PXE_OPFLAGS_RECEIVE_FILTER_READ;
  const std::size_t count = cdb.CPBsize / kEntryBytes;
  if (operation == PXE_OPFLAGS_RECEIVE_FILTER_OPMASK || is_read != (filters == 0) ||
      cdb.CPBsize % kEntryBytes != 0 || cdb.DBsize % kEntryBytes != 0 ||
      count > mode.MaxMCastFilterCount) {
    return PXE_STATCODE_INVALID_CDB;
  }
  EFI_MAC_ADDRESS list[MAX_MCAST_FILTER_CNT];
  static_assert(sizeof(EFI_MAC_ADDRESS) == kEntryBytes);
  if (count != 0) std::memcpy(list, pointer(cdb.CPBaddr), count * kEntryBytes);
  for (std::size_t i = 0; i < count; ++i) {
    if ((list[i].Addr[0] & 1) == 0) return PXE_STATCODE_INVALID_CPB;
  }
  const bool forgets = command.has(PXE_OPFLAGS_RECEIVE_FILTER_RESET_MCAST_LIST);
  if (count != 0 || forgets) snp_.set_multicast_list(list, forgets ? 0 : count);
  const bool enables = operation == PXE_OPFLAGS_RECEIVE_FILTER_ENABLE;
  snp_.change_filters(enables ? filters : 0, enables ? 0 : filters);
  // Behind the list there are zeros.
  for (std::size_t i = 0; i < cdb.DBsize / kEntryBytes; ++i) {
    const EFI_MAC_ADDRESS none{};
    const EFI_MAC_ADDRESS& entry = i < mode.MCastFilterCount ? mode.MCastFilter[i] : none;
    std::memcpy(command.db() + i * kEntryBytes, &entry, kEntryBytes);
  }
  command.flags = static_cast<PXE_STATFLAGS>(swap_filters(mode.ReceiveFilterSetting));
  return PXE_STATCODE_SUCCESS;
}

Undi::Code Undi::station_address(const Command& command) noexcept {
  const EFI_SIMPLE_NETWORK_MODE& mode = snp_.mode();
  EFI_MAC_ADDRESS wanted = mode.CurrentAddress;
  if (command.cdb.CPBsize != 0) wanted = command.cpb<EFI_MAC_ADDRESS>();
  const BOOLEAN resets = command.has(PXE_OPFLAGS_STATION_ADDRESS_RESET) ? TRUE : FALSE;
  const Code code = to_code(snp_.station_address(resets, &wanted));
  if (code != PXE_STATCODE_SUCCESS) return code;
  PXE_DB_STATION_ADDRESS db;
  std::memcpy(db.StationAddr, &mode.CurrentAddress, kEntryBytes);
  std::memcpy(db.BroadcastAddr, &mode.BroadcastAddress, kEntryBytes);
  std::memcpy(db.PermanentAddr, &mode.PermanentAddress, kEntryBytes);
  command.give(db);
  return code;
}

Undi::Code Undi::statistics(const Command& command) noexcept {
  PXE_DB_STATISTICS db{};
  db.Supported = kCounted;
  // As they were before a reset.
  std::memcpy(db.Data, &snp_.statistics_, sizeof(snp_.statistics_));
  command.give(db);
  if (command.has(PXE_OPFLAGS_STATISTICS_RESET)) snp_.statistics_ = {};
  return PXE_STATCODE_SUCCESS;
}

Undi::Code Undi::multicast_ip_to_mac(const Command& command) noexcept {
  const auto cpb = command.cpb<PXE_CPB_MCAST_IP_TO_MAC>();
  EFI_IP_ADDRESS ip;
  std::memcpy(&ip, &cpb.IP, sizeof(ip));
  const BOOLEAN is_ipv6 = command.has(PXE_OPFLAGS_MCAST_IPV6_TO_MAC) ? TRUE : FALSE;
  EFI_MAC_ADDRESS mac;
  const Code code = to_code(snp_.multicast_ip_to_mac(is_ipv6, &ip, &mac));
  if (code == PXE_STATCODE_SUCCESS) command.give(mac);
  return code;
}

Undi::Code Undi::get_status(Command& command) noexcept {
  constexpr std::size_t kFixedBytes = offsetof(PXE_DB_GET_STATUS, TxBuffer);
  const std::size_t bytes = command.cdb.DBsize;
  if (bytes != 0 && bytes < kFixedBytes) return PXE_STATCODE_INVALID_CDB;
  UINT32 flags = 0;
  if (command.has(PXE_OPFLAGS_GET_INTERRUPT_STATUS)) {
    static_assert(PXE_STATFLAGS_GET_STATUS_RECEIVE == EFI_SIMPLE_NETWORK_RECEIVE_INTERRUPT &&
                  PXE_STATFLAGS_GET_STATUS_TRANSMIT == EFI_SIMPLE_NETWORK_TRANSMIT_INTERRUPT);
    (void)snp_.get_status(&flags, nullptr);
  }
  if (command.has(PXE_OPFLAGS_GET_MEDIA_STATUS)) {
    snp_.update_media();
    if (snp_.mode().MediaPresent == FALSE) flags |= PXE_STATFLAGS_GET_STATUS_NO_MEDIA;
  }
  if (bytes != 0) {
    // Some callers take every entry that is not zero for a buffer.
    std::memset(command.db(), 0, bytes);
    const UINT32 next = snp_.fetch() ? snp_.received_->length() : 0;
    std::memcpy(command.db(), &next, sizeof(next));
  }
  if (command.has(PXE_OPFLAGS_GET_TRANSMITTED_BUFFERS)) {
    flags |= PXE_STATFLAGS_GET_STATUS_NO_TXBUFS_WRITTEN;
    for (std::size_t end = kFixedBytes + sizeof(UINT64); end <= bytes && snp_.sent_count_ != 0;
         end += sizeof(UINT64)) {
      void* sent = nullptr;
      (void)snp_.get_status(nullptr, &sent);
      const UINT64 address = reinterpret_cast<std::uintptr_t>(sent);
      std::memcpy(command.db() + end - sizeof(address), &address, sizeof(address));
      flags &= ~UINT32{PXE_STATFLAGS_GET_STATUS_NO_TXBUFS_WRITTEN};
    }
  }
  if (snp_.sent_count_ == 0) flags |= PXE_STATFLAGS_GET_STATUS_TXBUF_QUEUE_EMPTY;
  command.flags = static_cast<PXE_STATFLAGS>(flags);
  return PXE_STATCODE_SUCCESS;
}

Undi::Code Undi::fill_header(const Command& command) noexcept {
  auto cpb = command.cpb<PXE_CPB_FILL_HEADER>();
  if (command.has(PXE_OPFLAGS_FILL_HEADER_FRAGMENTED)) {
    // It begins with the same addresses. The header goes where the first piece is, which it must
    // not outgrow.
    const auto pieces = command.cpb<PXE_CPB_FILL_HEADER_FRAGMENTED>();
    if (pieces.FragCnt == 0 || pieces.FragCnt > MAX_XMIT_FRAGMENTS ||
        pieces.FragDesc[0].FragLen < kHeaderBytes) {
      return PXE_STATCODE_INVALID_CPB;
    }
    cpb.MediaHeader = pieces.FragDesc[0].FragAddr;
    cpb.Protocol = pieces.Protocol;
    cpb.MediaHeaderLen = pieces.MediaHeaderLen;
  }
  if (cpb.MediaHeader == 0 || cpb.MediaHeaderLen != kHeaderBytes) return PXE_STATCODE_INVALID_CPB;
  std::byte* const header = pointer(cpb.MediaHeader);
  std::memcpy(header, cpb.DestAddr, kMacBytes);
  std::memcpy(header + kMacBytes, cpb.SrcAddr, kMacBytes);
  std::memcpy(header + 2 * kMacBytes, &cpb.Protocol, sizeof(cpb.Protocol));
  return PXE_STATCODE_SUCCESS;
}

Undi::Code Undi::transmit(const Command& command) noexcept {
  const auto cpb = command.cpb<PXE_CPB_TRANSMIT>();
  // edk2 gives the whole length as that of the data.
  const bool has_header_size = cpb.MediaheaderLen == 0 || cpb.MediaheaderLen == kHeaderBytes;
  if (!has_header_size || cpb.reserved != 0) return PXE_STATCODE_INVALID_CPB;
  const UINTN bytes = UINTN{cpb.MediaheaderLen} + cpb.DataLen;
  return to_code(snp_.transmit(0, bytes, pointer(cpb.FrameAddr), nullptr, nullptr, nullptr));
}

PXE_FRAME_TYPE Undi::frame_type(const std::byte* frame) const noexcept {
  std::array<std::uint8_t, kMacBytes> octets;
  std::memcpy(octets.data(), frame, kMacBytes);
  const wire::MacAddress to(octets);
  if (to.is_broadcast()) return PXE_FRAME_TYPE_BROADCAST;
  if (to.is_multicast()) {
    return snp_.is_in_multicast_list(to) ? PXE_FRAME_TYPE_FILTERED_MULTICAST
                                         : PXE_FRAME_TYPE_PROMISCUOUS_MULTICAST;
  }
  return std::memcmp(snp_.mode().CurrentAddress.Addr, frame, kMacBytes) == 0
             ? PXE_FRAME_TYPE_UNICAST
             : PXE_FRAME_TYPE_PROMISCUOUS;
}

Undi::Code Undi::receive(const Command& command) noexcept {
  const auto cpb = command.cpb<PXE_CPB_RECEIVE>();
  if (cpb.BufferAddr == 0 || cpb.BufferLen < kHeaderBytes || cpb.reserved != 0) {
    return PXE_STATCODE_INVALID_CPB;
  }
  if (!snp_.fetch()) return PXE_STATCODE_NO_DATA;
  PXE_DB_RECEIVE db{};
  db.FrameLen = snp_.received_->length();
  std::byte* const frame = pointer(cpb.BufferAddr);
  // E.4.19: of a frame that is larger the rest is lost; the length tells.
  snp_.take_frame(frame, cpb.BufferLen);
  std::memcpy(db.DestAddr, frame, kMacBytes);
  std::memcpy(db.SrcAddr, frame + kMacBytes, kMacBytes);
  std::memcpy(&db.Protocol, frame + 2 * kMacBytes, sizeof(db.Protocol));
  db.MediaHeaderLen = kHeaderBytes;
  db.Type = frame_type(frame);
  command.give(db);
  return PXE_STATCODE_SUCCESS;
}

}  // namespace kedge::uefi
