// SPDX-License-Identifier: BSD-2-Clause-Patent
// Pcnet: AMD's PCnet-PCI family (Am79C970A to Am79C975).
#pragma once

#include "driver/common/copying_nic.h"
#include "driver/native_driver.h"
#include "driver/pcnet/regs.h"
#include "port/bar_window.h"

namespace kedge::driver {

inline constexpr PciId kPcnetIds[] = {{0x1022, 0x2000}};

class Pcnet final : public CopyingNic {
 public:
  static constexpr std::uint32_t kReceiveDescriptors = 256;
  static constexpr std::uint32_t kTransmitDescriptors = 64;
  /// Polls without a frame after which the chip is asked whether it is well.
  static constexpr std::uint32_t kIdlePollsMax = 256;

  /// Resets the chip and reads its address; `pci` must outlive the driver.
  /// Errors: nic_no_registers, nic_no_response, nic_reset_timeout, nic_no_mac, base_no_memory.
  static Result<std::unique_ptr<Pcnet>> create(port::PciDevice& pci) noexcept;
  ~Pcnet() override { stop(); }

  std::string_view driver_name() const noexcept override { return "pcnet"; }
  /// Costs register accesses: not for every packet.
  link::LinkState link_state() noexcept override;

 private:
  explicit Pcnet(port::PciDevice& pci, const port::BarWindow& registers) noexcept
      : CopyingNic(pci), registers_(registers) {}

  Result<void> bring_up() noexcept override;
  void halt() noexcept override;
  void free_memory() noexcept override { memory_.reset(); }
  std::uint32_t receive(link::Receiver& receiver, std::uint32_t budget) noexcept override;
  ByteSpan transmit_slot() noexcept override;
  void submit(std::uint32_t length) noexcept override;
  void flush() noexcept override;
  void apply_filter() noexcept override;
  bool idle() noexcept override;

  Result<void> identify() noexcept;
  Result<void> reset() noexcept;
  Result<void> initialize() noexcept;
  bool suspend() noexcept;
  std::uint16_t mode() const noexcept;
  void lay_out() noexcept;
  bool take(link::Receiver& receiver, const pcnet::Descriptor& descriptor, std::uint32_t flags,
            std::uint32_t index) noexcept;
  void recycle() noexcept;
  void check_health() noexcept;
  void count_missed() noexcept;

  std::uint16_t read_csr(std::uint32_t number) noexcept;
  void write_csr(std::uint32_t number, std::uint16_t value) noexcept;
  std::uint16_t read_bcr(std::uint32_t number) noexcept;
  void write_bcr(std::uint32_t number, std::uint16_t value) noexcept;

  std::uint32_t address(std::size_t offset) const noexcept;
  pcnet::Descriptor& receive_descriptor(std::uint32_t index) noexcept;
  pcnet::Descriptor& transmit_descriptor(std::uint32_t index) noexcept;
  ByteSpan receive_buffer(std::uint32_t index) const noexcept;
  ByteSpan transmit_buffer(std::uint32_t index) const noexcept;

  port::BarWindow registers_;
  std::unique_ptr<port::DmaMemory> memory_;  // rings, init block, buffers
  std::uint32_t next_receive_ = 0;
  std::uint32_t next_transmit_ = 0;
  std::uint32_t in_flight_ = 0;
  std::uint32_t idle_polls_ = 0;
  std::uint16_t missed_ = 0;  // what the chip's counter was
  bool demand_ = false;       // descriptors that the chip was not told of
};

/// NativeDriver::create of this chip. Errors: those of Pcnet::create.
Result<std::unique_ptr<link::Device>> create_pcnet(port::PciDevice& pci,
                                                   Consumer consumer) noexcept;
inline constexpr NativeDriver kPcnetDriver{kPcnetIds, create_pcnet};

}  // namespace kedge::driver
