// SPDX-License-Identifier: BSD-2-Clause-Patent
// SnpDevice: any NIC that the firmware drives, through EFI_SIMPLE_NETWORK_PROTOCOL
// (UEFI 2.10, 24.1).
//
// Quirks of firmware drivers that it knows (edk2-reference 2.9): filters are disabled before they
// are enabled, because some drivers receive nothing otherwise; completions are asked for even when
// none is due, because some transmit rings freeze otherwise; a missing link right after Initialize
// is asked for again; short frames are padded; a driver that lost our transmit buffers is
// restarted; Wi-Fi drivers are never stopped, because they would lose their association.
#pragma once

#include <array>
#include <memory>

#include "base/time.h"
#include "uefi/protocol.h"
#include "uefi/snp_pool.h"

namespace kedge::uefi {

class SnpDevice final : public link::Device {
 public:
  /// Takes the protocol on `handle` as its driver; firmware drivers above it are disconnected.
  /// Errors: uefi_open_failed, uefi_protocol_missing, uefi_snp_not_ethernet, base_no_memory.
  static Result<std::unique_ptr<SnpDevice>> open(const Firmware& firmware, Clock& clock,
                                                 port::Pages& pages, Handle handle) noexcept;
  ~SnpDevice() override { stop(); }

  std::string_view driver_name() const noexcept override { return "SNP"; }
  wire::MacAddress mac() const noexcept override { return mac_; }
  std::uint16_t mtu() const noexcept override { return mtu_; }
  link::Capabilities capabilities() const noexcept override { return {}; }
  link::LinkState link_state() noexcept override;
  const link::Statistics& statistics() const noexcept override { return statistics_; }
  /// Errors: uefi_snp_start.
  Result<void> start() noexcept override;
  void stop() noexcept override;
  /// Does nothing but remember: the firmware's driver silences its hardware itself, and calling it
  /// from ExitBootServices has crashed machines (edk2 issues 8063, 9911).
  void quiesce() noexcept override { running_ = false; }
  std::uint32_t poll(link::Receiver& receiver, std::uint32_t budget) noexcept override;
  Result<void> transmit(std::span<const ByteView> pieces,
                        link::TransmitInfo info) noexcept override;

  Handle handle() const noexcept { return snp_.handle(); }

 private:
  static constexpr std::size_t kTransmitBuffers = 32;

  struct TransmitBuffer {
    std::byte* memory = nullptr;
    bool in_flight = false;
  };

  SnpDevice(Clock& clock, Driven<EFI_SIMPLE_NETWORK_PROTOCOL> snp, bool keep_associated) noexcept;
  Result<void> prepare(port::Pages& pages) noexcept;
  Result<void> initialize() noexcept;
  void set_filters() noexcept;
  void ask_status() noexcept;
  void restart_when_stuck() noexcept;
  TransmitBuffer* free_buffer() noexcept;

  Clock& clock_;
  Driven<EFI_SIMPLE_NETWORK_PROTOCOL> snp_;
  bool keep_associated_;
  wire::MacAddress mac_;
  std::uint16_t mtu_ = 0;
  std::uint32_t state_before_ = EfiSimpleNetworkStopped;
  bool running_ = false;
  link::Statistics statistics_;

  ReceivePool::Owner receive_pool_;
  link::Segment* spare_ = nullptr;  // taken from the pool and not filled yet
  PageBlock transmit_memory_;
  std::size_t transmit_buffer_bytes_ = 0;
  std::array<TransmitBuffer, kTransmitBuffers> transmit_buffers_;
  std::size_t in_flight_ = 0;
  std::size_t in_flight_max_ = kTransmitBuffers;
  bool refused_ = false;  // a frame since the last completion
  Instant last_status_;
  Instant last_completion_;
};

}  // namespace kedge::uefi
