// SPDX-License-Identifier: BSD-2-Clause-Patent
// Rtl8139Cplus: Realtek's RTL8139C+, with rings of descriptors and checksum offload.
#pragma once

#include "driver/common/copying_nic.h"
#include "driver/native_driver.h"
#include "driver/rtl8139/chip.h"

namespace kedge::driver {

class Rtl8139Cplus final : public CopyingNic {
 public:
  static constexpr std::uint32_t kEntries = rtl8139::kCplusEntriesMax;  // of each ring
  static constexpr std::uint32_t kBufferBytes = 1536;

  /// Resets the chip and reads its address; `pci` must outlive the driver.
  /// Errors: nic_no_registers, nic_no_response, nic_reset_timeout, nic_no_mac, base_no_memory.
  static Result<std::unique_ptr<Rtl8139Cplus>> create(port::PciDevice& pci) noexcept;
  ~Rtl8139Cplus() override { stop(); }

  std::string_view driver_name() const noexcept override { return "rtl8139"; }
  link::Capabilities capabilities() const noexcept override {
    return {.receive_checksum = true, .transmit_checksum = true};
  }
  /// Costs a register access: not for every packet.
  link::LinkState link_state() noexcept override;

 private:
  Rtl8139Cplus(port::PciDevice& pci, const port::BarWindow& registers) noexcept
      : CopyingNic(pci), registers_(registers) {}

  Result<void> bring_up() noexcept override;
  void halt() noexcept override { (void)rtl8139::reset(pci_, registers_); }
  void free_memory() noexcept override { memory_.reset(); }
  std::uint32_t receive(link::Receiver& receiver, std::uint32_t budget) noexcept override;
  ByteSpan transmit_slot() noexcept override;
  void request_checksum(link::TransmitInfo info) noexcept override { checksum_ = info; }
  void submit(std::uint32_t length) noexcept override;
  void flush() noexcept override;

  void describe_rings() noexcept;
  bool take(link::Receiver& receiver, std::uint32_t place, std::uint32_t status) noexcept;
  void recycle() noexcept;
  rtl8139::CplusDescriptor& receive_descriptor(std::uint32_t place) const noexcept;
  rtl8139::CplusDescriptor& transmit_descriptor(std::uint32_t number) const noexcept;

  port::BarWindow registers_;
  std::unique_ptr<port::DmaMemory> memory_;  // both rings, then their buffers
  link::TransmitInfo checksum_;              // that the next frame wants
  std::uint32_t next_receive_ = 0;
  // Counters that run freely; a descriptor's place is the remainder.
  std::uint32_t sent_ = 0;
  std::uint32_t shown_ = 0;  // the chip was told of
  std::uint32_t done_ = 0;
};

}  // namespace kedge::driver
