// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "tests/fake/ne2k_pci.h"

#include <algorithm>
#include <cstring>

#include "base/format.h"
#include "tests/fake/group_filter.h"

namespace kedge::fake {

using namespace driver::ne2k;

namespace {

constexpr std::uint32_t kMemoryStart = kTransmitPage * kPageBytes;
constexpr std::uint32_t kMemoryEnd = kRingStop * kPageBytes;
constexpr std::uint32_t kPromBytes = 32;
constexpr std::uint8_t kRemote = Cr::kRemoteRead | Cr::kRemoteWrite | Cr::kRemoteAbort;

void set_low(std::uint16_t& value, std::uint8_t byte) {
  value = static_cast<std::uint16_t>((value & 0xff00) | byte);
}
void set_high(std::uint16_t& value, std::uint8_t byte) {
  value = static_cast<std::uint16_t>((value & 0x00ff) | byte << 8);
}

}  // namespace

Ne2kPciModel::Ne2kPciModel(const wire::MacAddress& mac) : mac_(mac), memory_(kMemoryEnd) {
  put_config16(0x00, 0x10ec);
  put_config16(0x02, 0x8029);
  put_config32(0x10, 0xc001);
  for (std::size_t i = 0; i < kPromBytes; ++i) {
    const std::size_t octet = i / 2;
    memory_[i] = static_cast<std::byte>(octet < 6 ? mac.octets()[octet] : 0x57);
  }
}

bool Ne2kPciModel::passes(const wire::MacAddress& to) const {
  if ((rcr_ & Rcr::kMon) != 0) return false;
  if (to.is_broadcast()) return (rcr_ & Rcr::kAb) != 0;
  if (!to.is_multicast()) return (rcr_ & Rcr::kPro) != 0 || to == wire::MacAddress(par_);
  const std::uint32_t bit = address_crc(to) >> 26;
  return (rcr_ & Rcr::kAm) != 0 && (mar_[bit / 8] >> bit % 8 & 1) != 0;
}

bool Ne2kPciModel::deliver(ByteView frame) {
  if (gone || stopped() || overflowed_ || tcr_ != 0 || !passes(destination_of(frame))) return false;
  std::vector<std::byte> padded(frame.begin(), frame.end());
  if (padded.size() < 60) padded.resize(60);
  const auto length = static_cast<std::uint32_t>(padded.size() + 4);
  const std::uint32_t pages = pages_of(length);
  if (pages >= kRingPages || (pages_between(curr_, bnry_) <= pages && curr_ != bnry_)) {
    overflowed_ = true;
    stopped_after_overflow_ = false;
    ++overflows;
    isr_ |= Isr::kOvw;
    return false;
  }
  padded.resize(length, std::byte{0xfc});  // frame check sequence
  const std::uint32_t next = kRingStart + (curr_ - kRingStart + pages) % kRingPages;
  const std::uint32_t header =
      forced_header.value_or(Header::length.with(Header::next.with(Header::kPrx, next), length));
  forced_header.reset();
  padded.insert(padded.begin(), 4, std::byte{0});
  std::memcpy(padded.data(), &header, sizeof(header));
  const std::uint32_t start = curr_ * kPageBytes;
  const std::size_t first = std::min<std::size_t>(padded.size(), kMemoryEnd - start);
  std::memcpy(memory_.data() + start, padded.data(), first);
  std::memcpy(memory_.data() + kRingStart * kPageBytes, padded.data() + first,
              padded.size() - first);
  curr_ = static_cast<std::uint8_t>(next);
  isr_ |= Isr::kPrx;
  return true;
}

void Ne2kPciModel::transmit() {
  const std::uint32_t start = tpsr_ * kPageBytes;
  if (tbcr_ < 60 || tbcr_ > 1518) violation(format("transmission of {} bytes", tbcr_));
  if (start < kMemoryStart || start + tbcr_ > kRingStart * kPageBytes) {
    violation("transmission from outside of the transmit buffers");
  } else if (!transmit_errors) {
    const ByteView bytes = ByteView(memory_).subspan(start, tbcr_);
    sent.emplace_back(bytes.begin(), bytes.end());
  }
  isr_ |= transmit_errors ? Isr::kTxe : Isr::kPtx;
  cr_ &= static_cast<std::uint8_t>(~Cr::kTxp);
}

void Ne2kPciModel::complete() {
  if ((cr_ & Cr::kTxp) != 0 && !gone) transmit();
}

void Ne2kPciModel::command(std::uint8_t value) {
  const std::uint8_t transmitting = cr_ & Cr::kTxp;
  const std::uint8_t remote = value & kRemote;
  if (remote != Cr::kRemoteRead && remote != Cr::kRemoteWrite && remote != Cr::kRemoteAbort) {
    violation(format("remote command {:x}", remote));
  }
  if ((value & Cr::kStp) != 0) {
    // What is being transmitted does not end.
    cr_ = value & static_cast<std::uint8_t>(~Cr::kTxp);
    isr_ |= Isr::kRst;
    stopped_after_overflow_ = overflowed_;
    return;
  }
  if ((value & Cr::kTxp) != 0 && transmitting != 0) violation("two transmissions at a time");
  if ((value & Cr::kTxp) != 0 && tcr_ != 0) violation("transmission in loopback");
  cr_ = value | transmitting;
  isr_ &= static_cast<std::uint8_t>(~Isr::kRst);
  if ((value & Cr::kTxp) != 0 && complete_at_once) transmit();
}

void Ne2kPciModel::acknowledge(std::uint8_t value) {
  isr_ &= static_cast<std::uint8_t>(~(value & ~Isr::kRst));
  if ((value & Isr::kOvw) == 0 || !overflowed_) return;
  // The DP8390's procedure: stop, loopback, start, acknowledge.
  if (!stopped_after_overflow_ || tcr_ != Tcr::kLoopback || stopped()) {
    if (stopped() && (rcr_ & Rcr::kMon) != 0) {
      overflowed_ = false;  // everything begins anew
      return;
    }
    violation("overflow acknowledged without the procedure");
    return;
  }
  overflowed_ = false;
}

bool Ne2kPciModel::advance() {
  if (rbcr_ == 0) {
    violation("data port used without a transfer");
    return false;
  }
  if ((dcr_ & Dcr::kWts) == 0) violation("data port used in byte mode");
  const bool prom = rsar_ + 4u <= kPromBytes;
  const bool ram = rsar_ >= kMemoryStart && rsar_ + 4u <= kMemoryEnd;
  if (!prom && !ram) {
    violation(format("remote transfer at {:x}", rsar_));
    rsar_ = 0;
  }
  return true;
}

std::uint32_t Ne2kPciModel::port_read() {
  if ((cr_ & kRemote) != Cr::kRemoteRead) violation("data port read without a remote read");
  if (!advance()) return 0;
  std::uint32_t value = 0;
  std::memcpy(&value, memory_.data() + rsar_, sizeof(value));
  rsar_ = static_cast<std::uint16_t>(rsar_ + 4);
  rbcr_ = static_cast<std::uint16_t>(rbcr_ < 4 ? 0 : rbcr_ - 4);
  if (rbcr_ == 0) isr_ |= Isr::kRdc;
  return value;
}

void Ne2kPciModel::port_write(std::uint32_t value) {
  if ((cr_ & kRemote) != Cr::kRemoteWrite) violation("data port written without a remote write");
  if (!advance()) return;
  if (rsar_ >= kMemoryStart) std::memcpy(memory_.data() + rsar_, &value, sizeof(value));
  rsar_ = static_cast<std::uint16_t>(rsar_ + 4);
  rbcr_ = static_cast<std::uint16_t>(rbcr_ < 4 ? 0 : rbcr_ - 4);
  if (rbcr_ == 0 && !never_stores) isr_ |= Isr::kRdc;
}

std::uint8_t Ne2kPciModel::read_page0(std::uint32_t offset) {
  switch (offset) {
    case Reg::isr.offset:
      return never_resets ? isr_ & static_cast<std::uint8_t>(~Isr::kRst) : isr_;
    case Reg::id0.offset:
      return id0_;
    case Reg::id1.offset:
      return kId1;
    case Reg::cntr0.offset:
    case Reg::cntr1.offset:
    case Reg::cntr2.offset:
      return std::exchange(tallies[offset - Reg::cntr0.offset], std::uint8_t{0});
    default:
      violation(format("read of register {:x} of page 0", offset));
      return 0;
  }
}

std::uint32_t Ne2kPciModel::bar_read(unsigned bar, std::uint64_t offset, unsigned width) {
  if (gone) return ~0u;
  if (bar != 0) violation("access to a BAR that the chip has not");
  if (offset == Reg::kDataPort && width == 4) return port_read();
  if (width != 1) violation(format("read{} of register {:x}", width * 8, offset));
  if (offset == Reg::reset.offset) {
    ++resets;
    cr_ = Cr::kRemoteAbort | Cr::kStp;
    isr_ = Isr::kRst;
    overflowed_ = false;
    return 0;
  }
  if (offset == Reg::cr.offset) return cr_;
  if ((cr_ & Cr::kPage1) == 0) return read_page0(static_cast<std::uint32_t>(offset));
  if (offset == Reg::curr.offset) return forced_page.value_or(curr_);
  violation(format("read of register {:x} of page 1", offset));
  return 0;
}

void Ne2kPciModel::write_page0(std::uint32_t offset, std::uint8_t value) {
  switch (offset) {
    case Reg::pstart.offset:
      if (!stopped()) violation("PSTART written while running");
      pstart_ = value;
      break;
    case Reg::pstop.offset:
      if (!stopped()) violation("PSTOP written while running");
      pstop_ = value;
      break;
    case Reg::bnry.offset:
      if (value < pstart_ || value >= pstop_) violation("BNRY outside of the ring");
      bnry_ = value;
      break;
    case Reg::tpsr.offset:
      if ((cr_ & Cr::kTxp) != 0) violation("TPSR written during a transmission");
      tpsr_ = value;
      break;
    case Reg::tbcr0.offset:
      set_low(tbcr_, value);
      break;
    case Reg::tbcr1.offset:
      set_high(tbcr_, value);
      break;
    case Reg::isr.offset:
      acknowledge(value);
      break;
    case Reg::rsar0.offset:
      set_low(rsar_, value);
      break;
    case Reg::rsar1.offset:
      set_high(rsar_, value);
      break;
    case Reg::rbcr0.offset:
      set_low(rbcr_, value);
      break;
    case Reg::rbcr1.offset:
      set_high(rbcr_, value);
      break;
    case Reg::rcr.offset:
      rcr_ = value;
      break;
    case Reg::tcr.offset:
      tcr_ = value;
      break;
    case Reg::dcr.offset:
      dcr_ = value;
      break;
    case Reg::imr.offset:
      if (value != 0) violation("interrupts are enabled");
      break;
    default:
      violation(format("write of register {:x} of page 0", offset));
  }
}

void Ne2kPciModel::write_page1(std::uint32_t offset, std::uint8_t value) {
  if (offset == Reg::curr.offset) {
    if (!stopped()) violation("CURR written while running");
    curr_ = value;
  } else if (offset >= Reg::mar(0).offset && offset <= Reg::mar(7).offset) {
    mar_[offset - Reg::mar(0).offset] = value;
  } else if (offset >= Reg::par(0).offset && offset <= Reg::par(5).offset) {
    if (value != mac_.octets()[offset - Reg::par(0).offset]) violation("another station address");
    par_[offset - Reg::par(0).offset] = value;
  } else {
    violation(format("write of register {:x} of page 1", offset));
  }
}

void Ne2kPciModel::bar_write(unsigned bar, std::uint64_t offset, unsigned width,
                             std::uint32_t value) {
  if (gone) return;
  if (bar != 0) violation("access to a BAR that the chip has not");
  if (offset == Reg::kDataPort && width == 4) return port_write(value);
  if (width != 1) violation(format("write{} of register {:x}", width * 8, offset));
  const auto byte = static_cast<std::uint8_t>(value);
  const auto reg = static_cast<std::uint32_t>(offset);
  if (reg == Reg::reset.offset) return;  // the end of the reset pulse
  if (reg == Reg::cr.offset) return command(byte);
  if ((cr_ & Cr::kPage1) == 0) {
    write_page0(reg, byte);
  } else {
    write_page1(reg, byte);
  }
}

}  // namespace kedge::fake
