// SPDX-License-Identifier: BSD-2-Clause-Patent
// Registers of the RTL8029AS and of the DP8390 that it contains, under the names of their
// datasheets (Realtek, 1997; National Semiconductor, 1995).
#pragma once

#include <cstdint>

#include "hw/register.h"

namespace kedge::driver::ne2k {

using Byte = hw::Register<std::uint8_t>;

/// Most offsets mean another register on each page (CR.PS), and another for writing.
struct Reg {
  static constexpr Byte cr{0x00};
  // Page 0.
  static constexpr Byte pstart{0x01};  ///< first page of the receive ring; write only
  static constexpr Byte pstop{0x02};   ///< and the one behind its last
  static constexpr Byte bnry{0x03};    ///< last page that the driver has read
  static constexpr Byte tsr{0x04};     ///< reading; writing: TPSR
  static constexpr Byte tpsr{0x04};    ///< page of the frame to transmit
  static constexpr Byte tbcr0{0x05};   ///< and its length
  static constexpr Byte tbcr1{0x06};
  static constexpr Byte isr{0x07};
  static constexpr Byte rsar0{0x08};  ///< remote DMA: address
  static constexpr Byte rsar1{0x09};
  static constexpr Byte rbcr0{0x0a};  ///< and length; reading: identification
  static constexpr Byte rbcr1{0x0b};
  static constexpr Byte id0{0x0a};
  static constexpr Byte id1{0x0b};
  static constexpr Byte rcr{0x0c};
  static constexpr Byte tcr{0x0d};    ///< writing; reading: CNTR0
  static constexpr Byte cntr0{0x0d};  ///< frames with alignment errors; reading clears
  static constexpr Byte dcr{0x0e};    ///< writing; reading: CNTR1
  static constexpr Byte cntr1{0x0e};  ///< frames with wrong check sequences
  static constexpr Byte imr{0x0f};    ///< writing; reading: CNTR2
  static constexpr Byte cntr2{0x0f};  ///< missed frames
  // Page 1.
  static constexpr Byte par(std::uint32_t octet) noexcept { return {0x01 + octet}; }
  static constexpr Byte curr{0x07};  ///< page that the next frame begins in
  static constexpr Byte mar(std::uint32_t octet) noexcept { return {0x08 + octet}; }
  // Beside the DP8390.
  static constexpr std::uint32_t kDataPort = 0x10;  ///< of remote DMA; 32 bits at a time
  static constexpr Byte reset{0x1f};
  static constexpr std::uint32_t kSize = 0x20;
  static constexpr std::uint8_t kIoBar = 0;
};

/// Command register.
struct Cr {
  static constexpr std::uint8_t kStp = 0x01;
  static constexpr std::uint8_t kSta = 0x02;
  static constexpr std::uint8_t kTxp = 0x04;
  static constexpr std::uint8_t kRemoteRead = 0x08;
  static constexpr std::uint8_t kRemoteWrite = 0x10;
  static constexpr std::uint8_t kRemoteAbort = 0x20;  ///< no remote DMA
  static constexpr std::uint8_t kPage1 = 0x40;
};

/// Interrupt status; bits are cleared by writing ones.
struct Isr {
  static constexpr std::uint8_t kPrx = 0x01;
  static constexpr std::uint8_t kPtx = 0x02;
  static constexpr std::uint8_t kRxe = 0x04;
  static constexpr std::uint8_t kTxe = 0x08;
  static constexpr std::uint8_t kOvw = 0x10;
  static constexpr std::uint8_t kCnt = 0x20;
  static constexpr std::uint8_t kRdc = 0x40;
  static constexpr std::uint8_t kRst = 0x80;
};

/// Data configuration: words, normal operation, FIFO threshold of 8 bytes.
struct Dcr {
  static constexpr std::uint8_t kWts = 0x01;
  static constexpr std::uint8_t kLs = 0x08;
  static constexpr std::uint8_t kFifo8 = 0x40;
};

/// Receive configuration.
struct Rcr {
  static constexpr std::uint8_t kAb = 0x04;
  static constexpr std::uint8_t kAm = 0x08;
  static constexpr std::uint8_t kPro = 0x10;
  static constexpr std::uint8_t kMon = 0x20;  ///< nothing is stored
};

/// Transmit configuration.
struct Tcr {
  static constexpr std::uint8_t kLoopback = 0x02;
};

/// Identification of the RTL8029: "PC".
inline constexpr std::uint8_t kId0 = 0x50;
inline constexpr std::uint8_t kId1 = 0x43;

inline constexpr std::uint32_t kPageBytes = 256;
/// The chip's memory: pages 0x40 to 0x7f. Two transmit buffers, then the receive ring.
inline constexpr std::uint8_t kTransmitPage = 0x40;
inline constexpr std::uint8_t kTransmitPages = 6;
inline constexpr std::uint8_t kRingStart = kTransmitPage + 2 * kTransmitPages;
inline constexpr std::uint8_t kRingStop = 0x80;
inline constexpr std::uint32_t kRingPages = kRingStop - kRingStart;

/// In front of each frame in the ring: receive status, page of the next frame, length with the
/// frame check sequence.
struct Header {
  static constexpr std::uint32_t kBytes = 4;
  static constexpr std::uint32_t kPrx = 0x01;
  static constexpr hw::Field<std::uint32_t> next{8, 8};
  static constexpr hw::Field<std::uint32_t> length{16, 16};
};

/// Pages that a frame of `length` bytes, check sequence included, takes.
constexpr std::uint32_t pages_of(std::uint32_t length) noexcept {
  return (Header::kBytes + length + kPageBytes - 1) / kPageBytes;
}

/// How far `page` lies behind `from` in the ring; both are inside.
constexpr std::uint32_t pages_between(std::uint8_t from, std::uint8_t page) noexcept {
  return page >= from ? std::uint32_t{page} - from : kRingPages - (std::uint32_t{from} - page);
}
constexpr bool in_ring(std::uint32_t page) noexcept {
  return page >= kRingStart && page < kRingStop;
}

}  // namespace kedge::driver::ne2k
