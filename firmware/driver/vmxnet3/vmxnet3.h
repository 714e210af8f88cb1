// SPDX-License-Identifier: BSD-2-Clause-Patent
// Vmxnet3: the paravirtual network device of VMware, which QEMU has, too.
#pragma once

#include "driver/common/copying_nic.h"
#include "driver/native_driver.h"
#include "driver/vmxnet3/regs.h"
#include "port/bar_window.h"

namespace kedge::driver {

inline constexpr PciId kVmxnet3Ids[] = {{0x15ad, 0x07b0}};

class Vmxnet3 final : public CopyingNic {
 public:
  static constexpr std::uint32_t kRxEntries = 256;
  static constexpr std::uint32_t kTxEntries = 64;
  static constexpr std::uint32_t kBufferBytes = 2048;
  /// Ring 1 takes the rest of frames over several buffers; it stays empty, but must exist.
  static constexpr std::uint32_t kRx1Entries = vmxnet3::kRingSizeStep;
  static constexpr std::uint32_t kRxCompEntries = kRxEntries + kRx1Entries;

  /// Agrees on the revision, resets the device and reads its address; `pci` must outlive the
  /// driver. Errors: nic_no_registers, nic_no_response, nic_no_mac, base_no_memory.
  /// nic_no_registers is also for a device without revision 1; its detail are the revisions that it
  /// has.
  static Result<std::unique_ptr<Vmxnet3>> create(port::PciDevice& pci) noexcept;
  ~Vmxnet3() override { stop(); }

  std::string_view driver_name() const noexcept override { return "vmxnet3"; }
  link::Capabilities capabilities() const noexcept override {
    return {.receive_checksum = true, .transmit_checksum = true};
  }
  /// Costs register accesses only after an event that the device reports in memory.
  link::LinkState link_state() noexcept override;

 private:
  Vmxnet3(port::PciDevice& pci, const port::BarWindow& pt, const port::BarWindow& vd) noexcept
      : CopyingNic(pci), pt_(pt), vd_(vd) {}

  Result<void> bring_up() noexcept override;
  void halt() noexcept override;
  void free_memory() noexcept override;
  std::uint32_t receive(link::Receiver& receiver, std::uint32_t budget) noexcept override;
  ByteSpan transmit_slot() noexcept override;
  void request_checksum(link::TransmitInfo info) noexcept override { checksum_ = info; }
  void submit(std::uint32_t length) noexcept override;
  void flush() noexcept override;
  void apply_filter() noexcept override;

  Result<void> identify() noexcept;
  Result<void> agree_on_revision() noexcept;
  std::uint32_t command(std::uint32_t code) noexcept;
  void describe() noexcept;
  void describe_filter() noexcept;
  void refill() noexcept;
  bool accept(link::Receiver& receiver, const vmxnet3::Completion& entry) noexcept;
  void recycle() noexcept;
  void ask_for_link() noexcept;

  port::BarWindow pt_;
  port::BarWindow vd_;
  std::unique_ptr<port::DmaMemory> shared_;   // DriverShared, queue descriptors, rings
  std::unique_ptr<port::DmaMemory> buffers_;  // of receive descriptors, then of transmit ones
  // Counters that run freely; their place in a ring is the remainder, their lap the generation.
  std::uint32_t rx_posted_ = 0;
  std::uint32_t rx_done_ = 0;
  std::uint32_t rx_completions_ = 0;  // no power of two: wraps after two laps
  std::uint32_t tx_sent_ = 0;
  std::uint32_t tx_shown_ = 0;  // the device was told of
  std::uint32_t tx_done_ = 0;
  std::uint32_t tx_completions_ = 0;
  link::TransmitInfo checksum_;  // of the next frame
  link::LinkState link_ = link::LinkState::unknown;
};

/// NativeDriver::create of this device. Errors: those of Vmxnet3::create.
Result<std::unique_ptr<link::Device>> create_vmxnet3(port::PciDevice& pci,
                                                     Consumer consumer) noexcept;
inline constexpr NativeDriver kVmxnet3Driver{kVmxnet3Ids, create_vmxnet3};

}  // namespace kedge::driver
