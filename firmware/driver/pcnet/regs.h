// SPDX-License-Identifier: BSD-2-Clause-Patent
// Registers and structures of AMD's PCnet-PCI family, under the names of the Am79C973 datasheet
// (AMD, publication 21510, "User Accessible Registers"), in software style 2 and with 32-bit
// accesses (DWIO).
#pragma once

#include <cstdint>

#include "hw/register.h"

namespace kedge::driver::pcnet {

/// "I/O resources": what the PCI function shows. Control and bus configuration registers are
/// reached through RDP and BDP at the number in RAP.
struct Reg {
  static constexpr hw::Register<std::uint32_t> aprom0{0x00};  ///< station address, in two halves
  static constexpr hw::Register<std::uint32_t> aprom4{0x04};
  static constexpr hw::Register<std::uint32_t> rdp{0x10};
  static constexpr hw::Register<std::uint32_t> rap{0x14};
  static constexpr hw::Register<std::uint32_t> reset{0x18};  ///< reading resets
  static constexpr hw::Register<std::uint32_t> bdp{0x1c};
  /// RESET of a chip that is not in DWIO mode yet.
  static constexpr hw::Register<std::uint16_t> word_reset{0x14};
  static constexpr std::uint32_t kSize = 0x20;
  static constexpr std::uint8_t kIoBar = 0;
  static constexpr std::uint8_t kMemoryBar = 1;
};

/// Numbers of control and status registers.
struct Csr {
  static constexpr std::uint32_t kStatus = 0;
  static constexpr std::uint32_t kInitBlockLow = 1;
  static constexpr std::uint32_t kInitBlockHigh = 2;
  static constexpr std::uint32_t kMasks = 3;
  static constexpr std::uint32_t kSuspend = 5;
  /// LADRF, the multicast hash table, 16 bits each; to be written while stopped or suspended.
  static constexpr std::uint32_t kGroups = 8;
  static constexpr std::uint32_t kMode = 15;  ///< likewise
  static constexpr std::uint32_t kMissedFrames = 112;
};

/// CSR0. Bits 8 to 14 are cleared by writing ones.
struct Csr0 {
  static constexpr std::uint16_t kInit = 1u << 0;
  static constexpr std::uint16_t kStrt = 1u << 1;
  static constexpr std::uint16_t kStop = 1u << 2;
  static constexpr std::uint16_t kTdmd = 1u << 3;
  static constexpr std::uint16_t kTxon = 1u << 4;
  static constexpr std::uint16_t kRxon = 1u << 5;
  static constexpr std::uint16_t kIena = 1u << 6;
  static constexpr std::uint16_t kIdon = 1u << 8;
  static constexpr std::uint16_t kTint = 1u << 9;
  static constexpr std::uint16_t kRint = 1u << 10;
  static constexpr std::uint16_t kMerr = 1u << 11;
  static constexpr std::uint16_t kMiss = 1u << 12;
  static constexpr std::uint16_t kEvents = 0x7f00;
};

/// CSR3.
struct Csr3 {
  /// An underflow does not stop the transmitter.
  static constexpr std::uint16_t kDxsuflo = 1u << 6;
};

/// CSR5.
struct Csr5 {
  /// Reads as one when the chip has finished what it was at. Rings and pointers stay.
  static constexpr std::uint16_t kSpnd = 1u << 0;
};

/// Numbers of bus configuration registers.
struct Bcr {
  static constexpr std::uint32_t kMiscellaneous = 2;
  static constexpr std::uint32_t kLed0 = 4;
  static constexpr std::uint32_t kSoftwareStyle = 20;
};

struct Bcr2 {
  static constexpr std::uint16_t kAsel = 1u << 1;  ///< the port is selected automatically
};

/// BCR4, whose LED shows the link unless somebody changed that.
struct Bcr4 {
  static constexpr std::uint16_t kLnkste = 1u << 6;   ///< the LED follows the link
  static constexpr std::uint16_t kOthers = 0x013f;    ///< and what else makes it light up
  static constexpr std::uint16_t kLedout = 1u << 15;  ///< it is on
};

/// BCR20: descriptors and init block of 32 bits.
inline constexpr std::uint16_t kSoftwareStyle2 = 2;

/// The initialization block, SSIZE32: what the chip reads when CSR0.INIT is set.
struct InitBlock {
  static constexpr hw::Field<std::uint32_t> mode{0, 16};
  static constexpr hw::Field<std::uint32_t> rlen{20, 4};  ///< log2 of the descriptors
  static constexpr hw::Field<std::uint32_t> tlen{28, 4};
  static constexpr std::uint16_t kModeProm = 1u << 15;  ///< all frames

  std::uint32_t lengths_mode;
  std::uint32_t padr_low;
  std::uint32_t padr_high;
  std::uint32_t ladrf_low;  ///< multicast hash table
  std::uint32_t ladrf_high;
  std::uint32_t rdra;  ///< rings, aligned to 16 bytes
  std::uint32_t tdra;
};
static_assert(sizeof(InitBlock) == 28);

/// A receive or transmit descriptor, SWSTYLE 2. OWN is written last.
struct Descriptor {
  std::uint32_t address;
  std::uint32_t flags;   ///< RMD1, TMD1
  std::uint32_t status;  ///< RMD2, TMD2
  std::uint32_t user;

  static constexpr std::uint32_t kOwn = 1u << 31;
  static constexpr std::uint32_t kErr = 1u << 30;
  static constexpr std::uint32_t kStp = 1u << 25;
  static constexpr std::uint32_t kEnp = 1u << 24;
  static constexpr std::uint32_t kOnes = 0xf000;
  static constexpr hw::Field<std::uint32_t> bcnt{0, 12};  ///< length, negated
  static constexpr hw::Field<std::uint32_t> mcnt{0, 12};  ///< of `status`: received, with FCS
};
static_assert(sizeof(Descriptor) == 16);

/// `bytes` as the chip wants them in BCNT, with the ones before.
constexpr std::uint32_t byte_count(std::uint32_t bytes) noexcept {
  return Descriptor::kOnes | Descriptor::bcnt.get(0u - bytes);
}

}  // namespace kedge::driver::pcnet
