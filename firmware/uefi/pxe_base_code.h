// SPDX-License-Identifier: BSD-2-Clause-Patent
// PxeBaseCode: EFI_PXE_BASE_CODE_PROTOCOL (UEFI 2.10, 24.3) over a PxeBackend, for IPv4.
//
// Each function first checks its parameters, then whether it is started (as edk2 does), then does
// its work. Functions run at the caller's TPL and block; while one works, a call from a callback
// or a timer to another that would touch the network answers DEVICE_ERROR. After retire() every
// function answers DEVICE_ERROR and touches nothing.
#pragma once

#include <optional>

#include "uefi/producer.h"
#include "uefi/pxe_backend.h"

namespace kedge::uefi {

class PxeBaseCode final {
 public:
  /// How long UdpRead and Arp wait.
  static constexpr Duration kUdpWait = Duration::seconds(3);
  static constexpr Duration kArpWait = Duration::seconds(3);

  /// `backend` must outlive it. Large: to be created on the heap.
  PxeBaseCode(const Firmware& firmware, PxeBackend& backend) noexcept;
  PxeBaseCode(const PxeBaseCode&) = delete;
  PxeBaseCode& operator=(const PxeBaseCode&) = delete;

  EFI_PXE_BASE_CODE_PROTOCOL* raw() noexcept { return &table_.raw; }
  const EFI_PXE_BASE_CODE_MODE& mode() const noexcept { return mode_; }
  /// The handle that carries the protocol: callbacks are looked for there.
  void set_handle(Handle handle) noexcept { handle_ = handle; }
  /// Starts it with a lease that is there already.
  void adopt(const PxeLease& lease) noexcept;
  /// An operating system takes over, or the image has ended.
  void retire() noexcept { retired_ = true; }

 private:
  class Watch;
  class Busy;
  using Ip = EFI_IP_ADDRESS;
  using Port = EFI_PXE_BASE_CODE_UDP_PORT;
  using Packet = EFI_PXE_BASE_CODE_PACKET;

  // pxe_base_code.cpp
  EFI_STATUS start(BOOLEAN use_ipv6) noexcept;
  EFI_STATUS stop() noexcept;
  EFI_STATUS set_ip_filter(EFI_PXE_BASE_CODE_IP_FILTER* filter) noexcept;
  EFI_STATUS arp(Ip* ip, EFI_MAC_ADDRESS* mac) noexcept;
  EFI_STATUS set_parameters(BOOLEAN* auto_arp, BOOLEAN* send_guid, UINT8* time_to_live,
                            UINT8* type_of_service, BOOLEAN* make_callback) noexcept;
  EFI_STATUS set_station_ip(Ip* address, Ip* mask) noexcept;
  EFI_STATUS set_packets(BOOLEAN* discover_valid, BOOLEAN* ack_received, BOOLEAN* proxy_received,
                         BOOLEAN* pxe_discover_valid, BOOLEAN* pxe_reply_received,
                         BOOLEAN* pxe_bis_reply_received, Packet* discover, Packet* ack,
                         Packet* proxy_offer, Packet* pxe_discover, Packet* pxe_reply,
                         Packet* pxe_bis_reply) noexcept;
  // pxe_base_code_boot.cpp
  EFI_STATUS dhcp(BOOLEAN sort_offers) noexcept;
  EFI_STATUS discover(UINT16 type, UINT16* layer, BOOLEAN use_bis,
                      EFI_PXE_BASE_CODE_DISCOVER_INFO* info) noexcept;
  EFI_STATUS mtftp(EFI_PXE_BASE_CODE_TFTP_OPCODE operation, void* buffer, BOOLEAN overwrite,
                   UINT64* buffer_bytes, UINTN* block_bytes, Ip* server, UINT8* name,
                   EFI_PXE_BASE_CODE_MTFTP_INFO* info, BOOLEAN without_buffer) noexcept;
  // pxe_base_code_udp.cpp
  EFI_STATUS udp_write(UINT16 flags, Ip* destination, Port* destination_port, Ip* gateway,
                       Ip* source, Port* source_port, UINTN* header_bytes, void* header,
                       UINTN* buffer_bytes, void* buffer) noexcept;
  EFI_STATUS udp_read(UINT16 flags, Ip* destination, Port* destination_port, Ip* source,
                      Port* source_port, UINTN* header_bytes, void* header, UINTN* buffer_bytes,
                      void* buffer) noexcept;

  void fill_table() noexcept;
  /// The image's, if it has installed one.
  EFI_PXE_BASE_CODE_CALLBACK_PROTOCOL* callback() const noexcept;
  void set_defaults() noexcept;
  void use_configuration(const net::Ipv4Configuration& configuration) noexcept;
  void receive_station_only() noexcept;
  /// Makes the interface do what the mode says; not while a function works.
  void apply_mode() noexcept;
  void settle_mode() noexcept;
  bool passes_filter(wire::Ipv4Address destination) const noexcept;
  bool is_read(UINT16 flags, wire::Ipv4Address wanted,
               wire::Ipv4Address destination) const noexcept;
  void remember_neighbour(wire::Ipv4Address ip, const wire::MacAddress& mac) noexcept;
  Result<PxeSearch> search_in_packets(UINT16 type, UINT16 layer) noexcept;
  Result<PxeSearch> search_for(UINT16 type, UINT16 layer,
                               const EFI_PXE_BASE_CODE_DISCOVER_INFO* info) noexcept;
  EFI_STATUS transfer_status(const Result<void>& done,
                             const std::optional<PxeServerError>& refusal) noexcept;
  EFI_STATUS write_file(const PxeFile& file, ByteView content, Watch& watch) noexcept;
  EFI_STATUS find_size(const PxeFile& file, UINT64& bytes, Watch& watch) noexcept;
  EFI_STATUS read_file(const PxeFile& file, ByteSpan buffer, bool without_buffer, UINT64& bytes,
                       Watch& watch) noexcept;
  EFI_STATUS give_datagram(const PxeDatagram& datagram, UINTN* header_bytes, void* header,
                           UINTN* buffer_bytes, void* buffer) noexcept;
  wire::Ipv4Address station() const noexcept;
  /// What the caller is told of an error; ICMP's are kept in the mode.
  EFI_STATUS status_of(const Error& error) noexcept;

  const Firmware& firmware_;
  PxeBackend& backend_;
  ProducerTable<EFI_PXE_BASE_CODE_PROTOCOL, PxeBaseCode> table_;
  EFI_PXE_BASE_CODE_MODE mode_{};
  Handle handle_;
  bool busy_ = false;
  bool mode_changed_ = false;  // not yet told to the interface
  bool retired_ = false;
};

}  // namespace kedge::uefi
