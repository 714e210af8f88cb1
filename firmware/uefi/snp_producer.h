// SPDX-License-Identifier: BSD-2-Clause-Patent
// SnpProducer: EFI_SIMPLE_NETWORK_PROTOCOL (UEFI 2.10, 24.1) on a device of ours, for the
// firmware's own network stack and for whatever else opens it.
//
// | state       | legal                                       | everything else answers    |
// | Stopped     | Start                                       | NOT_STARTED                |
// | Started     | Initialize, Stop                            | DEVICE_ERROR (Start:       |
// | Initialized | all but Start, Initialize, Stop             |   ALREADY_STARTED)         |
//
// The device runs, and does DMA, only while Initialized, or for some seconds while somebody who
// asks for the link's state before that waits for it. It is told of the receive filters and may
// pass more: ours are exact. After retire() every function answers DEVICE_ERROR and touches
// nothing.
#pragma once

#include <array>
#include <memory>
#include <optional>

#include "link/device.h"
#include "uefi/event.h"
#include "uefi/producer.h"

namespace kedge::uefi {

class SnpProducer final : private link::Receiver {
 public:
  /// Buffers that were sent and wait to be fetched by GetStatus; Transmit answers NOT_READY beyond.
  static constexpr std::size_t kSentMax = 64;
  /// Frames that one call takes from the device while it looks for one that passes the filters.
  static constexpr unsigned kFramesPerCall = 64;
  /// A link that is not there so soon after the device was started may still be negotiated: real
  /// PHYs need two to four seconds (IEEE 802.3, 28.2 and 40.5).
  static constexpr Duration kNegotiation = Duration::seconds(5);

  /// Errors: uefi_event_failed, base_no_memory. `firmware` and `device` must outlive it.
  static Result<std::unique_ptr<SnpProducer>> create(const Firmware& firmware,
                                                     link::Device& device) noexcept;
  /// Stops the device in any state.
  ~SnpProducer();
  SnpProducer(const SnpProducer&) = delete;
  SnpProducer& operator=(const SnpProducer&) = delete;

  EFI_SIMPLE_NETWORK_PROTOCOL* raw() noexcept { return &table_.raw; }
  const EFI_SIMPLE_NETWORK_MODE& mode() const noexcept { return mode_; }
  /// What Adapter Information tells of the link (UEFI 2.10, 11.12): SUCCESS, NO_MEDIA, or NOT_READY
  /// while it may be negotiated, for which edk2 waits. Where a driver cannot tell, there may be a
  /// link. A device that does not run is started for the look; it runs on while it negotiates, for
  /// a new beginning with each look would never end.
  Result<EFI_STATUS> media_state() noexcept;
  /// Nobody uses it any more, shut down or not: back to the state of the beginning.
  void abandon() noexcept;
  /// An operating system takes over: silences the device. No allocation, no boot service.
  void retire() noexcept;

  bool retired() const noexcept { return retired_; }
  /// Of all protocols of this NIC. NOTIFY: WaitForPacket's function runs there, and some callers
  /// do.
  ProducerRules rules() const noexcept { return {.level = TPL_NOTIFY, .retired = &retired_}; }
  const Firmware& firmware() const noexcept { return firmware_; }

 private:
  friend class Undi;  // another face of the same states, filters and queues
  SnpProducer(const Firmware& firmware, link::Device& device) noexcept;

  EFI_STATUS start() noexcept;
  EFI_STATUS stop() noexcept;
  EFI_STATUS initialize(UINTN extra_receive, UINTN extra_transmit) noexcept;
  EFI_STATUS reset(BOOLEAN extended) noexcept;
  EFI_STATUS shutdown() noexcept;
  EFI_STATUS receive_filters(UINT32 enable, UINT32 disable, BOOLEAN reset_multicast, UINTN count,
                             EFI_MAC_ADDRESS* addresses) noexcept;
  EFI_STATUS station_address(BOOLEAN reset, EFI_MAC_ADDRESS* address) noexcept;
  EFI_STATUS statistics(BOOLEAN reset, UINTN* size, EFI_NETWORK_STATISTICS* table) noexcept;
  EFI_STATUS multicast_ip_to_mac(BOOLEAN is_ipv6, EFI_IP_ADDRESS* ip,
                                 EFI_MAC_ADDRESS* mac) noexcept;
  EFI_STATUS nv_data(BOOLEAN read, UINTN offset, UINTN size, void* buffer) noexcept;
  EFI_STATUS get_status(UINT32* interrupts, void** sent_buffer) noexcept;
  EFI_STATUS transmit(UINTN header_bytes, UINTN bytes, void* buffer, EFI_MAC_ADDRESS* source,
                      EFI_MAC_ADDRESS* destination, UINT16* protocol) noexcept;
  EFI_STATUS receive_packet(UINTN* header_bytes, UINTN* bytes, void* buffer,
                            EFI_MAC_ADDRESS* source, EFI_MAC_ADDRESS* destination,
                            UINT16* protocol) noexcept;
  static void wait_for_packet(EFI_EVENT event, void* context) noexcept;
  static void negotiation_ends(EFI_EVENT event, void* context) noexcept;

  /// none: the device has not been started. over: it has had its time.
  enum class Negotiation : std::uint8_t { none, running, over };

  void fill_table() noexcept;
  EFI_STATUS need_initialized() const noexcept;
  EFI_STATUS bring_up() noexcept;
  Result<void> run_device() noexcept;
  void take_down() noexcept;
  void clear_filters() noexcept;
  /// All must be multicast, and not too many.
  void set_multicast_list(const EFI_MAC_ADDRESS* addresses, UINTN count) noexcept;
  void change_filters(UINT32 enable, UINT32 disable) noexcept;
  /// Tells the device of them.
  void apply_filters() noexcept;
  /// Makes sure that received_ holds a frame, if the device has one that passes.
  bool fetch() noexcept;
  /// Copies what fits of received_, which must be there, and gives it back.
  void take_frame(void* out, std::size_t space) noexcept;
  void receive(link::Frame frame) noexcept override;
  bool passes(const wire::MacAddress& destination) const noexcept;
  bool is_in_multicast_list(const wire::MacAddress& destination) const noexcept;
  void count_received(const wire::MacAddress& destination, std::uint32_t bytes) noexcept;
  void update_media() noexcept;

  const Firmware& firmware_;
  link::Device& device_;
  ProducerTable<EFI_SIMPLE_NETWORK_PROTOCOL, SnpProducer> table_;
  EFI_SIMPLE_NETWORK_MODE mode_{};
  EFI_NETWORK_STATISTICS statistics_{};  // what the drivers do not count stays zero
  Event wait_event_;
  std::optional<link::Frame> received_;  // passed the filters, not yet fetched
  std::array<void*, kSentMax> sent_{};   // a ring
  std::size_t sent_first_ = 0;
  std::size_t sent_count_ = 0;
  UINT32 interrupts_ = 0;
  Negotiation negotiation_ = Negotiation::none;
  bool retired_ = false;
  Event negotiation_timer_;
};

}  // namespace kedge::uefi
