// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "tests/fake/tulip.h"

#include <algorithm>
#include <cstring>

#include "base/format.h"
#include "tests/fake/group_filter.h"

namespace kedge::fake {

using driver::tulip::BusMode;
using driver::tulip::Csr;
using driver::tulip::Descriptor;
using driver::tulip::Mode;
using driver::tulip::Rdes0;
using driver::tulip::SerialRom;
using driver::tulip::Status;
using driver::tulip::Tdes1;

namespace {

constexpr std::uint32_t kSizeMask = 0x7ff;  // RBS1, TBS1
constexpr unsigned kDescriptorsMax = 100;   // in one go

}  // namespace

TulipModel::TulipModel(const wire::MacAddress& mac) : rom(mac, SerialRom::kAddressWord) {
  put_config32(0x00, 0x0019'1011);
  put_config32(0x10, 0xc001);
  put_config32(0x14, 0xfebf'1000);
}

void TulipModel::reset() {
  status_ = 0;
  mode_ = 0;
  missed_ = 0;
  suspended_ = false;
  held_.clear();
  addresses_.clear();
}

Descriptor TulipModel::load(std::uint64_t address) {
  Descriptor descriptor{};
  const ByteSpan bytes = dma(address, sizeof(descriptor));
  if (!bytes.empty()) std::memcpy(&descriptor, bytes.data(), sizeof(descriptor));
  return descriptor;
}
void TulipModel::store_status(std::uint64_t address, std::uint32_t status) {
  if (const ByteSpan bytes = dma(address, 4); !bytes.empty()) {
    std::memcpy(bytes.data(), &status, 4);
  }
}

std::uint32_t TulipModel::bar_read(unsigned, std::uint64_t offset, unsigned width) {
  if (gone) return 0xffffffff;
  if (width != 4) violation("a read that is not of 32 bits");
  switch (offset) {
    case Csr::status.offset:
      return status_;
    case Csr::missed_frames.offset:
      return std::exchange(missed_, 0);
    case Csr::serial_rom.offset:
      return serial_rom_ | (rom.out() ? SerialRom::kDataOut : 0);
    default:
      violation(format("read at {:x}", offset));
      return 0;
  }
}

void TulipModel::bar_write(unsigned, std::uint64_t offset, unsigned width, std::uint32_t value) {
  if (gone) return;
  if (width != 4) violation("a write that is not of 32 bits");
  const bool running = (mode_ & (Mode::kStartReceive | Mode::kStartTransmit)) != 0;
  switch (offset) {
    case Csr::bus_mode.offset:
      if ((value & BusMode::kSoftwareReset) != 0) reset();
      break;
    case Csr::transmit_poll.offset:
      if ((mode_ & Mode::kStartTransmit) != 0) transmit();
      break;
    case Csr::receive_poll.offset:
      suspended_ = false;
      break;
    case Csr::receive_list.offset:
    case Csr::transmit_list.offset:
      if (running) violation("a list is moved while the chip runs");
      if (value % 4 != 0) violation("alignment of a list");
      (offset == Csr::receive_list.offset ? receive_list_ : transmit_list_) = value;
      (offset == Csr::receive_list.offset ? next_receive_ : next_transmit_) = value;
      break;
    case Csr::status.offset:
      status_ &= ~value;
      break;
    case Csr::operation_mode.offset:
      if ((value & Mode::kMustBeOne) == 0) violation("CSR6 without its bit that must be one");
      mode_ = value;
      break;
    case Csr::interrupt_enable.offset:
      if (value != 0) violation("interrupts are not masked");
      break;
    case Csr::serial_rom.offset:
      if ((value & SerialRom::kRead) != SerialRom::kRead) violation("the ROM is not selected");
      serial_rom_ = value;
      rom.drive((value & SerialRom::kSelect) != 0, (value & SerialRom::kClock) != 0,
                (value & SerialRom::kDataIn) != 0);
      break;
    default:
      violation(format("write at {:x}", offset));
  }
}

bool TulipModel::receiving() const {
  return (mode_ & Mode::kStartReceive) != 0 && !gone && bus_master();
}

bool TulipModel::give_back(std::uint32_t status) {
  if (!receiving()) return false;
  const std::uint32_t address = next_receive_;
  const Descriptor descriptor = load(address);
  if (suspended_ || (descriptor.status & driver::tulip::kOwn) == 0) {
    suspended_ = true;
    status_ |= Status::kReceiveUnavailable;
    ++missed_;
    return false;
  }
  store_status(address, status);
  next_receive_ = (descriptor.control & driver::tulip::kEndOfRing) != 0
                      ? receive_list_
                      : address + static_cast<std::uint32_t>(sizeof(Descriptor));
  return true;
}

bool TulipModel::passes(const wire::MacAddress& to) const {
  if ((mode_ & Mode::kPromiscuous) != 0) return true;
  if ((mode_ & Mode::kAllMulticast) != 0 && to.is_multicast()) return true;
  return std::find(addresses_.begin(), addresses_.end(), to) != addresses_.end();
}

bool TulipModel::deliver(ByteView frame) {
  if (!receiving() || !passes(destination_of(frame))) return false;
  const Descriptor descriptor = load(next_receive_);
  const auto length = static_cast<std::uint32_t>(frame.size() + 4);
  if (!suspended_ && (descriptor.status & driver::tulip::kOwn) != 0) {
    if (length > (descriptor.control & kSizeMask)) return false;
    const ByteSpan memory = dma(descriptor.buffer, length);
    if (memory.size() != length || frame.empty()) return false;
    std::memcpy(memory.data(), frame.data(), frame.size());
  }
  return give_back(Rdes0::frame_length.with(0, length) | Rdes0::kFirst | Rdes0::kLast);
}

void TulipModel::transmit() {
  for (unsigned count = 0; count < kDescriptorsMax; ++count) {
    const std::uint32_t address = next_transmit_;
    const Descriptor descriptor = load(address);
    if ((descriptor.status & driver::tulip::kOwn) == 0) break;
    for (const std::uint32_t held : held_) {
      if (held == address) return;
    }
    const bool is_setup = (descriptor.control & Tdes1::kSetup) != 0;
    if (is_setup) {
      take_setup(descriptor);
    } else {
      take_frame(descriptor);
    }
    next_transmit_ = (descriptor.control & driver::tulip::kEndOfRing) != 0
                         ? transmit_list_
                         : address + static_cast<std::uint32_t>(sizeof(Descriptor));
    if (complete_at_once) {
      store_status(address, is_setup ? driver::tulip::kSetupDone : transmit_status);
    } else {
      held_.push_back(address);
    }
  }
}

void TulipModel::take_frame(const Descriptor& descriptor) {
  if ((descriptor.control & Tdes1::kFirst) == 0 || (descriptor.control & Tdes1::kLast) == 0) {
    violation("a frame that is not in one descriptor");
  }
  const ByteSpan bytes = dma(descriptor.buffer, descriptor.control & kSizeMask);
  sent.emplace_back(bytes.begin(), bytes.end());
}

void TulipModel::take_setup(const Descriptor& descriptor) {
  constexpr std::uint32_t kOthers = Tdes1::kFirst | Tdes1::kLast | 1u << 28 | 1u << 22;  // FT
  if ((descriptor.control & kOthers) != 0 || (descriptor.control & kSizeMask) != 192 ||
      descriptor.buffer % 4 != 0) {
    violation("a setup frame that is none");
    return;
  }
  ++setups;
  addresses_.clear();
  ByteReader reader(dma(descriptor.buffer, 192));
  while (reader.remaining() >= 12) {
    std::array<std::uint8_t, wire::MacAddress::kSize> octets{};
    for (std::uint8_t& octet : octets) {
      octet = reader.u8();
      if (&octet - octets.data() == 1 || &octet - octets.data() == 3) reader.skip(2);
    }
    reader.skip(2);
    addresses_.emplace_back(octets);
  }
}

void TulipModel::complete() {
  if (!bus_master()) held_.clear();
  for (const std::uint32_t address : held_) {
    const bool is_setup = (load(address).control & Tdes1::kSetup) != 0;
    store_status(address, is_setup ? driver::tulip::kSetupDone : transmit_status);
  }
  held_.clear();
}

}  // namespace kedge::fake
