// SPDX-License-Identifier: BSD-2-Clause-Patent
// I8255x: Intel's 82557, 82558, 82559, 82550, 82551, 82562 and the LAN controllers of its chipsets.
#pragma once

#include "driver/common/copying_nic.h"
#include "driver/i8255x/regs.h"
#include "driver/native_driver.h"
#include "port/bar_window.h"

namespace kedge::driver {

inline constexpr PciId kI8255xIds[] = {
    {0x8086, 0x1209},  // 82559ER, 82551IT; QEMU: i82550, i82551, i82559er, i82562
    {0x8086, 0x1229},  // 82557, 82558, 82559; QEMU: i82557a to i82559c
    {0x8086, 0x2449},  // 82801BA's; QEMU: i82801
};

class I8255x final : public CopyingNic {
 public:
  static constexpr std::uint32_t kReceiveFrames = 64;
  static constexpr std::uint32_t kCommandBlocks = 32;
  /// A descriptor or a command block with its frame.
  static constexpr std::uint32_t kSlotBytes = 1536;
  static constexpr std::uint32_t kBufferBytes = kSlotBytes - 16;
  static_assert(kBufferBytes >= kFrameBytesMax);

  /// Resets the chip and reads its address; `pci` must outlive the driver.
  /// Errors: nic_no_registers, nic_no_response, nic_no_mac, base_no_memory.
  static Result<std::unique_ptr<I8255x>> create(port::PciDevice& pci) noexcept;
  ~I8255x() override { stop(); }

  std::string_view driver_name() const noexcept override { return "i8255x"; }
  /// Asks the PHY, which takes up to 64 us: not for every packet.
  link::LinkState link_state() noexcept override;

 private:
  I8255x(port::PciDevice& pci, const port::BarWindow& registers) noexcept
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
  Result<void> configure() noexcept;
  bool command(std::uint8_t code, std::uint32_t pointer) noexcept;
  bool take(link::Receiver& receiver, std::uint32_t place) noexcept;
  void recycle() noexcept;
  void keep_going(std::uint16_t status) noexcept;
  std::uint32_t completed_frames(std::uint32_t limit) const noexcept;
  void append_command(std::uint16_t code) noexcept;
  void append_configuration() noexcept;
  void append_groups() noexcept;
  void send_filter() noexcept;
  ByteSpan parameters() const noexcept;
  std::size_t block_offset(std::uint32_t number) const noexcept;
  i8255x::CommandBlock& block(std::uint32_t number) const noexcept;
  i8255x::ReceiveFrame& frame(std::uint32_t place) const noexcept;
  std::uint32_t address(std::size_t offset) const noexcept {
    return static_cast<std::uint32_t>(memory_->device(offset));
  }

  port::BarWindow registers_;
  std::unique_ptr<port::DmaMemory> memory_;  // receive frames, then command blocks
  std::uint32_t next_frame_ = 0;
  // Counters that run freely; a block's place is the remainder.
  std::uint32_t sent_ = 0;
  std::uint32_t shown_ = 0;  // the chip was told of
  std::uint32_t done_ = 0;
  bool filter_wanted_ = false;  // once there is room for its commands
};

/// NativeDriver::create of these chips. Errors: those of I8255x::create.
Result<std::unique_ptr<link::Device>> create_i8255x(port::PciDevice& pci,
                                                    Consumer consumer) noexcept;
inline constexpr NativeDriver kI8255xDriver{kI8255xIds, create_i8255x};

}  // namespace kedge::driver
