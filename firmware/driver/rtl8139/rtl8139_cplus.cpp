// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "driver/rtl8139/rtl8139_cplus.h"

#include <new>

#include "driver/common/register_window.h"
#include "hw/dma.h"

namespace kedge::driver {

using rtl8139::Cpcr;
using rtl8139::CplusDescriptor;
using rtl8139::CplusOwn;
using rtl8139::CplusReceive;
using rtl8139::CplusTransmit;
using rtl8139::Cr;
using rtl8139::Isr;
using rtl8139::Rcr;
using rtl8139::Reg;

namespace {

constexpr std::size_t kTransmitAt = std::size_t{Rtl8139Cplus::kEntries} * sizeof(CplusDescriptor);
constexpr std::size_t kReceiveBuffersAt = 2 * kTransmitAt;
constexpr std::size_t kTransmitBuffersAt =
    kReceiveBuffersAt + std::size_t{Rtl8139Cplus::kEntries} * Rtl8139Cplus::kBufferBytes;
constexpr std::size_t kMemoryBytes =
    kTransmitBuffersAt + std::size_t{Rtl8139Cplus::kEntries} * Rtl8139Cplus::kBufferBytes;
static_assert(kTransmitAt % 256 == 0, "rings begin at multiples of 256");
static_assert(Rtl8139Cplus::kBufferBytes >= kFrameBytesMax + kFrameCheckBytes);

/// In units of 32 bytes: a frame is sent when all of it is in the chip.
constexpr std::uint8_t kTransmitThreshold = Rtl8139Cplus::kBufferBytes / 32;
/// All unicast, because who uses the device filters exactly.
constexpr std::uint32_t kReceiveConfig =
    Rcr::kAap | Rcr::kApm | Rcr::kAm | Rcr::kAb |
    Rcr::rxfth.with(Rcr::mxdma.with(0, Rcr::kMxdmaUnlimited), Rcr::kRxfthWholeFrame);
constexpr std::uint16_t kReceiveEvents = Isr::kRok | Isr::kRer | Isr::kRxovw | Isr::kFovw;
constexpr std::uint16_t kNothingAnswers = 0xffff;

constexpr std::size_t kEtherTypeAt = 12;
constexpr std::uint16_t kEtherTypeIpv4 = 0x0800;
constexpr std::uint32_t kIpv4HeaderMin = 20;
constexpr std::uint16_t kTcpChecksumAt = 16;  // RFC 9293, 3.1
constexpr std::uint16_t kUdpChecksumAt = 6;   // RFC 768

constexpr std::uint32_t end_of_ring(std::uint32_t place) noexcept {
  return place + 1 == Rtl8139Cplus::kEntries ? CplusOwn::kEndOfRing : 0;
}
std::size_t receive_buffer(std::uint32_t place) noexcept {
  return kReceiveBuffersAt + std::size_t{place} * Rtl8139Cplus::kBufferBytes;
}
std::size_t transmit_buffer(std::uint32_t number) noexcept {
  return kTransmitBuffersAt +
         std::size_t{number % Rtl8139Cplus::kEntries} * Rtl8139Cplus::kBufferBytes;
}

/// The chip looks for the headers itself, and knows TCP and UDP in IPv4 without a tag. It writes
/// the whole sum, whatever the field holds.
std::uint32_t offload_bits(ByteView frame, link::TransmitInfo info) noexcept {
  ByteReader reader(frame.subspan(kEtherTypeAt));
  if (info.checksum_start < kEthernetHeader + kIpv4HeaderMin || reader.be16() != kEtherTypeIpv4) {
    return 0;
  }
  if (info.checksum_offset == kTcpChecksumAt) {
    return CplusTransmit::kIpChecksum | CplusTransmit::kTcpChecksum;
  }
  if (info.checksum_offset == kUdpChecksumAt) {
    return CplusTransmit::kIpChecksum | CplusTransmit::kUdpChecksum;
  }
  return 0;
}

/// RFC 1071, for what the chip does not know.
void complete_checksum(ByteSpan frame, link::TransmitInfo info) noexcept {
  std::uint32_t sum = 0;
  for (std::size_t i = info.checksum_start; i < frame.size(); ++i) {
    const auto byte = std::to_integer<std::uint32_t>(frame[i]);
    sum += (i - info.checksum_start) % 2 == 0 ? byte << 8 : byte;
  }
  while (sum > 0xffff) sum = (sum >> 16) + (sum & 0xffff);
  ByteWriter writer(frame.subspan(std::size_t{info.checksum_start} + info.checksum_offset, 2));
  writer.be16(static_cast<std::uint16_t>(~sum));
}

/// Of a whole frame: the chip has looked at the sum, and it was right.
bool is_verified(std::uint32_t status) noexcept {
  const std::uint32_t protocol = CplusReceive::protocol.get(status);
  if ((status & CplusReceive::kIpFailed) != 0) return false;
  return (protocol == CplusReceive::kProtocolTcp && (status & CplusReceive::kTcpFailed) == 0) ||
         (protocol == CplusReceive::kProtocolUdp && (status & CplusReceive::kUdpFailed) == 0);
}

}  // namespace

Result<std::unique_ptr<Rtl8139Cplus>> Rtl8139Cplus::create(port::PciDevice& pci) noexcept {
  pci.set_dma_reach(port::DmaReach::bits32);
  KEDGE_CHECK(pci.enable(false));
  KEDGE_TRY(auto registers, register_window(pci, {Reg::kMemoryBar, Reg::kIoBar}, Reg::kSize));
  std::unique_ptr<Rtl8139Cplus> device(new (std::nothrow) Rtl8139Cplus(pci, registers));
  if (device == nullptr) return fail(err::base_no_memory);
  KEDGE_TRY(const auto mac, rtl8139::identify(pci, registers));
  KEDGE_CHECK(device->set_mac(mac));
  return device;
}

CplusDescriptor& Rtl8139Cplus::receive_descriptor(std::uint32_t place) const noexcept {
  return hw::dma_objects<CplusDescriptor>(memory_->cpu().data(), 0)[place];
}
CplusDescriptor& Rtl8139Cplus::transmit_descriptor(std::uint32_t number) const noexcept {
  return hw::dma_objects<CplusDescriptor>(memory_->cpu().data(), kTransmitAt)[number % kEntries];
}

void Rtl8139Cplus::describe_rings() noexcept {
  next_receive_ = 0;
  sent_ = shown_ = done_ = 0;
  checksum_ = {};
  const auto address = [this](std::size_t offset) {
    return static_cast<std::uint32_t>(memory_->device(offset));
  };
  for (std::uint32_t i = 0; i < kEntries; ++i) {
    receive_descriptor(i) = {.control = CplusOwn::kOwn | end_of_ring(i) | kBufferBytes,
                             .vlan = 0,
                             .buffer = address(receive_buffer(i)),
                             .buffer_high = 0};
    transmit_descriptor(i) = {.control = end_of_ring(i),
                              .vlan = 0,
                              .buffer = address(transmit_buffer(i)),
                              .buffer_high = 0};
  }
  hw::dma_write_barrier();
  hw::write(registers_, Reg::rdsar, address(0));
  hw::write(registers_, Reg::rdsar_high, 0);
  hw::write(registers_, Reg::tnpds, address(kTransmitAt));
  hw::write(registers_, Reg::tnpds_high, 0);
}

Result<void> Rtl8139Cplus::bring_up() noexcept {
  KEDGE_CHECK(rtl8139::reset(pci_, registers_));
  KEDGE_CHECK(allocate(memory_, kMemoryBytes));
  KEDGE_CHECK(pci_.enable(true));
  hw::write(registers_, Reg::imr, 0);
  // First of all: outside of the mode, other registers are where the ring's address goes.
  hw::write(registers_, Reg::cpcr, Cpcr::kTransmit | Cpcr::kReceive | Cpcr::kReceiveChecksum);
  describe_rings();
  hw::write(registers_, Reg::etthr, kTransmitThreshold);
  // Both configurations can only be written while their half of the chip is enabled.
  hw::write(registers_, Reg::cr, Cr::kRe | Cr::kTe);
  hw::write(registers_, Reg::tcr, rtl8139::kTransmitConfig);
  hw::write(registers_, Reg::mar0, ~0u);
  hw::write(registers_, Reg::mar4, ~0u);
  hw::write(registers_, Reg::rcr, kReceiveConfig);
  return {};
}

link::LinkState Rtl8139Cplus::link_state() noexcept {
  if (!running()) return link::LinkState::down;
  const auto link = rtl8139::link_state(registers_);
  if (!link) give_up(ChipFault::gone);
  return link.value_or(link::LinkState::down);
}

std::uint32_t Rtl8139Cplus::receive(link::Receiver& receiver, std::uint32_t budget) noexcept {
  const std::uint16_t events = hw::read(registers_, Reg::isr);
  if (events == kNothingAnswers) {
    report(ChipFault::gone);
    return 0;
  }
  if ((events & Isr::kSerr) != 0) report(ChipFault::bus);
  // Before the ring is looked at, so that no frame is overlooked.
  if ((events & kReceiveEvents) != 0) hw::write(registers_, Reg::isr, kReceiveEvents);
  std::uint32_t delivered = 0;
  // Frames with errors do not count, so the ring is the limit.
  for (std::uint32_t seen = 0; seen < kEntries && delivered < budget && running(); ++seen) {
    CplusDescriptor& descriptor = receive_descriptor(next_receive_);
    const std::uint32_t status = hw::dma_load(descriptor.control);
    if ((status & CplusOwn::kOwn) != 0) break;
    hw::dma_read_barrier();
    if (take(receiver, next_receive_, status)) ++delivered;
    hw::dma_write_barrier();
    hw::dma_store(descriptor.control, CplusOwn::kOwn | end_of_ring(next_receive_) | kBufferBytes);
    next_receive_ = (next_receive_ + 1) % kEntries;
  }
  if (running()) recycle();
  return delivered;
}

/// True when the frame was delivered.
bool Rtl8139Cplus::take(link::Receiver& receiver, std::uint32_t place,
                        std::uint32_t status) noexcept {
  const std::uint32_t length = CplusReceive::length.get(status);
  constexpr std::uint32_t kWhole = CplusOwn::kFirst | CplusOwn::kLast;
  if ((status & kWhole) != kWhole || (status & CplusReceive::kErrorSummary) != 0 ||
      length < kEthernetHeader + kFrameCheckBytes || length > kFrameBytesMax + kFrameCheckBytes) {
    ++counters().receive_errors;
    return false;
  }
  const ByteView pieces[] = {
      memory_->cpu().subspan(receive_buffer(place), length - kFrameCheckBytes)};
  return deliver(receiver, pieces, {.checksum_verified = is_verified(status)});
}

void Rtl8139Cplus::recycle() noexcept {
  for (; done_ != shown_; ++done_) {
    const std::uint32_t status = hw::dma_load(transmit_descriptor(done_).control);
    if ((status & CplusOwn::kOwn) != 0) break;
    if ((status & CplusTransmit::kErrorSummary) != 0) ++counters().transmit_errors;
  }
}

ByteSpan Rtl8139Cplus::transmit_slot() noexcept {
  if (sent_ - done_ == kEntries - 1) recycle();
  if (sent_ - done_ == kEntries - 1) return {};
  return memory_->cpu().subspan(transmit_buffer(sent_), kBufferBytes);
}

void Rtl8139Cplus::submit(std::uint32_t length) noexcept {
  const link::TransmitInfo wanted = std::exchange(checksum_, {});
  std::uint32_t offload = 0;
  if (wanted.checksum_start != 0) {
    const ByteSpan frame = memory_->cpu().subspan(transmit_buffer(sent_), length);
    offload = offload_bits(frame, wanted);
    if (offload == 0) complete_checksum(frame, wanted);
  }
  hw::dma_write_barrier();
  hw::dma_store(transmit_descriptor(sent_).control, CplusOwn::kOwn | CplusOwn::kFirst |
                                                        CplusOwn::kLast | offload |
                                                        end_of_ring(sent_ % kEntries) | length);
  ++sent_;
}

void Rtl8139Cplus::flush() noexcept {
  if (shown_ == sent_) return;
  shown_ = sent_;
  hw::write(registers_, Reg::tppoll, rtl8139::TpPoll::kNormal);
}

}  // namespace kedge::driver
