// SPDX-License-Identifier: BSD-2-Clause-Patent
// Registers that Intel's gigabit families share, under the datasheets' names. Sections are those of
// "PCI/PCI-X Family of Gigabit Ethernet Controllers Software Developer's Manual" (317453, "8254x"),
// "82574 GbE Controller Family Datasheet" (337553) and "82576 Gigabit Ethernet Controller
// Datasheet" (320961).
#pragma once

#include <cstdint>

#include "hw/register.h"

namespace kedge::driver::intel {

using Reg = hw::Register<std::uint32_t>;

/// BAR 0 of every family: 128 KiB of registers in memory space.
inline constexpr std::uint8_t kRegisterBar = 0;
inline constexpr std::uint32_t kRegisterBytes = 0x20000;
inline constexpr std::uint32_t kAllOnes = 0xffffffff;  // nothing answers

/// Device Control (8254x 13.4.1, 82574 10.2.2.1, 82576 8.2.1).
struct Ctrl {
  static constexpr Reg reg{0x0000};
  static constexpr std::uint32_t kFullDuplex = 1u << 0;
  static constexpr std::uint32_t kGioMasterDisable = 1u << 2;  // PCIe; LRST's neighbour on 8254x
  static constexpr std::uint32_t kLinkReset = 1u << 3;         // 8254x
  static constexpr std::uint32_t kAutoSpeed = 1u << 5;         // ASDE, 8254x
  static constexpr std::uint32_t kSetLinkUp = 1u << 6;
  static constexpr std::uint32_t kInvertLossOfSignal = 1u << 7;
  static constexpr std::uint32_t kForceSpeed = 1u << 11;
  static constexpr std::uint32_t kForceDuplex = 1u << 12;
  static constexpr std::uint32_t kReset = 1u << 26;
  static constexpr std::uint32_t kVlanMode = 1u << 30;
  static constexpr std::uint32_t kPhyReset = 1u << 31;
};

/// Device Status (8254x 13.4.2, 82574 10.2.2.2, 82576 8.2.2).
struct Status {
  static constexpr Reg reg{0x0008};
  static constexpr std::uint32_t kLinkUp = 1u << 1;
  static constexpr hw::Field<std::uint32_t> function{2, 2};    // LAN ID
  static constexpr std::uint32_t kGioMasterEnable = 1u << 19;  // PCIe
};

/// EEPROM Read (8254x 13.4.4, 82574 10.2.2.4, 82576 8.4.2): where the bits are differs.
struct Eerd {
  static constexpr Reg reg{0x0014};
  static constexpr std::uint32_t kStart = 1u << 0;
  static constexpr std::uint32_t kDonePci = 1u << 4;
  static constexpr unsigned kAddressShiftPci = 8;
  static constexpr std::uint32_t kDonePcie = 1u << 1;
  static constexpr unsigned kAddressShiftPcie = 2;
  static constexpr unsigned kDataShift = 16;
};

/// MDI Control (82576 8.2.4): one access to a register of the PHY.
struct Mdic {
  static constexpr Reg reg{0x0020};
  static constexpr unsigned kRegisterShift = 16;
  static constexpr std::uint32_t kPhyAddress = 1u << 21;
  static constexpr std::uint32_t kWrite = 1u << 26;
  static constexpr std::uint32_t kRead = 2u << 26;
  static constexpr std::uint32_t kReady = 1u << 28;
  static constexpr std::uint32_t kError = 1u << 30;
};

/// Registers of the PHY (IEEE 802.3, 22.2.4).
struct Phy {
  static constexpr std::uint32_t kControl = 0;
  static constexpr std::uint16_t kNegotiate = 1u << 12;
  static constexpr std::uint16_t kRestartNegotiation = 1u << 9;
  static constexpr std::uint32_t kStatus = 1;
  static constexpr std::uint16_t kNegotiated = 1u << 5;
};

/// Interrupts, which are only ever masked (8254x 13.4.21; 82576 8.8.11 for the queues').
inline constexpr Reg kImc{0x00d8};
inline constexpr Reg kEimc{0x1528};  // 82576

/// Receive Control (8254x 13.4.22, 82574 10.2.5.1, 82576 8.10.1).
struct Rctl {
  static constexpr Reg reg{0x0100};
  static constexpr std::uint32_t kEnable = 1u << 1;
  static constexpr std::uint32_t kUnicastPromiscuous = 1u << 3;
  static constexpr std::uint32_t kMulticastPromiscuous = 1u << 4;
  static constexpr std::uint32_t kBroadcastAccept = 1u << 15;
  static constexpr std::uint32_t kStripCrc = 1u << 26;
  // BSIZE 00 with BSEX 0: buffers of 2048 bytes. LPE 0: nothing longer than 1522 bytes is received.
};

/// Transmit Control (8254x 13.4.33, 82574 10.2.6.1, 82576 8.12.1): the collision fields at the
/// values for full duplex.
struct Tctl {
  static constexpr Reg reg{0x0400};
  static constexpr std::uint32_t kEnable = 1u << 1;
  static constexpr std::uint32_t kPadShort = 1u << 3;
  static constexpr std::uint32_t kCollisionThreshold = 0x0fu << 4;
  static constexpr std::uint32_t kCollisionDistance = 0x40u << 12;
};

/// Transmit inter-packet gap (8254x 13.4.34): IPGT 8, IPGR1 8, IPGR2 6, which PCIe chips have after
/// reset.
inline constexpr Reg kTipg{0x0410};
inline constexpr std::uint32_t kTipgCopper = 0x0060'2008;

/// Receive Checksum Control (8254x 13.4.47, 82574 10.2.5.15, 82576 8.10.17).
struct Rxcsum {
  static constexpr Reg reg{0x5000};
  static constexpr std::uint32_t kIpOffload = 1u << 8;
  static constexpr std::uint32_t kTransportOffload = 1u << 9;
};

/// Receive Filter Control (82574 10.2.5.16).
struct Rfctl {
  static constexpr Reg reg{0x5008};
  static constexpr std::uint32_t kExtendedStatus = 1u << 15;
};

/// Multicast Table Array (8254x 13.5.1, 82574 10.2.5.24, 82576 8.10.13): 4096 bits. With RCTL.MO 0
/// bits 47:36 of an address number its bit.
inline constexpr std::uint32_t kGroupWords = 128;
constexpr Reg group_word(std::uint32_t index) noexcept {
  return {0x5200 + 4 * index};
}

/// Receive Address 0 (8254x 13.5.4), loaded from the EEPROM.
inline constexpr Reg kRal0{0x5400};
inline constexpr Reg kRah0{0x5404};
inline constexpr std::uint32_t kRahAddressValid = 1u << 31;

/// Missed Packets Count (8254x 13.7.4): cleared when it is read.
inline constexpr Reg kMpc{0x4010};

/// The registers of one ring; queue 0 is at kReceive... and kTransmit....
struct RingRegs {
  std::uint32_t base;

