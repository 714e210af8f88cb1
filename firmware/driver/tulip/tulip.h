// SPDX-License-Identifier: BSD-2-Clause-Patent
// Tulip: DEC's 21143 Fast Ethernet controller.
#pragma once

#include "driver/common/copying_nic.h"
#include "driver/native_driver.h"
#include "driver/tulip/regs.h"
#include "port/bar_window.h"

namespace kedge::driver {

inline constexpr PciId kTulipIds[] = {{0x1011, 0x0019}};

class Tulip final : public CopyingNic {
 public:
  static constexpr std::uint32_t kReceiveEntries = 64;
  static constexpr std::uint32_t kTransmitEntries = 32;
  static constexpr std::uint32_t kBufferBytes = 1536;

  /// Resets the chip and reads its address; `pci` must outlive the driver.
  /// Errors: nic_no_registers, nic_no_response, nic_no_mac, base_no_memory.
  static Result<std::unique_ptr<Tulip>> create(port::PciDevice& pci) noexcept;
  ~Tulip() override { stop(); }

  std::string_view driver_name() const noexcept override { return "tulip"; }
  /// Not known while the chip runs: it depends on the card how its media are to be asked.
  link::LinkState link_state() noexcept override {
    return running() ? link::LinkState::unknown : link::LinkState::down;
  }

 private:
  Tulip(port::PciDevice& pci, const port::BarWindow& registers) noexcept
      : CopyingNic(pci), registers_(registers) {}

  Result<void> bring_up() noexcept override;
  void halt() noexcept override;
  void free_memory() noexcept override { memory_.reset(); }
  std::uint32_t receive(link::Receiver& receiver, std::uint32_t budget) noexcept override;
  ByteSpan transmit_slot() noexcept override;
  void submit(std::uint32_t length) noexcept override;
  void flush() noexcept override;
  void apply_filter() noexcept override;

  Result<void> identify() noexcept;
  void send_setup() noexcept;
  void write_mode() noexcept;
  void hand_over(std::uint32_t control) noexcept;
  bool take(link::Receiver& receiver, std::uint32_t place, std::uint32_t status) noexcept;
  void recycle() noexcept;
  void count_missed() noexcept;
  tulip::Descriptor& receive_descriptor(std::uint32_t place) const noexcept;
  tulip::Descriptor& transmit_descriptor(std::uint32_t number) const noexcept;

  port::BarWindow registers_;
  std::unique_ptr<port::DmaMemory> memory_;  // both lists, then their buffers
  std::uint32_t next_receive_ = 0;
  // Counters that run freely; a descriptor's place is the remainder.
  std::uint32_t sent_ = 0;
  std::uint32_t shown_ = 0;  // the chip was told of
  std::uint32_t done_ = 0;
  std::uint32_t setup_ = 0;    // the last setup frame
  bool setup_wanted_ = false;  // once there is room for it
  bool setup_sent_ = false;    // and not done
};

/// NativeDriver::create of this chip. Errors: those of Tulip::create.
Result<std::unique_ptr<link::Device>> create_tulip(port::PciDevice& pci,
                                                   Consumer consumer) noexcept;
inline constexpr NativeDriver kTulipDriver{kTulipIds, create_tulip};

}  // namespace kedge::driver
