// SPDX-License-Identifier: BSD-2-Clause-Patent
// Registers, command blocks and receive frame descriptors of Intel's 8255x Fast Ethernet chips.
// Section numbers are those of "Intel 8255x 10/100 Mbps Ethernet Controller Family, Open Source
// Software Developer Manual", revision 1.3.
#pragma once

#include <cstddef>
#include <cstdint>

#include "hw/register.h"

namespace kedge::driver::i8255x {

/// Control/status registers (6.3).
struct Csr {
  static constexpr std::uint8_t kMemoryBar = 0;
  static constexpr std::uint8_t kIoBar = 1;
  static constexpr std::uint32_t kSize = 0x20;

  static constexpr hw::Register<std::uint16_t> scb_status{0x00};
  static constexpr hw::Register<std::uint8_t> scb_command{0x02};  // reads 0 when it was taken
  static constexpr hw::Register<std::uint8_t> scb_interrupts{0x03};
  static constexpr hw::Register<std::uint32_t> scb_pointer{0x04};
  static constexpr hw::Register<std::uint32_t> port{0x08};
  static constexpr hw::Register<std::uint8_t> eeprom{0x0e};
  static constexpr hw::Register<std::uint32_t> mdi{0x10};
};
inline constexpr std::uint16_t kNothingAnswers = 0xffff;

struct ScbStatus {
  static constexpr hw::Field<std::uint16_t> cu{6, 2};
  static constexpr std::uint16_t kCuSuspended = 1;
  static constexpr hw::Field<std::uint16_t> ru{2, 4};
  static constexpr std::uint16_t kRuReady = 4;
};
struct ScbCommand {
  static constexpr std::uint8_t kCuStart = 0x10;
  static constexpr std::uint8_t kCuResume = 0x20;
  static constexpr std::uint8_t kCuLoadBase = 0x60;
  static constexpr std::uint8_t kRuStart = 0x01;
  static constexpr std::uint8_t kRuLoadBase = 0x06;
};
inline constexpr std::uint8_t kMaskAllInterrupts = 1;  // scb_interrupts, M

/// PORT (6.3.3).
struct Port {
  static constexpr std::uint32_t kSoftwareReset = 0;
  static constexpr std::uint32_t kSelectiveReset = 2;
};

/// EEPROM control (6.3.4): a 93C46 or 93C66 behind four wires.
struct Eeprom {
  static constexpr std::uint8_t kClock = 1;   // EESK
  static constexpr std::uint8_t kSelect = 2;  // EECS
  static constexpr std::uint8_t kDataIn = 4;  // EEDI, to the EEPROM
  static constexpr std::uint8_t kDataOut = 8;
};

/// MDI control (6.3.6), and what is read through it (IEEE 802.3, 22.2.4).
struct Mdi {
  static constexpr hw::Field<std::uint32_t> data{0, 16};
  static constexpr hw::Field<std::uint32_t> phy_register{16, 5};
  static constexpr hw::Field<std::uint32_t> phy_address{21, 5};
  static constexpr hw::Field<std::uint32_t> opcode{26, 2};
  static constexpr std::uint32_t kRead = 2;
  static constexpr std::uint32_t kReady = 1u << 28;
  static constexpr std::uint32_t kPhy = 1;  // where the chip's own and nearly all others are
  static constexpr std::uint32_t kBasicStatus = 1;
  static constexpr std::uint32_t kLinkUp = 1u << 2;
};

/// What command blocks and receive frame descriptors begin with (6.4.1). Of `command`:
inline constexpr std::uint16_t kEndOfList = 1u << 15;
inline constexpr std::uint16_t kSuspend = 1u << 14;
inline constexpr std::uint16_t kCommandAddress = 1;  // individual address setup
inline constexpr std::uint16_t kCommandConfigure = 2;
inline constexpr std::uint16_t kCommandGroups = 3;  // multicast setup (6.4.2.4)
inline constexpr std::uint16_t kCommandTransmit = 4;
/// Of `status`.
inline constexpr std::uint16_t kComplete = 1u << 15;
inline constexpr std::uint16_t kOk = 1u << 13;

/// A transmit command block in simplified mode (6.4.2.5); its frame follows.
struct CommandBlock {
  std::uint16_t status;
  std::uint16_t command;
  std::uint32_t link;
  // Of transmit; other commands have their parameters from here on.
  std::uint32_t descriptors;  // all ones: none, the frame follows
  std::uint16_t count;        // bit 15: the whole frame
  std::uint8_t threshold;     // bytes in the FIFO before transmission begins, in units of 8
  std::uint8_t descriptor_count;
};
static_assert(sizeof(CommandBlock) == 16);
inline constexpr std::uint32_t kNoDescriptors = 0xffffffff;
inline constexpr std::uint16_t kWholeFrame = 1u << 15;
inline constexpr std::uint8_t kThresholdWholeFrame = 0xe0;
/// Parameters of configure and of the setup of addresses: where they begin. Those of multicast
/// setup are the bytes that follow and as many addresses.
inline constexpr std::size_t kParametersAt = 8;

/// A receive frame descriptor in simplified mode (6.4.3); its buffer follows.
struct ReceiveFrame {
  std::uint16_t status;
  std::uint16_t command;
  std::uint32_t link;
  std::uint32_t reserved;
  std::uint16_t count;  // bits 13..0
  std::uint16_t size;
};
static_assert(sizeof(ReceiveFrame) == 16);
inline constexpr std::uint16_t kCountMask = 0x3fff;

/// Parameters of configure (6.4.2.3): what the manual recommends, but where it says so.
inline constexpr std::uint8_t kConfiguration[] = {
    22,    // bytes
    0x08,  // FIFO limits
    0x00, 0x00, 0x00, 0x00,
    0x32,  // standard transmit blocks and counters
    0x07,  // frames below 64 bytes are discarded; three retries after an underrun
    0x01,  // MII
    0x00,
    0x2e,  // the frame has its source address; preamble of 7 bytes
    0x00,
    0x60,  // interframe spacing
    0x00, 0xf2,
    0xc8,  // and kPromiscuous
    0x00, 0x40,
    0xfa,  // bit 3: frames over 1518 bytes, because of VLAN tags; no CRC in memory; padding
    0x80,  // full duplex by the PHY's word
    0x3f,
    0x05,  // and kAllGroups
};
static_assert(sizeof(kConfiguration) == 22);
inline constexpr std::size_t kPromiscuousAt = 15;
inline constexpr std::byte kPromiscuous{1u << 0};
inline constexpr std::size_t kAllGroupsAt = 21;
inline constexpr std::byte kAllGroups{1u << 3};

}  // namespace kedge::driver::i8255x
