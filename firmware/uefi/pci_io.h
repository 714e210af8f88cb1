// SPDX-License-Identifier: BSD-2-Clause-Patent
// PciFunction: port::PciDevice over EFI_PCI_IO_PROTOCOL (UEFI 2.10, 14.4).
#pragma once

#include <array>
#include <optional>

#include "base/format.h"
#include "driver/pci_id.h"
#include "port/pci_device.h"
#include "uefi/protocol.h"

namespace kedge::uefi {

class PciFunction final : public port::PciDevice {
 public:
  static constexpr std::uint8_t kBars = 6;

  /// Takes the function as its driver and remembers its attributes. Nobody else may hold it.
  /// Errors: uefi_open_failed, uefi_protocol_missing, uefi_pci_access.
  static Result<std::unique_ptr<PciFunction>> open(const Firmware& firmware,
                                                   Handle handle) noexcept;
  /// Restores the attributes that open() found.
  ~PciFunction();

  std::uint8_t config_read8(std::uint16_t offset) noexcept override;
  std::uint16_t config_read16(std::uint16_t offset) noexcept override;
  std::uint32_t config_read32(std::uint16_t offset) noexcept override;
  void config_write8(std::uint16_t offset, std::uint8_t value) noexcept override;
  void config_write16(std::uint16_t offset, std::uint16_t value) noexcept override;
  void config_write32(std::uint16_t offset, std::uint32_t value) noexcept override;
  std::uint8_t bar_read8(std::uint8_t bar, std::uint64_t offset) noexcept override;
  std::uint16_t bar_read16(std::uint8_t bar, std::uint64_t offset) noexcept override;
  std::uint32_t bar_read32(std::uint8_t bar, std::uint64_t offset) noexcept override;
  void bar_write8(std::uint8_t bar, std::uint64_t offset, std::uint8_t value) noexcept override;
  void bar_write16(std::uint8_t bar, std::uint64_t offset, std::uint16_t value) noexcept override;
  void bar_write32(std::uint8_t bar, std::uint64_t offset, std::uint32_t value) noexcept override;
  void bar_read_port32(std::uint8_t bar, std::uint64_t offset,
                       std::span<std::uint32_t> values) noexcept override;
  void bar_write_port32(std::uint8_t bar, std::uint64_t offset,
                        std::span<const std::uint32_t> values) noexcept override;
  /// The memory may outlive this object. Errors: uefi_dma_memory.
  Result<std::unique_ptr<port::DmaMemory>> allocate_dma(std::size_t bytes) noexcept override;
  void set_dma_reach(port::DmaReach reach) noexcept override { dma_reach_ = reach; }
  /// Errors: uefi_pci_access.
  Result<void> enable(bool bus_master) noexcept override;
  void stall_us(std::uint32_t microseconds) noexcept override { firmware_.stall_us(microseconds); }

  Handle handle() const noexcept { return io_.handle(); }

 private:
  struct Bar {
    bool is_io = false;
    std::uint8_t index = 0;  // the firmware's number of it
  };

  PciFunction(const Firmware& firmware, Driven<EFI_PCI_IO_PROTOCOL> io) noexcept
      : firmware_(firmware), io_(std::move(io)) {}
  void read_bars() noexcept;
  std::uint8_t firmware_index(std::uint64_t address, std::uint8_t otherwise) noexcept;
  template <class T>
  T config_read(std::uint16_t offset) noexcept;
  template <class T>
  void config_write(std::uint16_t offset, T value) noexcept;
  template <class T>
  T bar_read(std::uint8_t bar, std::uint64_t offset) noexcept;
  template <class T>
  void bar_write(std::uint8_t bar, std::uint64_t offset, T value) noexcept;

  const Firmware& firmware_;
  Driven<EFI_PCI_IO_PROTOCOL> io_;
  std::uint64_t attributes_before_ = 0;
  port::DmaReach dma_reach_ = port::DmaReach::bits64;
  std::array<Bar, kBars> bars_{};
};

/// What a look at a PCI function tells, without taking it.
struct PciSummary {
  driver::PciId id{};
  bool is_network = false;  ///< its class says so
  std::uint32_t segment = 0;
  std::uint8_t bus = 0;
  std::uint8_t device = 0;
  std::uint8_t function = 0;
};
std::optional<PciSummary> look_at_pci(const Firmware& firmware, Handle handle) noexcept;

/// "0000:00:03.0"
void format_value(TextSink& sink, const PciSummary& pci) noexcept;

}  // namespace kedge::uefi
