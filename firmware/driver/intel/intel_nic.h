// SPDX-License-Identifier: BSD-2-Clause-Patent
// IntelNic: Intel's gigabit controllers, one driver for the families of chip.h. The folders e1000,
// e1000e and igb say which functions are which.
#pragma once

#include "driver/intel/receive_ring.h"
#include "driver/intel/transmit_ring.h"
#include "driver/native_driver.h"

namespace kedge::driver::intel {

class IntelNic final : public link::Device {
 public:
  struct Options {
    /// Memory of buffers beyond those in the ring: what the stack may hold before frames are copied
    /// for it.
    std::uint32_t spare_bytes = kSpareBytes;
  };
  static constexpr std::uint32_t kSpareBytes = 4 * 1024 * 1024;

  /// Resets the chip and reads its address; it is left with bus mastering off. `pci` must outlive
  /// the driver and all frames that it delivers. Errors: nic_no_registers, nic_no_response,
  /// nic_reset_timeout, nic_no_mac, base_no_memory, those of PciDevice::enable.
  static Result<std::unique_ptr<IntelNic>> create(port::PciDevice& pci, const Chip& chip,
                                                  const Options& options) noexcept;
  ~IntelNic() override;

  std::string_view driver_name() const noexcept override { return chip_.name; }
  wire::MacAddress mac() const noexcept override { return mac_; }
  std::uint16_t mtu() const noexcept override { return 1500; }
  link::Capabilities capabilities() const noexcept override;
  /// Costs two register accesses: not for every packet.
  link::LinkState link_state() noexcept override;
  const link::Statistics& statistics() const noexcept override { return statistics_; }

  Result<void> start() noexcept override;
  void stop() noexcept override;
  void quiesce() noexcept override;
  std::uint32_t poll(link::Receiver& receiver, std::uint32_t budget) noexcept override;
  Result<void> transmit(std::span<const ByteView> pieces,
                        link::TransmitInfo info) noexcept override;
  void set_receive_filter(const link::ReceiveFilter& filter) noexcept override;

 private:
  enum class State : std::uint8_t { stopped, running, broken };

  IntelNic(port::PciDevice& pci, const Chip& chip, const Options& options) noexcept
      : chip_(chip),
        pci_(pci),
        registers_(pci, kRegisterBar, 0, kRegisterBytes),
        receive_(chip),
        transmit_(chip),
        options_(options) {}

  Result<void> reset() noexcept;
  Result<void> read_address() noexcept;
  bool read_eeprom(std::uint16_t word, std::uint16_t& value) noexcept;
  bool access_phy(std::uint32_t command, std::uint16_t& value) noexcept;
  void negotiate_link() noexcept;
  Result<void> bring_up() noexcept;
  void write_address() noexcept;
  void write_group_words(const link::ReceiveFilter& of) noexcept;
  void write_receive_control() noexcept;
  Result<void> enable_queue(RingRegs ring) noexcept;
  void hush() noexcept;
  void silence() noexcept;
  void give_up(Fault fault) noexcept;
  void flush_transmit() noexcept;

  const Chip& chip_;
  port::PciDevice& pci_;
  port::BarWindow registers_;
  ReceiveRing receive_;
  TransmitRing transmit_;
  Options options_;
  link::Statistics statistics_;
  link::ReceiveFilter filter_;
  wire::MacAddress mac_;
  State state_ = State::stopped;
  Fault fault_ = Fault::none;
  bool polling_ = false;
};

/// NativeDriver::create for one family. Errors: those of IntelNic::create.
Result<std::unique_ptr<link::Device>> create_intel_nic(port::PciDevice& pci, const Chip& chip,
                                                       Consumer consumer) noexcept;

}  // namespace kedge::driver::intel
