// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "tests/fake/rtl8139_cplus.h"

#include <cstring>

#include "base/format.h"

namespace kedge::fake {

using namespace driver::rtl8139;

namespace {

constexpr std::uint8_t kMediaAlways = 0xd0;
constexpr std::size_t kIpAt = 14;

template <class T>
constexpr std::uint64_t place(hw::Register<T> reg) {
  return std::uint64_t{reg.offset} << 8 | sizeof(T);
}

std::uint32_t add(std::uint32_t sum, ByteView bytes) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    sum += std::to_integer<std::uint32_t>(bytes[i]) << (i % 2 == 0 ? 8 : 0);
  }
  return sum;
}

void put_sum(ByteSpan bytes, std::size_t at, std::uint32_t pseudo) {
  bytes[at] = bytes[at + 1] = std::byte{0};
  std::uint32_t sum = add(pseudo, bytes);
  while (sum > 0xffff) sum = (sum >> 16) + (sum & 0xffff);
  ByteWriter(bytes.subspan(at, 2)).be16(static_cast<std::uint16_t>(~sum));
}

// Only what the protocol in the IP header says is done, whatever else was asked for.
void complete_sums(ByteSpan frame, std::uint32_t control) {
  if (frame.size() < kIpAt + 20 || frame[12] != std::byte{8} || frame[13] != std::byte{0}) return;
  const ByteSpan ip = frame.subspan(kIpAt);
  const std::size_t header = (std::to_integer<std::size_t>(ip[0]) & 0xf) * 4;
  ByteReader reader(ip.subspan(2));
  const std::size_t total = reader.be16();
  if (header < 20 || total < header + 8 || total > ip.size()) return;
  if ((control & CplusTransmit::kIpChecksum) != 0) put_sum(ip.first(header), 10, 0);
  const auto protocol = std::to_integer<std::uint32_t>(ip[9]);
  const ByteSpan segment = ip.subspan(header, total - header);
  const std::uint32_t pseudo =
      add(protocol + static_cast<std::uint32_t>(segment.size()), ByteView(ip.subspan(12, 8)));
  if (protocol == 6 && (control & CplusTransmit::kTcpChecksum) != 0) put_sum(segment, 16, pseudo);
  if (protocol == 17 && (control & CplusTransmit::kUdpChecksum) != 0) put_sum(segment, 6, pseudo);
}

}  // namespace

