// SPDX-License-Identifier: BSD-2-Clause-Patent
// Registers and descriptors of DEC's (later Intel's) 21143 PCI/CardBus Ethernet controller. Names
// are those of its hardware reference manual.
#pragma once

#include <cstdint>

#include "hw/register.h"

namespace kedge::driver::tulip {

/// CSR0 to CSR15, 8 bytes apart.
struct Csr {
  static constexpr std::uint8_t kIoBar = 0;
  static constexpr std::uint8_t kMemoryBar = 1;
  static constexpr std::uint32_t kSize = 0x80;

  static constexpr hw::Register<std::uint32_t> bus_mode{0x00};
  static constexpr hw::Register<std::uint32_t> transmit_poll{0x08};
  static constexpr hw::Register<std::uint32_t> receive_poll{0x10};
  static constexpr hw::Register<std::uint32_t> receive_list{0x18};
  static constexpr hw::Register<std::uint32_t> transmit_list{0x20};
  static constexpr hw::Register<std::uint32_t> status{0x28};
  static constexpr hw::Register<std::uint32_t> operation_mode{0x30};
  static constexpr hw::Register<std::uint32_t> interrupt_enable{0x38};
  static constexpr hw::Register<std::uint32_t> missed_frames{0x40};
  static constexpr hw::Register<std::uint32_t> serial_rom{0x48};
};
inline constexpr std::uint32_t kNothingAnswers = 0xffffffff;

/// CSR0.
struct BusMode {
  static constexpr std::uint32_t kSoftwareReset = 1u << 0;
  static constexpr std::uint32_t kBurst8 = 8u << 8;            // longwords
  static constexpr std::uint32_t kCacheAlignment8 = 1u << 14;  // longwords
};
/// CSR5.
struct Status {
  static constexpr std::uint32_t kReceiveUnavailable = 1u << 7;  // RU: no descriptor is the chip's
  static constexpr std::uint32_t kFatalBusError = 1u << 13;
};
/// CSR6.
struct Mode {
  static constexpr std::uint32_t kStartReceive = 1u << 1;
  static constexpr std::uint32_t kPromiscuous = 1u << 6;
  static constexpr std::uint32_t kAllMulticast = 1u << 7;
  static constexpr std::uint32_t kStartTransmit = 1u << 13;
  static constexpr std::uint32_t kStoreAndForward = 1u << 21;
  static constexpr std::uint32_t kMustBeOne = 1u << 25;
};
/// CSR8: counters that reading clears.
inline constexpr hw::Field<std::uint32_t> kMissedFrames{0, 16};

/// CSR9: the serial ROM's wires, and what selects it.
struct SerialRom {
  static constexpr std::uint32_t kSelect = 1u << 0;
  static constexpr std::uint32_t kClock = 1u << 1;
  static constexpr std::uint32_t kDataIn = 1u << 2;  // to the ROM
  static constexpr std::uint32_t kDataOut = 1u << 3;
  static constexpr std::uint32_t kRead = 1u << 11 | 1u << 14;  // SR, RD
  /// The word where the address of the first port begins ("Serial ROM Format", version 4.09).
  static constexpr unsigned kAddressWord = 10;
};

/// A descriptor of either list.
struct Descriptor {
  std::uint32_t status;
  std::uint32_t control;
  std::uint32_t buffer;
  std::uint32_t second_buffer;
};
static_assert(sizeof(Descriptor) == 16);

/// RDES0 and TDES0: the descriptor is the chip's.
inline constexpr std::uint32_t kOwn = 1u << 31;
/// RDES1 and TDES1: the list's last one.
inline constexpr std::uint32_t kEndOfRing = 1u << 25;

struct Rdes0 {
  static constexpr hw::Field<std::uint32_t> frame_length{16, 14};  // with frame check sequence
  static constexpr std::uint32_t kFirst = 1u << 9;
  static constexpr std::uint32_t kLast = 1u << 8;
  /// Descriptor error, runt, collision seen, CRC error, overflow. Not: frame too long, which those
  /// with a VLAN tag are.
  static constexpr std::uint32_t kErrors = 1u << 14 | 1u << 11 | 1u << 6 | 1u << 1 | 1u << 0;
};
struct Tdes0 {
  static constexpr std::uint32_t kErrorSummary = 1u << 15;
};
/// What a setup frame's descriptor is given back with.
inline constexpr std::uint32_t kSetupDone = 0x7fffffff;

/// A setup frame with perfect filtering (both FT bits clear): the addresses that pass, broadcast
/// included. Of each longword the low half counts, so an address takes three.
inline constexpr std::uint32_t kSetupBytes = 192;
inline constexpr std::size_t kSetupAddresses = 16;

struct Tdes1 {
  static constexpr std::uint32_t kSetup = 1u << 27;
  static constexpr std::uint32_t kLast = 1u << 30;
  static constexpr std::uint32_t kFirst = 1u << 29;
};

}  // namespace kedge::driver::tulip
