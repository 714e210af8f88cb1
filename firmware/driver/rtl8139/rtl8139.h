// SPDX-License-Identifier: BSD-2-Clause-Patent
// Rtl8139: Realtek's Fast Ethernet chips RTL8139A to RTL8139D, and RTL8139C+ in the mode of those.
#pragma once

#include "driver/common/copying_nic.h"
#include "driver/native_driver.h"
#include "driver/rtl8139/regs.h"
#include "port/bar_window.h"

namespace kedge::driver {

inline constexpr PciId kRtl8139Ids[] = {{0x10ec, 0x8139}};

class Rtl8139 final : public CopyingNic {
 public:
  /// The receive ring. Not 64 KiB: chips are known to lock up with it.
  static constexpr std::uint32_t kRingBytes = 32 * 1024;

  /// Resets the chip and reads its address; `pci` must outlive the driver.
  /// Errors: nic_no_registers, nic_no_response, nic_reset_timeout, nic_no_mac, base_no_memory.
  static Result<std::unique_ptr<Rtl8139>> create(port::PciDevice& pci) noexcept;
  ~Rtl8139() override { stop(); }

  std::string_view driver_name() const noexcept override { return "rtl8139"; }
  /// Costs a register access: not for every packet.
  link::LinkState link_state() noexcept override;

 private:
  explicit Rtl8139(port::PciDevice& pci, const port::BarWindow& registers) noexcept
      : CopyingNic(pci), registers_(registers) {}

  Result<void> bring_up() noexcept override;
  void halt() noexcept override { (void)reset(); }
  void free_memory() noexcept override { memory_.reset(); }
  std::uint32_t receive(link::Receiver& receiver, std::uint32_t budget) noexcept override;
  ByteSpan transmit_slot() noexcept override;
  void submit(std::uint32_t length) noexcept override;
  void apply_filter() noexcept override;
  bool idle() noexcept override;

  Result<void> identify() noexcept;
  Result<void> reset() noexcept;
  void write_groups() noexcept;
  std::uint32_t take(std::uint32_t available) noexcept;
  void hand_over(link::Receiver& receiver, std::uint32_t length) noexcept;
  void release_ring() noexcept;
  void recycle() noexcept;

  port::BarWindow registers_;
  std::unique_ptr<port::DmaMemory> memory_;  // the ring, then the transmit slots
  std::uint32_t read_ = 0;                   // position in the ring
  std::uint32_t unreleased_ = 0;             // bytes read that the chip does not know of yet
  std::uint32_t unfinished_polls_ = 0;
  std::uint32_t next_slot_ = 0;
  std::uint32_t in_flight_ = 0;
  bool promiscuous_ = true;  // as the chip was started
};

/// NativeDriver::create of this chip. Errors: those of Rtl8139::create.
Result<std::unique_ptr<link::Device>> create_rtl8139(port::PciDevice& pci,
                                                     Consumer consumer) noexcept;
inline constexpr NativeDriver kRtl8139Driver{kRtl8139Ids, create_rtl8139};

}  // namespace kedge::driver
