// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "tests/fake/pcnet.h"

#include <cstring>

#include "base/format.h"
#include "tests/fake/group_filter.h"

namespace kedge::fake {

using namespace driver::pcnet;

namespace {

constexpr std::uint16_t kLedFollowsLink = 0x00c0;  // BCR4 after a reset

}  // namespace

PcnetModel::PcnetModel(const wire::MacAddress& mac) : mac_(mac) {
  put_config16(0x00, 0x1022);
  put_config16(0x02, 0x2000);
  put_config32(0x10, 0xc001);
  put_config32(0x14, 0xfebf'1000);
  reset();
  bcr_[Bcr::kLed0] = kLedFollowsLink;
  resets = 0;
}

void PcnetModel::reset() {
  ++resets;
  csr_.clear();
  csr_[0] = never_resets ? Csr0::kStrt | Csr0::kTxon : Csr0::kStop;
  bcr_[Bcr::kSoftwareStyle] = 0;
  rap_ = 0;
  dwio_ = false;
}

Descriptor* PcnetModel::descriptor(std::uint32_t ring, std::uint32_t index) {
  const ByteSpan bytes = dma(ring + std::uint64_t{index} * sizeof(Descriptor), sizeof(Descriptor));
  return reinterpret_cast<Descriptor*>(bytes.data());
}

void PcnetModel::initialize() {
  if (never_initializes) return;
  if (bcr_[Bcr::kSoftwareStyle] != kSoftwareStyle2) violation("not in software style 2");
  const std::uint32_t at = csr_[1] | std::uint32_t{csr_[2]} << 16;
  const ByteSpan bytes = dma(at, sizeof(InitBlock));
  if (bytes.empty()) {
    csr_[0] |= Csr0::kMerr;
    return;
  }
  InitBlock block;
  std::memcpy(&block, bytes.data(), sizeof(block));
  csr_[Csr::kMode] = static_cast<std::uint16_t>(InitBlock::mode.get(block.lengths_mode));
  std::array<std::uint8_t, 8> padr{};
  std::memcpy(padr.data(), bytes.data() + 4, padr.size());
  if (std::memcmp(padr.data(), mac_.octets().data(), 6) != 0) violation("another station address");
  const std::uint64_t groups = block.ladrf_low | std::uint64_t{block.ladrf_high} << 32;
  for (std::uint32_t i = 0; i < 4; ++i) {
    csr_[Csr::kGroups + i] = static_cast<std::uint16_t>(groups >> 16 * i);
  }
  if (block.rdra % 16 != 0 || block.tdra % 16 != 0) violation("rings are not aligned");
  receive_ring_ = block.rdra;
  transmit_ring_ = block.tdra;
  receive_count_ = 1u << InitBlock::rlen.get(block.lengths_mode);
  transmit_count_ = 1u << InitBlock::tlen.get(block.lengths_mode);
  if (receive_count_ > 512 || transmit_count_ > 512) violation("rings are too long");
  next_receive_ = 0;
  next_transmit_ = 0;
  csr_[0] |= Csr0::kIdon;
}

void PcnetModel::write_status(std::uint16_t value) {
  std::uint16_t& status = csr_[0];
  if ((value & Csr0::kIena) != 0) violation("interrupts are enabled");
  status &= static_cast<std::uint16_t>(~(value & Csr0::kEvents));
  if ((value & Csr0::kStop) != 0) {
    status = Csr0::kStop;
    return;
  }
  if ((value & Csr0::kInit) != 0) {
    status = (status & ~Csr0::kStop) | Csr0::kInit;
    initialize();
  }
  if ((value & Csr0::kStrt) != 0) {
    status = (status & ~Csr0::kStop) | Csr0::kStrt | Csr0::kTxon | Csr0::kRxon;
  }
  if ((value & Csr0::kTdmd) != 0) {
    ++demands;
    if (complete_at_once) complete();
  }
}

bool PcnetModel::suspended() {
  return (csr_[Csr::kSuspend] & Csr5::kSpnd) != 0;
}

bool PcnetModel::passes(const wire::MacAddress& to) {
  const std::uint16_t mode = csr_[Csr::kMode];
  if ((mode & ~InitBlock::kModeProm) != 0) violation("odd mode");
  if (mode == InitBlock::kModeProm || to.is_broadcast()) return true;
  if (!to.is_multicast()) return to == mac_;
  const std::uint32_t bit = low_bits_reversed(address_crc(to));
  return (csr_[Csr::kGroups + bit / 16] >> bit % 16 & 1) != 0;
}

bool PcnetModel::deliver(ByteView frame) {
  if ((csr_[0] & Csr0::kRxon) == 0 || gone || suspended()) return false;
  if (!passes(destination_of(frame))) return false;
  Descriptor* next = descriptor(receive_ring_, next_receive_);
  if (next == nullptr || (next->flags & Descriptor::kOwn) == 0) {
    ++csr_[Csr::kMissedFrames];
    csr_[0] |= Csr0::kMiss;
    return false;
  }
  std::vector<std::byte> padded(frame.begin(), frame.end());
  if (padded.size() < 60) padded.resize(60);
  padded.resize(padded.size() + 4, std::byte{0xfc});  // frame check sequence
  const std::uint32_t room = Descriptor::bcnt.get(0u - next->flags);
  if ((next->flags & Descriptor::kOnes) != Descriptor::kOnes) violation("BCNT without ones");
  // What does not fit goes to the next buffers; here only the flags of that are of interest.
  const bool fits = padded.size() <= room;
  if (!fits) padded.resize(room);
  const ByteSpan buffer = dma(next->address, padded.size());
  if (buffer.empty()) return false;
  std::memcpy(buffer.data(), padded.data(), padded.size());
  next->status = forced_status.value_or(static_cast<std::uint32_t>(padded.size()));
  next->flags = forced_flags.value_or(Descriptor::kStp | (fits ? Descriptor::kEnp : 0));
  forced_flags.reset();
  forced_status.reset();
  next_receive_ = (next_receive_ + 1) % receive_count_;
  csr_[0] |= Csr0::kRint;
  return true;
}

void PcnetModel::complete() {
  if ((csr_[0] & Csr0::kTxon) == 0 || gone || suspended()) return;
  for (std::uint32_t i = 0; i < transmit_count_; ++i) {
    Descriptor* next = descriptor(transmit_ring_, next_transmit_);
    if (next == nullptr || (next->flags & Descriptor::kOwn) == 0) return;
    const std::uint32_t length = Descriptor::bcnt.get(0u - next->flags);
    constexpr std::uint32_t kWhole = Descriptor::kStp | Descriptor::kEnp | Descriptor::kOnes;
    if ((next->flags & kWhole) != kWhole) violation("a frame in pieces");
    if (length < 60 || length > 1518) violation(format("transmission of {} bytes", length));
    const ByteSpan bytes = dma(next->address, length);
    if (!transmit_errors) sent.emplace_back(bytes.begin(), bytes.end());
    next->flags &= ~Descriptor::kOwn;
    if (transmit_errors) next->flags |= Descriptor::kErr;
    next_transmit_ = (next_transmit_ + 1) % transmit_count_;
    csr_[0] |= Csr0::kTint;
  }
}

std::uint16_t PcnetModel::led() const {
  const std::uint16_t value = bcr_.at(Bcr::kLed0);
  const bool lit = (value & Bcr4::kLnkste) != 0 && link_up;
  return lit ? value | Bcr4::kLedout : value;
}

std::uint32_t PcnetModel::bar_read(unsigned bar, std::uint64_t offset, unsigned width) {
  if (gone) return ~0u;
  if (bar > 1) violation("access to a BAR that the chip has not");
  if (!dwio_) {
    if (width == 2 && offset == Reg::word_reset.offset) {
      reset();
      return 0;
    }
    if (width != 4 || offset != Reg::reset.offset) {
      violation(format("read{} of {:x} in word mode", width * 8, offset));
    }
    return ~0u;
  }
  if (width != 4) {
    if (width != 2 || offset != Reg::word_reset.offset) {
      violation(format("read{} of {:x} in double word mode", width * 8, offset));
    }
    return 0xffff;
  }
  const auto& mac = mac_.octets();
  switch (offset) {
    case Reg::aprom0.offset:
      return static_cast<std::uint32_t>(mac[0] | mac[1] << 8 | mac[2] << 16) | std::uint32_t{mac[3]}
                                                                                   << 24;
    case Reg::aprom4.offset:
      return static_cast<std::uint32_t>(mac[4] | mac[5] << 8);
    case Reg::rdp.offset:
      return csr_[rap_];
    case Reg::reset.offset:
      reset();
      return 0;
    case Reg::bdp.offset:
      return rap_ == Bcr::kLed0 ? led() : bcr_[rap_];
    default:
      violation(format("read32 of register {:x}", offset));
      return 0;
  }
}

void PcnetModel::bar_write(unsigned bar, std::uint64_t offset, unsigned width,
                           std::uint32_t value) {
  if (gone) return;
  if (bar > 1) violation("access to a BAR that the chip has not");
  if (width != 4 || (!dwio_ && offset != Reg::rdp.offset)) {
    violation(format("write{} of {:x}", width * 8, offset));
    return;
  }
  dwio_ = true;
  switch (offset) {
    case Reg::rdp.offset:
      if (rap_ == 0) {
        write_status(static_cast<std::uint16_t>(value));
      } else {
        if (rap_ == Csr::kSuspend && never_suspends) break;
        if (csr_[0] != Csr0::kStop && !suspended() && rap_ != Csr::kSuspend) {
          violation(format("CSR{} written while running", rap_));
        }
        csr_[rap_] = static_cast<std::uint16_t>(value);
      }
      break;
    case Reg::rap.offset:
      rap_ = value & 0x7f;
      break;
    case Reg::bdp.offset:
      bcr_[rap_] = static_cast<std::uint16_t>(value);
      break;
    default:
      violation(format("write32 of register {:x}", offset));
  }
}

}  // namespace kedge::fake
