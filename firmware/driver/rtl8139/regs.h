// SPDX-License-Identifier: BSD-2-Clause-Patent
// Registers of the RTL8139 family, under the names of the RTL8139C(L) datasheet (Realtek, 2002,
// revision 1.4, section 5); section numbers in this folder are its.
#pragma once

#include <cstdint>

#include "hw/register.h"

namespace kedge::driver::rtl8139 {

/// 5: all registers.
struct Reg {
  static constexpr hw::Register<std::uint32_t> idr0{0x00};  ///< the station address, in two halves
  static constexpr hw::Register<std::uint32_t> idr4{0x04};
  static constexpr hw::Register<std::uint32_t> mar0{0x08};  ///< multicast hash table
  static constexpr hw::Register<std::uint32_t> mar4{0x0c};
  /// Status and start address of transmit descriptor 0..3.
  static constexpr hw::Register<std::uint32_t> tsd(std::uint32_t descriptor) noexcept {
    return {0x10 + 4 * descriptor};
  }
  static constexpr hw::Register<std::uint32_t> tsad(std::uint32_t descriptor) noexcept {
    return {0x20 + 4 * descriptor};
  }
  static constexpr hw::Register<std::uint32_t> rbstart{0x30};
  static constexpr hw::Register<std::uint8_t> cr{0x37};
  static constexpr hw::Register<std::uint16_t> capr{0x38};
  static constexpr hw::Register<std::uint16_t> cbr{0x3a};
  static constexpr hw::Register<std::uint16_t> imr{0x3c};
  static constexpr hw::Register<std::uint16_t> isr{0x3e};
  static constexpr hw::Register<std::uint32_t> tcr{0x40};
  static constexpr hw::Register<std::uint32_t> rcr{0x44};
  static constexpr hw::Register<std::uint8_t> msr{0x58};
  static constexpr hw::Register<std::uint16_t> tsad_summary{0x60};  ///< TSAD, status of all four
  static constexpr std::uint32_t kSize = 0x100;
  static constexpr std::uint8_t kIoBar = 0;
  static constexpr std::uint8_t kMemoryBar = 1;
};

/// Command register.
struct Cr {
  static constexpr std::uint8_t kRst = 1u << 4;
  static constexpr std::uint8_t kRe = 1u << 3;
  static constexpr std::uint8_t kTe = 1u << 2;
  static constexpr std::uint8_t kBufe = 1u << 0;
};

/// Transmit status of a descriptor. Writing it with OWN clear starts the transmission.
struct Tsd {
  static constexpr hw::Field<std::uint32_t> size{0, 13};
  static constexpr std::uint32_t kOwn = 1u << 13;
  static constexpr std::uint32_t kTun = 1u << 14;
  static constexpr std::uint32_t kTok = 1u << 15;
  static constexpr hw::Field<std::uint32_t> ertxth{16,
                                                   6};  ///< bytes before sending, in units of 32
  static constexpr std::uint32_t kTabt = 1u << 30;
};

/// Transmit status of all descriptors: bit n of each group is descriptor n.
struct TsadSummary {
  static constexpr unsigned kOwnShift = 0;
  static constexpr unsigned kTabtShift = 4;
  static constexpr unsigned kTunShift = 8;
  static constexpr unsigned kTokShift = 12;
};

/// Interrupt status and mask.
struct Isr {
  static constexpr std::uint16_t kRok = 1u << 0;
  static constexpr std::uint16_t kRer = 1u << 1;
  static constexpr std::uint16_t kTok = 1u << 2;
  static constexpr std::uint16_t kTer = 1u << 3;
  static constexpr std::uint16_t kRxovw = 1u << 4;
  static constexpr std::uint16_t kFovw = 1u << 6;
  static constexpr std::uint16_t kSerr = 1u << 15;
};

/// Transmit configuration.
struct Tcr {
  static constexpr std::uint32_t kClrabt = 1u << 0;
  static constexpr hw::Field<std::uint32_t> mxdma{8, 3};
  static constexpr hw::Field<std::uint32_t> ifg{24, 2};
  static constexpr std::uint32_t kMxdma2048 = 7;
  static constexpr std::uint32_t kIfgStandard = 3;  ///< 960 ns at 100 Mbit/s
};

/// Receive configuration.
struct Rcr {
  static constexpr std::uint32_t kAap = 1u << 0;  ///< every unicast frame
  static constexpr std::uint32_t kApm = 1u << 1;  ///< frames to the station address
  static constexpr std::uint32_t kAm = 1u << 2;   ///< multicast
  static constexpr std::uint32_t kAb = 1u << 3;   ///< broadcast
  static constexpr std::uint32_t kWrap = 1u << 7;
  static constexpr hw::Field<std::uint32_t> mxdma{8, 3};
  static constexpr hw::Field<std::uint32_t> rblen{11, 2};  ///< ring of 8 KiB << n
  static constexpr hw::Field<std::uint32_t> rxfth{13, 3};
  static constexpr std::uint32_t kMxdmaUnlimited = 7;
  static constexpr std::uint32_t kRxfthWholeFrame = 7;
};

/// Media status.
struct Msr {
  static constexpr std::uint8_t kLinkb = 1u << 2;  ///< set when the link has failed
};

/// What precedes each frame in the ring (section 6.1): status in the low half, length with the
/// frame check sequence in the high half.
struct Header {
  static constexpr std::uint32_t kRok = 1u << 0;
  static constexpr hw::Field<std::uint32_t> length{16, 16};
  static constexpr std::uint32_t kBytes = 4;
  /// Stands for the length while the frame is still on its way to memory.
  static constexpr std::uint32_t kLengthUnfinished = 0xfff0;
};

inline constexpr std::uint32_t kTransmitDescriptors = 4;
/// CAPR lags behind the position up to which the driver has read.
inline constexpr std::uint16_t kCaprLag = 16;
/// Frames begin on multiples of it.
inline constexpr std::uint32_t kRingAlign = 4;

}  // namespace kedge::driver::rtl8139
