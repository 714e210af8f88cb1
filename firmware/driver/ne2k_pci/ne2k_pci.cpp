// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "driver/ne2k_pci/ne2k_pci.h"

#include <algorithm>
#include <new>

#include "driver/common/group_hash.h"
#include "driver/common/register_window.h"

namespace kedge::driver {

using ne2k::Cr;
using ne2k::Dcr;
using ne2k::Header;
using ne2k::Isr;
using ne2k::Rcr;
using ne2k::Reg;
using ne2k::Tcr;

namespace {

/// A reset is over within some register accesses.
constexpr unsigned kResetPolls = 1000;
constexpr std::uint32_t kResetPollUs = 10;
/// Until the last words of a remote write are in the chip's memory: some cycles.
constexpr unsigned kRemotePolls = 1000;
/// DP8390D, "Overwrite warning": until a transmission in progress has surely ended.
constexpr std::uint32_t kStopUs = 1600;

constexpr std::uint8_t kIdle = Cr::kRemoteAbort | Cr::kSta;
constexpr std::uint8_t kStopped = Cr::kRemoteAbort | Cr::kStp;
constexpr std::uint8_t kDataConfig = Dcr::kWts | Dcr::kLs | Dcr::kFifo8;

constexpr std::uint8_t low(std::uint32_t value) noexcept {
  return static_cast<std::uint8_t>(value);
}
constexpr std::uint8_t high(std::uint32_t value) noexcept {
  return static_cast<std::uint8_t>(value >> 8);
}
constexpr std::uint32_t words_of(std::uint32_t bytes) noexcept {
  return (bytes + 3) / 4;
}

}  // namespace

Result<std::unique_ptr<Ne2kPci>> Ne2kPci::create(port::PciDevice& pci) noexcept {
  KEDGE_CHECK(pci.enable(false));
  KEDGE_TRY(const auto registers, register_window(pci, {Reg::kIoBar}, Reg::kSize));
  std::unique_ptr<Ne2kPci> device(new (std::nothrow) Ne2kPci(pci, registers));
  if (device == nullptr) return fail(err::base_no_memory);
  KEDGE_CHECK(device->identify());
  return device;
}

Result<void> Ne2kPci::reset() noexcept {
  hw::write(registers_, Reg::reset, hw::read(registers_, Reg::reset));
  hw::write(registers_, Reg::cr, kStopped);
  std::uint8_t events = 0;
  for (unsigned poll = 0; poll < kResetPolls; ++poll) {
    events = hw::read(registers_, Reg::isr);
    if (events == 0xff) return fail(err::nic_no_response);
    if ((events & Isr::kRst) != 0) break;
    pci_.stall_us(kResetPollUs);
  }
  if ((events & Isr::kRst) == 0) return fail(err::nic_reset_timeout, events);
  const std::uint8_t id0 = hw::read(registers_, Reg::id0);
  const std::uint8_t id1 = hw::read(registers_, Reg::id1);
  if (id0 != ne2k::kId0 || id1 != ne2k::kId1) {
    return fail(err::nic_no_response, std::uint32_t{id1} << 8 | id0);
  }
  hw::write(registers_, Reg::dcr, kDataConfig);
  return {};
}

/// The station address is in a memory of bytes: each word of it has one.
Result<void> Ne2kPci::identify() noexcept {
  KEDGE_CHECK(reset());
  hw::write(registers_, Reg::rcr, Rcr::kMon);
  hw::write(registers_, Reg::tcr, Tcr::kLoopback);
  std::array<std::uint32_t, wire::MacAddress::kSize / 2> words{};
  read_memory(0, words);
  std::array<std::uint8_t, wire::MacAddress::kSize> octets{};
  for (std::size_t i = 0; i < octets.size(); ++i) octets[i] = low(words[i / 2] >> 16 * (i % 2));
  halt();
  return set_mac(wire::MacAddress(octets));
}

/// The DP8390's initialization sequence, in its order.
Result<void> Ne2kPci::bring_up() noexcept {
  KEDGE_CHECK(reset());
  next_page_ = ne2k::kRingStart + 1;
  queued_bytes_ = 0;
  sending_ = false;
  pending_ = false;
  looped_ = false;
  hw::write(registers_, Reg::rbcr0, 0);
  hw::write(registers_, Reg::rbcr1, 0);
  hw::write(registers_, Reg::rcr, Rcr::kMon);
  hw::write(registers_, Reg::tcr, Tcr::kLoopback);
  hw::write(registers_, Reg::pstart, ne2k::kRingStart);
  hw::write(registers_, Reg::pstop, ne2k::kRingStop);
  hw::write(registers_, Reg::bnry, ne2k::kRingStart);
  hw::write(registers_, Reg::isr, 0xff);
  hw::write(registers_, Reg::imr, 0);
  hw::write(registers_, Reg::cr, kStopped | Cr::kPage1);
  for (std::uint32_t octet = 0; octet < wire::MacAddress::kSize; ++octet) {
    hw::write(registers_, Reg::par(octet), mac().octets()[octet]);
  }
  write_groups();
  hw::write(registers_, Reg::curr, next_page_);
  hw::write(registers_, Reg::cr, kIdle);
  hw::write(registers_, Reg::tcr, 0);
  write_receive_config();
  return {};
}

/// With page 1 selected.
void Ne2kPci::write_groups() noexcept {
  const std::uint64_t table = group_hash(filter(), HashOrder::x31_to_x26);
  for (std::uint32_t octet = 0; octet < 8; ++octet) {
    hw::write(registers_, Reg::mar(octet), static_cast<std::uint8_t>(table >> 8 * octet));
  }
}

void Ne2kPci::write_receive_config() noexcept {
  constexpr std::uint8_t kAlways = Rcr::kAm | Rcr::kAb;
  hw::write(registers_, Reg::rcr, filter().promiscuous ? kAlways | Rcr::kPro : kAlways);
}

void Ne2kPci::apply_filter() noexcept {
  hw::write(registers_, Reg::cr, kIdle | Cr::kPage1);
  write_groups();
  hw::write(registers_, Reg::cr, kIdle);
  write_receive_config();
}

void Ne2kPci::halt() noexcept {
  hw::write(registers_, Reg::cr, kStopped);
}

link::LinkState Ne2kPci::link_state() noexcept {
  if (!running()) return link::LinkState::down;
  if (hw::read(registers_, Reg::isr) == 0xff) {
    give_up(ChipFault::gone);
    return link::LinkState::down;
  }
  counters().receive_errors += hw::read(registers_, Reg::cntr0);
  counters().receive_errors += hw::read(registers_, Reg::cntr1);
  counters().receive_dropped += hw::read(registers_, Reg::cntr2);
  return link::LinkState::unknown;
}

void Ne2kPci::set_up_remote(std::uint32_t address, std::uint32_t bytes,
                            std::uint8_t direction) noexcept {
  hw::write(registers_, Reg::rbcr0, low(bytes));
  hw::write(registers_, Reg::rbcr1, high(bytes));
  hw::write(registers_, Reg::rsar0, low(address));
  hw::write(registers_, Reg::rsar1, high(address));
  hw::write(registers_, Reg::cr, direction | Cr::kSta);
}

void Ne2kPci::read_memory(std::uint32_t address, std::span<std::uint32_t> values) noexcept {
  set_up_remote(address, static_cast<std::uint32_t>(values.size_bytes()), Cr::kRemoteRead);
  pci_.bar_read_port32(Reg::kIoBar, Reg::kDataPort, values);
}

void Ne2kPci::write_memory(std::uint32_t address, std::span<const std::uint32_t> values) noexcept {
  hw::write(registers_, Reg::isr, Isr::kRdc);
  set_up_remote(address, static_cast<std::uint32_t>(values.size_bytes()), Cr::kRemoteWrite);
  pci_.bar_write_port32(Reg::kIoBar, Reg::kDataPort, values);
  for (unsigned poll = 0; poll < kRemotePolls; ++poll) {
    if ((hw::read(registers_, Reg::isr) & Isr::kRdc) != 0) return;
  }
  report(ChipFault::stalled);
}

/// Reads the rest of a frame whose first page is in frame_ already; the ring may go round.
void Ne2kPci::read_frame(std::uint32_t length) noexcept {
  constexpr std::uint32_t kPageWords = ne2k::kPageBytes / 4;
  const std::uint32_t words = words_of(Header::kBytes + length);
  if (words <= kPageWords) return;
  const std::span<std::uint32_t> rest = std::span(frame_).subspan(kPageWords, words - kPageWords);
  const std::uint32_t page = next_page_ + 1u;
  const std::size_t before_end =
      std::min<std::size_t>(rest.size(), (ne2k::kRingStop - page) * kPageWords);
  if (before_end != 0) read_memory(page * ne2k::kPageBytes, rest.first(before_end));
  if (before_end == rest.size()) return;
  read_memory(ne2k::kRingStart * ne2k::kPageBytes, rest.subspan(before_end));
}

/// Takes the frame at next_page_ out of the ring, unless the chip broke a rule.
void Ne2kPci::take(std::uint32_t available) noexcept {
  // Header and the first bytes together: most frames that are not part of a download end there.
  read_memory(std::uint32_t{next_page_} * ne2k::kPageBytes,
              std::span(frame_).first(ne2k::kPageBytes / 4));
  const std::uint32_t header = frame_[0];
  const std::uint32_t length = Header::length.get(header);
  const std::uint32_t next = Header::next.get(header);
  if (!ne2k::in_ring(next)) return report(ChipFault::position);
  const std::uint32_t pages = ne2k::pages_between(next_page_, low(next));
  const std::uint32_t needed = ne2k::pages_of(length);
  // A frame that ends with its page may take another one.
  if (pages == 0 || pages > available || (pages != needed && pages != needed + 1)) {
    return report(ChipFault::length);
  }
  const bool good = (header & Header::kPrx) != 0 && length >= kEthernetHeader + kFrameCheckBytes &&
                    length <= kFrameBytesMax + kFrameCheckBytes;
  if (good) {
    read_frame(length - kFrameCheckBytes);
    const ByteView bytes = std::as_bytes(std::span(frame_));
    const ByteView pieces[] = {bytes.subspan(Header::kBytes, length - kFrameCheckBytes)};
    (void)deliver(ahead_, pieces);
  } else {
    ++counters().receive_errors;
  }
  if (!running()) return;  // silenced meanwhile
  next_page_ = low(next);
  hw::write(registers_, Reg::cr, kIdle);
  // The page before, so that the chip does not take a full ring for an empty one.
  hw::write(registers_, Reg::bnry,
            next_page_ == ne2k::kRingStart ? ne2k::kRingStop - 1 : next_page_ - 1);
}

void Ne2kPci::drain() noexcept {
  hw::write(registers_, Reg::cr, kIdle | Cr::kPage1);
  const std::uint8_t written = hw::read(registers_, Reg::curr);
  hw::write(registers_, Reg::cr, kIdle);
  if (!ne2k::in_ring(written)) {
    report(written == 0xff ? ChipFault::gone : ChipFault::position);
    return;
  }
  std::uint32_t available = ne2k::pages_between(next_page_, written);
  while (available != 0 && ahead_.room() != 0 && running()) {
    const std::uint8_t before = next_page_;
    take(available);
    if (next_page_ == before) break;  // it broke a rule, or was silenced
    available -= ne2k::pages_between(before, next_page_);
  }
  pending_ = available != 0;
}

/// DP8390D, "Overwrite warning": a chip whose ring overflowed goes on only after this.
void Ne2kPci::begin_overflow() noexcept {
  hw::write(registers_, Reg::cr, kStopped);
  pci_.stall_us(kStopUs);
  hw::write(registers_, Reg::rbcr0, 0);
  hw::write(registers_, Reg::rbcr1, 0);
  looped_ = true;
  // A frame that did not end before the stop is lost: end_overflow() sends it again.
  finish_transmission(hw::read(registers_, Reg::isr));
  hw::write(registers_, Reg::tcr, Tcr::kLoopback);
  hw::write(registers_, Reg::cr, kIdle);
}

void Ne2kPci::end_overflow() noexcept {
  if (!running()) return;
  hw::write(registers_, Reg::isr, Isr::kOvw);
  hw::write(registers_, Reg::tcr, 0);
  looped_ = false;
  if (sending_) hw::write(registers_, Reg::cr, kIdle | Cr::kTxp);
}

/// Takes what is in the ring, and goes on after an overflow.
void Ne2kPci::look() noexcept {
  const std::uint8_t events = hw::read(registers_, Reg::isr);
  if (events == 0xff) return report(ChipFault::gone);
  finish_transmission(events);
  const bool overflow = (events & Isr::kOvw) != 0;
  if ((events & Isr::kRst) != 0 && !overflow) return report(ChipFault::bus);
  constexpr std::uint8_t kReceived = Isr::kPrx | Isr::kRxe;
  if (!pending_ && !overflow && (events & kReceived) == 0) return;
  // Cleared before the ring is looked at, so that no frame is overlooked.
  hw::write(registers_, Reg::isr, kReceived);
  if (overflow) begin_overflow();
  drain();
  if (overflow) end_overflow();
}

std::uint32_t Ne2kPci::receive(link::Receiver& receiver, std::uint32_t budget) noexcept {
  look();
  std::uint32_t delivered = 0;
  for (; delivered < budget && !ahead_.empty() && running(); ++delivered) {
    receiver.receive(ahead_.take());
  }
  return delivered;
}

/// The second buffer's frame follows the first.
void Ne2kPci::finish_transmission(std::uint8_t events) noexcept {
  constexpr std::uint8_t kDone = Isr::kPtx | Isr::kTxe;
  if (!sending_ || (events & kDone) == 0) return;
  if ((events & Isr::kTxe) != 0) ++counters().transmit_errors;
  hw::write(registers_, Reg::isr, kDone);
  sending_ = false;
  if (queued_bytes_ == 0) return;
  const std::uint32_t length = queued_bytes_;
  queued_bytes_ = 0;
  send(sending_buffer_ ^ 1, length);
}

void Ne2kPci::send(std::uint8_t buffer, std::uint32_t length) noexcept {
  sending_ = true;
  sending_buffer_ = buffer;
  hw::write(registers_, Reg::tpsr, low(ne2k::kTransmitPage + buffer * ne2k::kTransmitPages));
  hw::write(registers_, Reg::tbcr0, low(length));
  hw::write(registers_, Reg::tbcr1, high(length));
  if (!looped_) hw::write(registers_, Reg::cr, kIdle | Cr::kTxp);
}

ByteSpan Ne2kPci::transmit_slot() noexcept {
  if (sending_ && queued_bytes_ != 0) {
    const std::uint8_t events = hw::read(registers_, Reg::isr);
    if (events == 0xff) {
      report(ChipFault::gone);
      return {};
    }
    finish_transmission(events);
  }
  if (sending_ && queued_bytes_ != 0) return {};
  return std::as_writable_bytes(std::span(frame_));
}

void Ne2kPci::submit(std::uint32_t length) noexcept {
  const std::uint8_t buffer = sending_ ? sending_buffer_ ^ 1 : 0;
  write_memory(
      (ne2k::kTransmitPage + std::uint32_t{buffer} * ne2k::kTransmitPages) * ne2k::kPageBytes,
      std::span(frame_).first(words_of(length)));
  if (sending_) {
    queued_bytes_ = length;
  } else {
    send(buffer, length);
  }
}

Result<std::unique_ptr<link::Device>> create_ne2k_pci(port::PciDevice& pci, Consumer) noexcept {
  KEDGE_TRY(auto device, Ne2kPci::create(pci));
  return std::unique_ptr<link::Device>(std::move(device));
}

}  // namespace kedge::driver