  constexpr Reg address_low() const noexcept { return {base + 0x00}; }
  constexpr Reg address_high() const noexcept { return {base + 0x04}; }
  constexpr Reg length() const noexcept { return {base + 0x08}; }
  constexpr Reg split_control() const noexcept { return {base + 0x0c}; }  // SRRCTL, 82576 receive
  constexpr Reg head() const noexcept { return {base + 0x10}; }
  constexpr Reg tail() const noexcept { return {base + 0x18}; }
  constexpr Reg control() const noexcept { return {base + 0x28}; }  // RXDCTL, TXDCTL
};
inline constexpr RingRegs kReceiveRing{0x2800};
inline constexpr RingRegs kTransmitRing{0x3800};
inline constexpr RingRegs kReceiveRing82576{0xc000};
inline constexpr RingRegs kTransmitRing82576{0xe000};

/// SRRCTL (82576 8.10.2): one buffer a frame, of 2 KiB, advanced descriptors.
inline constexpr std::uint32_t kSrrctlOneBuffer = 2u | 1u << 25;
/// RXDCTL, TXDCTL (82576 8.10.9, 8.12.15).
inline constexpr std::uint32_t kQueueEnable = 1u << 25;
/// TXDCTL (82574 10.2.6.9): WTHRESH 1 and GRAN, so that each descriptor is written back at once;
/// bit 22 must be set.
inline constexpr std::uint32_t kTxdctl82574 = 1u << 16 | 1u << 22 | 1u << 24;

/// Receive descriptor as written by us: an address, then zeros. What comes back stands in the
/// second half, in one of two layouts (8254x 3.2.3; 82574 7.1.5, 82576 7.1.5).
struct ReceiveDescriptor {
  std::uint64_t address;
  std::uint32_t word2;
  std::uint32_t word3;
};
static_assert(sizeof(ReceiveDescriptor) == 16);

/// Status and errors of a received frame. The legacy layout has them in word 3, beside the VLAN
/// tag; moved together (status in bits 7:0, errors in 31:24) both layouts are alike.
struct ReceiveStatus {
  static constexpr std::uint32_t kDone = 1u << 0;
  static constexpr std::uint32_t kEndOfPacket = 1u << 1;
  static constexpr std::uint32_t kIgnoreChecksum = 1u << 2;
  static constexpr std::uint32_t kTransportChecked = 1u << 5;
  // CE/RXE with SE, SEQ and CXE: the frame itself is bad.
  static constexpr std::uint32_t kFrameErrors =
      1u << 24 | 1u << 25 | 1u << 26 | 1u << 28 | 1u << 31;
  static constexpr std::uint32_t kTransportError = 1u << 29;
};

/// Transmit descriptor: data (8254x 3.3.7, 82574 7.2.11, 82576 7.2.2.3) or context (8254x 3.3.6,
/// 82574 7.2.10, 82576 7.2.2.2).
struct TransmitDescriptor {
  std::uint32_t word0;
  std::uint32_t word1;
  std::uint32_t word2;
  std::uint32_t word3;
};
static_assert(sizeof(TransmitDescriptor) == 16);

struct TransmitBits {
  // word 2
  static constexpr std::uint32_t kDataExtended = 1u << 20;     // DTYP
  static constexpr std::uint32_t kContextAdvanced = 2u << 20;  // DTYP
  static constexpr std::uint32_t kDataAdvanced = 3u << 20;     // DTYP
  static constexpr std::uint32_t kContextTcp = 1u << 24;       // TUCMD.TCP, extended
  static constexpr std::uint32_t kContextL4Tcp = 1u << 11;     // TUCMD.L4T, advanced
  static constexpr std::uint32_t kEndOfPacket = 1u << 24;
  static constexpr std::uint32_t kInsertFcs = 1u << 25;
  static constexpr std::uint32_t kReportStatus = 1u << 27;
  static constexpr std::uint32_t kExtension = 1u << 29;  // DEXT
  // word 3
  static constexpr std::uint32_t kDone = 1u << 0;
  static constexpr std::uint32_t kInsertTransportChecksum = 1u << 9;  // POPTS.TXSM
  static constexpr unsigned kPayloadLengthShift = 14;                 // advanced
  // context, advanced: word 0
  static constexpr unsigned kMacLengthShift = 9;
};

}  // namespace kedge::driver::intel
