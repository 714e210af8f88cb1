// SPDX-License-Identifier: BSD-2-Clause-Patent
// Ne2kPci: Realtek's RTL8029(AS), an NE2000 on PCI. The processor moves every byte.
#pragma once

#include "driver/common/copying_nic.h"
#include "driver/native_driver.h"
#include "driver/ne2k_pci/read_ahead.h"
#include "driver/ne2k_pci/regs.h"
#include "port/bar_window.h"

namespace kedge::driver {

inline constexpr PciId kNe2kPciIds[] = {{0x10ec, 0x8029}};

class Ne2kPci final : public CopyingNic {
 public:
  /// Resets the chip and reads its address; `pci` must outlive the driver.
  /// Errors: nic_no_registers, nic_no_response, nic_reset_timeout, nic_no_mac, base_no_memory.
  static Result<std::unique_ptr<Ne2kPci>> create(port::PciDevice& pci) noexcept;
  ~Ne2kPci() override { stop(); }

  std::string_view driver_name() const noexcept override { return "ne2k_pci"; }
  /// Unknown while the chip answers: it does not tell. Costs register accesses.
  link::LinkState link_state() noexcept override;

 private:
  explicit Ne2kPci(port::PciDevice& pci, const port::BarWindow& registers) noexcept
      : CopyingNic(pci), registers_(registers) {}

  Result<void> bring_up() noexcept override;
  void halt() noexcept override;
  void free_memory() noexcept override { ahead_.clear(); }
  std::uint32_t receive(link::Receiver& receiver, std::uint32_t budget) noexcept override;
  ByteSpan transmit_slot() noexcept override;
  void submit(std::uint32_t length) noexcept override;
  void apply_filter() noexcept override;

  Result<void> identify() noexcept;
  Result<void> reset() noexcept;
  void write_groups() noexcept;
  void write_receive_config() noexcept;
  void look() noexcept;
  void drain() noexcept;
  void take(std::uint32_t available) noexcept;
  void read_frame(std::uint32_t length) noexcept;
  void begin_overflow() noexcept;
  void end_overflow() noexcept;
  void finish_transmission(std::uint8_t events) noexcept;
  void send(std::uint8_t buffer, std::uint32_t length) noexcept;

  void set_up_remote(std::uint32_t address, std::uint32_t bytes, std::uint8_t direction) noexcept;
  void read_memory(std::uint32_t address, std::span<std::uint32_t> values) noexcept;
  void write_memory(std::uint32_t address, std::span<const std::uint32_t> values) noexcept;

  port::BarWindow registers_;
  /// One frame on its way from or to the chip, with the header of the ring.
  std::array<std::uint32_t, ne2k::kTransmitPages * ne2k::kPageBytes / 4> frame_{};
  ReadAhead ahead_;
  std::uint32_t queued_bytes_ = 0;  // of the frame that waits in the other transmit buffer
  std::uint8_t next_page_ = 0;      // where the next frame begins
  std::uint8_t sending_buffer_ = 0;
  bool sending_ = false;
  bool pending_ = false;  // frames that the last poll left in the ring
  bool looped_ = false;   // in the middle of an overflow
};

/// NativeDriver::create of this chip. Errors: those of Ne2kPci::create.
Result<std::unique_ptr<link::Device>> create_ne2k_pci(port::PciDevice& pci,
                                                      Consumer consumer) noexcept;
inline constexpr NativeDriver kNe2kPciDriver{kNe2kPciIds, create_ne2k_pci};

}  // namespace kedge::driver
