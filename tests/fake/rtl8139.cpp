// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "tests/fake/rtl8139.h"

#include <algorithm>
#include <cstring>

#include "base/format.h"
#include "tests/fake/group_filter.h"

namespace kedge::fake {

using namespace driver::rtl8139;

namespace {

constexpr std::uint32_t kStatusDone = Tsd::kOwn | Tsd::kTok;
constexpr std::uint8_t kMediaAlways = 0xd0;

std::uint64_t place(std::uint64_t offset, unsigned width) {
  return offset << 8 | width;
}

template <class T>
constexpr std::uint64_t place(hw::Register<T> reg) {
  return std::uint64_t{reg.offset} << 8 | sizeof(T);
}

}  // namespace

Rtl8139Model::Rtl8139Model(const wire::MacAddress& mac) : mac_(mac) {
  put_config16(0x00, 0x10ec);
  put_config16(0x02, 0x8139);
  put_config32(0x10, 0xc001);
  put_config32(0x14, 0xfebf'1000);
  reset();
  resets = 0;
}

void Rtl8139Model::reset() {
  ++resets;
  for (Transmission& transmission : transmissions_) transmission = {0, Tsd::kOwn};
  next_transmission_ = 0;
  ring_ = 0;
  written_ = 0;
  read_ = 0;
  command_ = 0;
  receive_config_ = 0;
  transmit_config_ = 0;
  multicast_ = {};
  events = 0;
}

std::uint32_t Rtl8139Model::ring_bytes() const {
  return 8192u << Rcr::rblen.get(receive_config_);
}

void Rtl8139Model::put(ByteView bytes) {
  while (!bytes.empty()) {
    const std::size_t part = std::min<std::size_t>(bytes.size(), ring_bytes() - written_);
    const ByteSpan target = dma(std::uint64_t{ring_} + written_, part);
    if (target.empty()) return;
    std::memcpy(target.data(), bytes.data(), part);
    written_ = (written_ + static_cast<std::uint32_t>(part)) % ring_bytes();
    bytes = bytes.subspan(part);
  }
}

bool Rtl8139Model::passes(const wire::MacAddress& to) const {
  const auto has = [this](std::uint32_t bit) { return (receive_config_ & bit) != 0; };
  if (to.is_broadcast()) return has(Rcr::kAb);
  if (!to.is_multicast()) return has(Rcr::kAap) || (has(Rcr::kApm) && to == mac_);
  const std::uint32_t bit = address_crc(to) >> 26;
  return has(Rcr::kAm) && (multicast_[bit / 32] >> bit % 32 & 1) != 0;
}

bool Rtl8139Model::deliver(ByteView frame) {
  if ((command_ & Cr::kRe) == 0 || !passes(destination_of(frame))) return false;
  std::vector<std::byte> padded(frame.begin(), frame.end());
  if (!forced_header && padded.size() < 60) padded.resize(60);
  const std::uint32_t room = (read_ - written_ - 1) % ring_bytes();
  if (padded.size() + 8 >= room) {
    events |= Isr::kRxovw;
    return false;
  }
  const auto length = static_cast<std::uint32_t>(padded.size() + 4);
  const std::uint32_t header = forced_header.value_or(Header::length.with(Header::kRok, length));
  forced_header.reset();
  padded.resize(padded.size() + 4, std::byte{0xfc});  // frame check sequence
  put(std::as_bytes(std::span(&header, 1)));
  put(padded);
  written_ = (written_ + kRingAlign - 1) / kRingAlign * kRingAlign % ring_bytes();
  events |= Isr::kRok;
  return true;
}

void Rtl8139Model::command(std::uint8_t value) {
  if ((value & Cr::kRst) != 0) {
    reset();
    return;
  }
  if ((value & Cr::kRe) != 0 && (command_ & Cr::kRe) == 0 && ring_ == 0) {
    violation("receiver enabled without a ring");
  }
  command_ = value & (Cr::kRe | Cr::kTe);
}

void Rtl8139Model::begin_transmission(std::uint32_t slot, std::uint32_t value) {
  Transmission& transmission = transmissions_[slot];
  if ((command_ & Cr::kTe) == 0) violation("transmission while the transmitter is disabled");
  if ((transmission.status & Tsd::kOwn) == 0) violation("descriptor is still the chip's");
  if (slot != next_transmission_) violation("descriptors are used out of order");
  next_transmission_ = (slot + 1) % kTransmitDescriptors;
  if ((value & Tsd::kOwn) != 0) violation("OWN written as one");
  transmission.status = value & ~kStatusDone;
  if (complete_at_once) finish(slot);
}

void Rtl8139Model::finish(std::uint32_t slot) {
  Transmission& transmission = transmissions_[slot];
  if (collisions != 0) {
    --collisions;
    transmission.status |= Tsd::kTabt;
    return;
  }
  const std::uint32_t size = Tsd::size.get(transmission.status);
  if (size < 60 || size > 1518) violation(format("transmission of {} bytes", size));
  const ByteSpan bytes = dma(transmission.address, size);
  sent.emplace_back(bytes.begin(), bytes.end());
  transmission.status |= kStatusDone;
}

void Rtl8139Model::complete() {
  for (std::uint32_t i = 0; i < kTransmitDescriptors; ++i) {
    const std::uint32_t slot = (next_transmission_ + i) % kTransmitDescriptors;
    if ((transmissions_[slot].status & (Tsd::kOwn | Tsd::kTabt)) == 0) finish(slot);
  }
}

std::uint16_t Rtl8139Model::summary() const {
  std::uint32_t bits = 0;
  for (unsigned slot = 0; slot < kTransmitDescriptors; ++slot) {
    const std::uint32_t status = transmissions_[slot].status;
    if ((status & Tsd::kOwn) != 0) bits |= 1u << (TsadSummary::kOwnShift + slot);
    if ((status & Tsd::kTabt) != 0) bits |= 1u << (TsadSummary::kTabtShift + slot);
    if ((status & Tsd::kTun) != 0) bits |= 1u << (TsadSummary::kTunShift + slot);
    if ((status & Tsd::kTok) != 0) bits |= 1u << (TsadSummary::kTokShift + slot);
  }
  return static_cast<std::uint16_t>(bits);
}

std::uint32_t Rtl8139Model::bar_read(unsigned bar, std::uint64_t offset, unsigned width) {
  if (gone) return ~0u;
  if (bar > 1) violation("access to a BAR that the chip has not");
  const auto& mac = mac_.octets();
  switch (place(offset, width)) {
    case place(Reg::idr0):
      return static_cast<std::uint32_t>(mac[0] | mac[1] << 8 | mac[2] << 16) | std::uint32_t{mac[3]}
                                                                                   << 24;
    case place(Reg::idr4):
      return static_cast<std::uint32_t>(mac[4] | mac[5] << 8);
    case place(Reg::cr):
      if (never_resets) return command_ | Cr::kRst;
      return command_ | (read_ == written_ ? Cr::kBufe : 0u);
    case place(Reg::cbr):
      return forced_position.value_or(static_cast<std::uint16_t>(written_));
    case place(Reg::msr):
      return kMediaAlways | (link_up ? 0u : Msr::kLinkb);
    case place(Reg::tsad_summary):
      return summary();
    default:
      violation(format("read{} of register {:x}", width * 8, offset));
      return 0;
  }
}

void Rtl8139Model::bar_write(unsigned bar, std::uint64_t offset, unsigned width,
                             std::uint32_t value) {
  if (gone) return;
  if (bar > 1) violation("access to a BAR that the chip has not");
  for (std::uint32_t slot = 0; slot < kTransmitDescriptors; ++slot) {
    if (place(offset, width) == place(Reg::tsd(slot))) return begin_transmission(slot, value);
    if (place(offset, width) == place(Reg::tsad(slot))) {
      transmissions_[slot].address = value;
      return;
    }
  }
  switch (place(offset, width)) {
    case place(Reg::mar0):
      multicast_[0] = value;
      break;
    case place(Reg::mar4):
      multicast_[1] = value;
      break;
    case place(Reg::rbstart):
      ring_ = value;
      break;
    case place(Reg::cr):
      command(static_cast<std::uint8_t>(value));
      break;
    case place(Reg::capr): {
      const std::uint32_t target = (value + kCaprLag) % ring_bytes();
      if ((target - read_) % ring_bytes() > (written_ - read_) % ring_bytes()) {
        violation("CAPR moves past what was received");
      }
      read_ = target;
      break;
    }
    case place(Reg::imr):
      if (value != 0) violation("interrupts are enabled");
      break;
    case place(Reg::isr):
      events &= static_cast<std::uint16_t>(~value);
      break;
    case place(Reg::tcr):
      if ((command_ & Cr::kTe) == 0) violation("TCR written while the transmitter is disabled");
      if ((value & Tcr::kClrabt) != 0) {
        for (Transmission& transmission : transmissions_) transmission.status &= ~Tsd::kTabt;
        complete();
      }
      transmit_config_ = value & ~Tcr::kClrabt;
      break;
    case place(Reg::rcr):
      if ((command_ & Cr::kRe) == 0) violation("RCR written while the receiver is disabled");
      receive_config_ = value;
      // As emulations do; the datasheet says nothing of it.
      written_ = 0;
      read_ = 0;
      break;
    default:
      violation(format("write{} of register {:x}", width * 8, offset));
  }
}

}  // namespace kedge::fake
