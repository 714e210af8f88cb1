// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "driver/rtl8139/rtl8139.h"

#include <algorithm>
#include <new>

#include "driver/common/group_hash.h"
#include "driver/common/register_window.h"
#include "hw/dma.h"

namespace kedge::driver {

using rtl8139::Cr;
using rtl8139::Header;
using rtl8139::Isr;
using rtl8139::Msr;
using rtl8139::Rcr;
using rtl8139::Reg;
using rtl8139::Tcr;
using rtl8139::TsadSummary;
using rtl8139::Tsd;

namespace {

/// RST clears itself; drivers in the field allow 10 ms.
constexpr unsigned kResetPolls = 1000;
constexpr std::uint32_t kResetPollUs = 10;

constexpr std::uint32_t kRingSize = 2;  // RBLEN: 8 KiB << 2
static_assert(Rtl8139::kRingBytes == 8192u << kRingSize);
/// The chip hears of room in the ring at least this often, even in the middle of a poll.
constexpr std::uint32_t kReleaseBytes = Rtl8139::kRingBytes / 4;
/// Polls that may see the same unfinished frame. One takes 1.2 ms at 10 Mbit/s, a poll about 1 us.
constexpr std::uint32_t kUnfinishedPollsMax = 100'000;

constexpr std::uint32_t kSlotBytes = 1536;
static_assert(kSlotBytes >= kFrameBytesMax);
constexpr std::size_t kMemoryBytes =
    Rtl8139::kRingBytes + std::size_t{rtl8139::kTransmitDescriptors} * kSlotBytes;
/// In units of 32 bytes: a frame is sent when all of it is in the chip, so that it never runs dry.
constexpr std::uint32_t kTransmitThreshold = kSlotBytes / 32;

/// The chip wraps frames at the end of the ring by itself (WRAP clear), so that a frame of any
/// length stays inside.
constexpr std::uint32_t kReceiveConfig =
    Rcr::kApm | Rcr::kAm | Rcr::kAb |
    Rcr::rxfth.with(Rcr::rblen.with(Rcr::mxdma.with(0, Rcr::kMxdmaUnlimited), kRingSize),
                    Rcr::kRxfthWholeFrame);
constexpr std::uint32_t kTransmitConfig =
    Tcr::ifg.with(Tcr::mxdma.with(0, Tcr::kMxdma2048), Tcr::kIfgStandard);

constexpr std::uint16_t kReceiveEvents = Isr::kRok | Isr::kRer | Isr::kRxovw | Isr::kFovw;

}  // namespace

Result<std::unique_ptr<Rtl8139>> Rtl8139::create(port::PciDevice& pci) noexcept {
  pci.set_dma_reach(port::DmaReach::bits32);
  KEDGE_CHECK(pci.enable(false));
  KEDGE_TRY(const auto registers, register_window(pci, {Reg::kMemoryBar, Reg::kIoBar}, Reg::kSize));
  std::unique_ptr<Rtl8139> device(new (std::nothrow) Rtl8139(pci, registers));
  if (device == nullptr) return fail(err::base_no_memory);
  KEDGE_CHECK(device->identify());
  return device;
}

Result<void> Rtl8139::identify() noexcept {
  KEDGE_CHECK(reset());
  std::array<std::byte, 8> halves{};
  ByteWriter writer(halves);
  writer.le32(hw::read(registers_, Reg::idr0));
  writer.le32(hw::read(registers_, Reg::idr4));
  ByteReader reader(halves);
  return set_mac(wire::MacAddress::read(reader));
}

Result<void> Rtl8139::reset() noexcept {
  hw::write(registers_, Reg::cr, Cr::kRst);
  std::uint8_t command = 0;
  for (unsigned poll = 0; poll < kResetPolls; ++poll) {
    command = hw::read(registers_, Reg::cr);
    if (command == 0xff) return fail(err::nic_no_response);
    if ((command & Cr::kRst) == 0) return {};
    pci_.stall_us(kResetPollUs);
  }
  return fail(err::nic_reset_timeout, command);
}

Result<void> Rtl8139::bring_up() noexcept {
  KEDGE_CHECK(reset());
  KEDGE_CHECK(allocate(memory_, kMemoryBytes));
  KEDGE_CHECK(pci_.enable(true));
  read_ = 0;
  unreleased_ = 0;
  unfinished_polls_ = 0;
  next_slot_ = 0;
  in_flight_ = 0;
  const auto address = [this](std::size_t offset) {
    return static_cast<std::uint32_t>(memory_->device(offset));
  };
  hw::write(registers_, Reg::imr, 0);
  hw::write(registers_, Reg::rbstart, address(0));
  for (std::uint32_t slot = 0; slot < rtl8139::kTransmitDescriptors; ++slot) {
    hw::write(registers_, Reg::tsad(slot), address(kRingBytes + std::size_t{slot} * kSlotBytes));
  }
  // Both configurations can only be written while their half of the chip is enabled.
  hw::write(registers_, Reg::cr, Cr::kRe | Cr::kTe);
  hw::write(registers_, Reg::tcr, kTransmitConfig);
  write_groups();
  promiscuous_ = filter().promiscuous;
  hw::write(registers_, Reg::rcr, kReceiveConfig | (promiscuous_ ? Rcr::kAap : 0));
  return {};
}

void Rtl8139::write_groups() noexcept {
  const std::uint64_t table = group_hash(filter(), HashOrder::x31_to_x26);
  hw::write(registers_, Reg::mar0, static_cast<std::uint32_t>(table));
  hw::write(registers_, Reg::mar4, static_cast<std::uint32_t>(table >> 32));
}

/// RCR is left alone while the chip receives: emulations then begin the ring anew.
void Rtl8139::apply_filter() noexcept {
  write_groups();
  if (filter().promiscuous != promiscuous_) restart();
}

link::LinkState Rtl8139::link_state() noexcept {
  if (!running()) return link::LinkState::down;
  const std::uint8_t media = hw::read(registers_, Reg::msr);
  if (media == 0xff) {
    give_up(ChipFault::gone);
    return link::LinkState::down;
  }
  return (media & Msr::kLinkb) != 0 ? link::LinkState::down : link::LinkState::up;
}

/// Looks at the header where the driver reads. The length of the frame with its frame check
/// sequence, when all of it is there; else 0.
std::uint32_t Rtl8139::take(std::uint32_t available) noexcept {
  const std::uint32_t header =
      hw::dma_load(*hw::dma_objects<std::uint32_t>(memory_->cpu().data(), read_));
  const std::uint32_t length = Header::length.get(header);
  const bool unfinished = length == Header::kLengthUnfinished;
  if (!unfinished && ((header & Header::kRok) == 0 || length <= kFrameCheckBytes ||
                      length > kRingBytes - Header::kBytes)) {
    report(ChipFault::length);
    return 0;
  }
  if (unfinished || Header::kBytes + length > available) {
    if (++unfinished_polls_ > kUnfinishedPollsMax) report(ChipFault::stalled);
    return 0;
  }
  unfinished_polls_ = 0;
  return length;
}

void Rtl8139::hand_over(link::Receiver& receiver, std::uint32_t length) noexcept {
  const ByteView ring = memory_->cpu().first(kRingBytes);
  const std::uint32_t start = (read_ + Header::kBytes) % kRingBytes;
  const std::uint32_t first = std::min(length, kRingBytes - start);
  const ByteView pieces[] = {ring.subspan(start, first), ring.first(length - first)};
  (void)deliver(receiver, pieces);
}

void Rtl8139::release_ring() noexcept {
  // What was read must have been read before the chip may overwrite it.
  hw::dma_full_barrier();
  hw::write(registers_, Reg::capr, static_cast<std::uint16_t>(read_ - rtl8139::kCaprLag));
  unreleased_ = 0;
}

std::uint32_t Rtl8139::receive(link::Receiver& receiver, std::uint32_t budget) noexcept {
  const std::uint16_t written = hw::read(registers_, Reg::cbr);
  if (written >= kRingBytes || written % rtl8139::kRingAlign != 0) {
    report(written == 0xffff ? ChipFault::gone : ChipFault::position);
    return 0;
  }
  hw::dma_read_barrier();
  std::uint32_t available = (written - read_) % kRingBytes;
  if (available == 0) return 0;
  std::uint32_t delivered = 0;
  while (available != 0 && delivered < budget && running()) {
    const std::uint32_t length = take(available);
    if (length == 0) break;
    const std::uint32_t frame = length - kFrameCheckBytes;
    const std::uint32_t step = (Header::kBytes + length + rtl8139::kRingAlign - 1) /
                               rtl8139::kRingAlign * rtl8139::kRingAlign;
    if (frame < kEthernetHeader || frame > kFrameBytesMax) {
      ++counters().receive_errors;
    } else {
      hand_over(receiver, frame);
      ++delivered;
    }
    read_ = (read_ + step) % kRingBytes;
    available -= step;
    unreleased_ += step;
    if (unreleased_ >= kReleaseBytes) release_ring();
  }
  if (!running()) return delivered;
  if (unreleased_ != 0) release_ring();
  // An overflow is over when there is room again and the chip is told so, in this order (5.7).
  hw::write(registers_, Reg::isr, kReceiveEvents);
  return delivered;
}

void Rtl8139::recycle() noexcept {
  const std::uint16_t summary = hw::read(registers_, Reg::tsad_summary);
  if (summary == 0xffff) {
    report(ChipFault::gone);
    return;
  }
  while (in_flight_ != 0) {
    const std::uint32_t slot = (next_slot_ - in_flight_) % rtl8139::kTransmitDescriptors;
    const auto has = [summary, slot](unsigned shift) {
      return (summary >> (shift + slot) & 1) != 0;
    };
    if (has(TsadSummary::kTabtShift)) {
      // Too many collisions: the chip waits, and sends the frame again when told to.
      ++counters().transmit_errors;
      hw::write(registers_, Reg::tcr, kTransmitConfig | Tcr::kClrabt);
      return;
    }
    if (!has(TsadSummary::kTokShift) && !has(TsadSummary::kTunShift)) return;
    if (has(TsadSummary::kTunShift)) ++counters().transmit_errors;
    --in_flight_;
  }
}

bool Rtl8139::idle() noexcept {
  recycle();
  return in_flight_ == 0;
}

ByteSpan Rtl8139::transmit_slot() noexcept {
  // One look at the chip for four frames.
  if (in_flight_ == rtl8139::kTransmitDescriptors) recycle();
  if (in_flight_ == rtl8139::kTransmitDescriptors) return {};
  return memory_->cpu().subspan(kRingBytes + std::size_t{next_slot_} * kSlotBytes, kSlotBytes);
}

void Rtl8139::submit(std::uint32_t length) noexcept {
  hw::dma_write_barrier();
  hw::write(registers_, Reg::tsd(next_slot_),
            Tsd::ertxth.with(Tsd::size.with(0, length), kTransmitThreshold));
  next_slot_ = (next_slot_ + 1) % rtl8139::kTransmitDescriptors;
  ++in_flight_;
}

Result<std::unique_ptr<link::Device>> create_rtl8139(port::PciDevice& pci, Consumer) noexcept {
  KEDGE_TRY(auto device, Rtl8139::create(pci));
  return std::unique_ptr<link::Device>(std::move(device));
}

}  // namespace kedge::driver
