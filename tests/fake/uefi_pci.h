// SPDX-License-Identifier: BSD-2-Clause-Patent
// FakePciIo: EFI_PCI_IO_PROTOCOL of one function with a configuration space and one memory BAR.
#pragma once

#include <array>
#include <map>
#include <vector>

#include "tests/fake/uefi.h"

namespace kedge::fake {

class FakePciIo {
 public:
  FakePciIo(std::uint16_t vendor, std::uint16_t device, std::uint8_t number);
  ~FakePciIo();
  FakePciIo(const FakePciIo&) = delete;
  FakePciIo& operator=(const FakePciIo&) = delete;

  struct Table {
    EFI_PCI_IO_PROTOCOL raw;
    FakePciIo* owner;
  };
  Table table{};
  std::array<std::uint8_t, 256> config{};
  std::map<std::pair<std::uint8_t, std::uint64_t>, std::uint32_t> memory;  ///< by index and offset
  std::map<std::pair<std::uint8_t, std::uint64_t>, std::uint32_t> ports;
  /// What GetBarAttributes says: host address and translation by the firmware's index.
  std::map<std::uint8_t, std::pair<std::uint64_t, std::uint64_t>> bars;
  /// What was written to a port with a FIFO width; reading gives the same, in order.
  std::vector<std::uint32_t> fifo;
  std::uint64_t attributes = 0;
  std::uint64_t supported = 0xffff;
  bool map_fails = false;
  std::size_t buffers = 0;
  std::size_t mappings = 0;
  std::uint64_t device_offset = 0x1000000000;  ///< device address = host address + this

  void set_bar(unsigned bar, std::uint32_t value);

 private:
  friend struct PciCalls;
  std::uint8_t number_;
};

}  // namespace kedge::fake