Rtl8139CplusModel::Rtl8139CplusModel(const wire::MacAddress& mac) : mac_(mac) {
  put_config16(0x00, 0x10ec);
  put_config16(0x02, 0x8139);
  put_config32(0x08, 0x0200'0020);
  put_config32(0x10, 0xc001);
  put_config32(0x14, 0xfebf'1000);
  reset();
  resets = 0;
}

void Rtl8139CplusModel::reset() {
  ++resets;
  receive_ring_ = transmit_ring_ = 0;
  next_receive_ = next_transmit_ = 0;
  command_ = 0;
  mode_ = 0;
  receive_config_ = 0;
  multicast_ = {};
  events = 0;
}

CplusDescriptor* Rtl8139CplusModel::descriptor(std::uint32_t ring, std::uint32_t place) {
  const ByteSpan bytes =
      dma(ring + std::uint64_t{place} * sizeof(CplusDescriptor), sizeof(CplusDescriptor));
  return bytes.empty() ? nullptr : reinterpret_cast<CplusDescriptor*>(bytes.data());
}

bool Rtl8139CplusModel::deliver(ByteView frame) {
  if ((command_ & Cr::kRe) == 0 || (receive_config_ & Rcr::kAap) == 0) return false;
  if (multicast_ != std::array{~0u, ~0u}) violation("not all multicast addresses pass");
  CplusDescriptor* const target = descriptor(receive_ring_, next_receive_);
  if (target == nullptr || (target->control & CplusOwn::kOwn) == 0) {
    events |= Isr::kRxovw;
    return false;
  }
  std::vector<std::byte> padded(frame.begin(), frame.end());
  if (padded.size() < 60) padded.resize(60);
  padded.resize(padded.size() + 4, std::byte{0xfc});  // frame check sequence
  if (padded.size() > CplusReceive::length.get(target->control)) {
    violation("the buffer is too small");
    return false;
  }
  const ByteSpan buffer = dma(target->buffer, padded.size());
  if (buffer.empty()) return false;
  std::memcpy(buffer.data(), padded.data(), padded.size());
  const bool last = (target->control & CplusOwn::kEndOfRing) != 0;
  const auto length = static_cast<std::uint32_t>(padded.size());
  target->control =
      (last ? CplusOwn::kEndOfRing : 0) |
      forced_status.value_or(CplusOwn::kFirst | CplusOwn::kLast | checksum_status | length);
  forced_status.reset();
  next_receive_ = last ? 0 : (next_receive_ + 1) % kCplusEntriesMax;
  events |= Isr::kRok;
  return true;
}

void Rtl8139CplusModel::complete() {
  constexpr std::uint32_t kWhole = CplusOwn::kFirst | CplusOwn::kLast;
  for (;;) {
    CplusDescriptor* const source = descriptor(transmit_ring_, next_transmit_);
    if (source == nullptr || (source->control & CplusOwn::kOwn) == 0) return;
    const std::uint32_t length = source->control & 0xffff;
    if ((source->control & kWhole) != kWhole) violation("a frame in several descriptors");
    if (length < 60 || length > 1518) violation(format("transmission of {} bytes", length));
    const ByteSpan bytes = dma(source->buffer, length);
    sent.emplace_back(bytes.begin(), bytes.end());
    complete_sums(sent.back(), source->control);
    const bool last = (source->control & CplusOwn::kEndOfRing) != 0;
    source->control = (last ? CplusOwn::kEndOfRing : 0) | transmit_status;
    next_transmit_ = last ? 0 : (next_transmit_ + 1) % kCplusEntriesMax;
  }
}

void Rtl8139CplusModel::command(std::uint8_t value) {
  if ((value & Cr::kRst) != 0) {
    reset();
    return;
  }
  constexpr std::uint16_t kMode = Cpcr::kTransmit | Cpcr::kReceive;
  if (value != 0 && ((mode_ & kMode) != kMode || receive_ring_ == 0 || transmit_ring_ == 0)) {
    violation("enabled without mode and rings");
  }
  command_ = value & (Cr::kRe | Cr::kTe);
}

std::uint32_t Rtl8139CplusModel::bar_read(unsigned bar, std::uint64_t offset, unsigned width) {
  if (gone) return ~0u;
  if (bar > 1) violation("access to a BAR that the chip has not");
  const auto& mac = mac_.octets();
  switch (offset << 8 | width) {
    case place(Reg::idr0):
      return static_cast<std::uint32_t>(mac[0] | mac[1] << 8 | mac[2] << 16) | std::uint32_t{mac[3]}
                                                                                   << 24;
    case place(Reg::idr4):
      return static_cast<std::uint32_t>(mac[4] | mac[5] << 8);
    case place(Reg::cr):
      return never_resets ? command_ | Cr::kRst : command_;
    case place(Reg::isr):
      return events;
    case place(Reg::msr):
      return kMediaAlways | (link_up ? 0u : Msr::kLinkb);
    default:
      violation(format("read{} of register {:x}", width * 8, offset));
      return 0;
  }
}

void Rtl8139CplusModel::bar_write(unsigned bar, std::uint64_t offset, unsigned width,
                                  std::uint32_t value) {
  if (gone) return;
  if (bar > 1) violation("access to a BAR that the chip has not");
  // Outside of its mode, the transmit ring's register is another one.
  const bool transmits = (mode_ & Cpcr::kTransmit) != 0;
  switch (offset << 8 | width) {
    case place(Reg::mar0):
      multicast_[0] = value;
      break;
    case place(Reg::mar4):
      multicast_[1] = value;
      break;
    case place(Reg::cpcr):
      mode_ = static_cast<std::uint16_t>(value);
      break;
    case place(Reg::tnpds):
      if (!transmits) violation("ring before the mode");
      transmit_ring_ = value;
      break;
    case place(Reg::rdsar):
      receive_ring_ = value;
      break;
    case place(Reg::tnpds_high):
    case place(Reg::rdsar_high):
      if (value != 0) violation("an address above 4 GiB");
      break;
    case place(Reg::etthr):
      break;
    case place(Reg::tppoll):
      if ((command_ & Cr::kTe) == 0) violation("transmission while the transmitter is disabled");
      if (value != TpPoll::kNormal) violation("another queue");
      if (complete_at_once) complete();
      break;
    case place(Reg::cr):
      command(static_cast<std::uint8_t>(value));
      break;
    case place(Reg::imr):
      if (value != 0) violation("interrupts are enabled");
      break;
    case place(Reg::isr):
      events &= static_cast<std::uint16_t>(~value);
      break;
    case place(Reg::tcr):
      if ((command_ & Cr::kTe) == 0) violation("TCR written while the transmitter is disabled");
      break;
    case place(Reg::rcr):
      if ((command_ & Cr::kRe) == 0) violation("RCR written while the receiver is disabled");
      receive_config_ = value;
      break;
    default:
      violation(format("write{} of register {:x}", width * 8, offset));
  }
}

}  // namespace kedge::fake
