// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "tests/fake/intel_nic.h"

#include <algorithm>
#include <cstring>

#include "base/format.h"
#include "tests/fake/group_filter.h"

namespace kedge::fake {

using driver::intel::Ctrl;
using driver::intel::Eerd;
using driver::intel::Family;
using driver::intel::kAllOnes;
using driver::intel::Mdic;
using driver::intel::Phy;
using driver::intel::Rctl;
using driver::intel::Rfctl;
using driver::intel::RingRegs;
using driver::intel::Status;
using driver::intel::Tctl;
using driver::intel::TransmitBits;

namespace {

constexpr std::uint32_t kDescriptorBytes = 16;
constexpr std::size_t kBufferBytes = 2048;

std::uint32_t load32(ByteSpan memory, std::size_t offset) {
  std::uint32_t value = 0;
  if (offset + 4 <= memory.size()) std::memcpy(&value, memory.data() + offset, 4);
  return value;
}
void store32(ByteSpan memory, std::size_t offset, std::uint32_t value) {
  if (offset + 4 <= memory.size()) std::memcpy(memory.data() + offset, &value, 4);
}
std::uint64_t load64(ByteSpan memory, std::size_t offset) {
  return load32(memory, offset) | std::uint64_t{load32(memory, offset + 4)} << 32;
}

}  // namespace

IntelNicModel::IntelNicModel(Family family, wire::MacAddress mac)
    : chip_{.name = "model", .family = family}, mac_(mac) {
  put_config32(0x10, 0xfeb8'0000);
  reset();
}

void IntelNicModel::reset() {
  registers_.clear();
  partial_.clear();
  unreported_.clear();
  context_known_ = false;
  // It is what the memory happens to hold.
  for (std::uint32_t i = 0; i < driver::intel::kGroupWords; ++i) {
    registers_[driver::intel::group_word(i).offset] = kAllOnes;
  }
  if (!address_in_filter) return;
  const auto octets = mac_.octets();
  std::uint32_t words[2] = {};
  std::memcpy(words, octets.data(), octets.size());
  registers_[driver::intel::kRal0.offset] = words[0];
  registers_[driver::intel::kRah0.offset] = words[1] | driver::intel::kRahAddressValid;
}

std::uint32_t IntelNicModel::reg(std::uint32_t offset) const {
  const auto found = registers_.find(offset);
  return found != registers_.end() ? found->second : 0;
}

bool IntelNicModel::quiet() const {
  return (reg(Rctl::reg.offset) & Rctl::kEnable) == 0 &&
         (reg(Tctl::reg.offset) & Tctl::kEnable) == 0;
}

// ---- registers ----

std::uint32_t IntelNicModel::bar_read(unsigned bar, std::uint64_t offset, unsigned width) {
  if (unplugged) return kAllOnes;
  if (bar != 0 || width != 4) violation(format("read of bar{}+{:x}", bar, offset));
  const auto at = static_cast<std::uint32_t>(offset);
  if (at == Status::reg.offset) {
    const bool stopped = (reg(Ctrl::reg.offset) & Ctrl::kGioMasterDisable) != 0 && !never_idle;
    return (link_up ? Status::kLinkUp : 0) | function << 2 |
           (chip_.pcie() && !stopped ? Status::kGioMasterEnable : 0);
  }
  if (at == driver::intel::kMpc.offset) return std::exchange(missed, 0);
  return reg(at);
}

void IntelNicModel::bar_write(unsigned bar, std::uint64_t offset, unsigned width,
                              std::uint32_t value) {
  if (unplugged) return;
  if (bar != 0 || width != 4) violation(format("write of bar{}+{:x}", bar, offset));
  const auto at = static_cast<std::uint32_t>(offset);
  const RingRegs receive = chip_.receive_ring();
  const RingRegs transmit = chip_.transmit_ring();
  if (at == Ctrl::reg.offset && (value & Ctrl::kReset) != 0) {
    reset();
    if (never_resets) registers_[at] = value;
    return;
  }
  if (at == Eerd::reg.offset) {
    const unsigned shift = chip_.pcie() ? Eerd::kAddressShiftPcie : Eerd::kAddressShiftPci;
    const std::uint32_t word = (value & 0xffff) >> shift;
    const auto octets = mac_.octets();
    std::uint16_t data = 0xffff;
    if (word < 3) std::memcpy(&data, octets.data() + std::size_t{word} * 2, 2);
    const std::uint32_t done = chip_.pcie() ? Eerd::kDonePcie : Eerd::kDonePci;
    registers_[at] = eeprom_answers ? done | std::uint32_t{data} << 16 : value;
    return;
  }
  if (at == Mdic::reg.offset) return access_phy(value);
  if (queues_never_enable && (at == receive.control().offset || at == transmit.control().offset)) {
    return;
  }
  if (at == receive.length().offset || at == transmit.length().offset) {
    if (value % 128 != 0) violation("ring length is no multiple of 128");
  }
  registers_[at] = value;
  if (at == receive.tail().offset) {
    ++receive_tail_writes;
    if (value != 0 && chip_.advanced() && !queue_on(receive)) {
      violation("receive tail before the queue was enabled");
    }
  }
  if (at == transmit.tail().offset) {
    ++transmit_tail_writes;
    transmit_all();
  }
}

void IntelNicModel::access_phy(std::uint32_t value) {
  if ((value & 31u << 21) != Mdic::kPhyAddress) violation("access to no PHY");
  const std::uint32_t reg = value >> Mdic::kRegisterShift & 31;
  std::uint32_t data = value & 0xffff;
  if ((value & Mdic::kRead) != 0) {
    data = reg == Phy::kStatus && phy_negotiated ? std::uint32_t{Phy::kNegotiated} : 0;
  } else if (reg == Phy::kControl && (value & Phy::kRestartNegotiation) != 0) {
    ++negotiations;
  }
  registers_[Mdic::reg.offset] = phy_answers ? (value & 0xffff'0000) | data | Mdic::kReady : value;
}

bool IntelNicModel::queue_on(RingRegs ring) const {
  return !chip_.advanced() || (reg(ring.control().offset) & driver::intel::kQueueEnable) != 0;
}

ByteSpan IntelNicModel::descriptor(RingRegs ring, std::uint32_t index) {
  const std::uint64_t base =
      reg(ring.address_low().offset) | std::uint64_t{reg(ring.address_high().offset)} << 32;
  return dma(base + std::uint64_t{index} * kDescriptorBytes, kDescriptorBytes);
}

// ---- receive ----

unsigned IntelNicModel::posted() const {
  const RingRegs ring = chip_.receive_ring();
  const std::uint32_t count = reg(ring.length().offset) / kDescriptorBytes;
  if (count == 0 || (reg(Rctl::reg.offset) & Rctl::kEnable) == 0 || !queue_on(ring)) return 0;
  return (reg(ring.tail().offset) + count - reg(ring.head().offset)) % count;
}

bool IntelNicModel::deliver(ByteView frame, std::uint32_t status) {
  return deliver_as(frame, static_cast<std::uint32_t>(frame.size()), status);
}

bool IntelNicModel::passes(const wire::MacAddress& to) const {
  const std::uint32_t control = reg(Rctl::reg.offset);
  if (to.is_broadcast()) return (control & Rctl::kBroadcastAccept) != 0;
  const std::uint32_t all =
      to.is_multicast() ? Rctl::kMulticastPromiscuous : Rctl::kUnicastPromiscuous;
  if ((control & all) != 0) return true;
  const auto& octets = to.octets();
  const std::uint32_t high = reg(driver::intel::kRah0.offset);
  const std::uint32_t low = reg(driver::intel::kRal0.offset);
  if ((high & driver::intel::kRahAddressValid) != 0 &&
      low == (octets[0] | octets[1] << 8 | octets[2] << 16 | std::uint32_t{octets[3]} << 24) &&
      (high & 0xffff) == (octets[4] | std::uint32_t{octets[5]} << 8)) {
    return true;
  }
  // RCTL.MO 0: the upper twelve of the last sixteen bits, as they stand in memory.
  const std::uint32_t bit = (octets[4] | std::uint32_t{octets[5]} << 8) >> 4;
  return to.is_multicast() &&
         (reg(driver::intel::group_word(bit / 32).offset) >> bit % 32 & 1) != 0;
}

bool IntelNicModel::deliver_as(ByteView frame, std::uint32_t length, std::uint32_t status) {
  if (posted() == 0 || unplugged || !passes(destination_of(frame))) return false;
  const RingRegs ring = chip_.receive_ring();
  const std::uint32_t head = reg(ring.head().offset);
  const ByteSpan cell = descriptor(ring, head);
  if (cell.empty()) return false;
  if (load32(cell, 8) != 0 || load32(cell, 12) != 0) violation("used receive descriptor posted");
  const ByteSpan buffer = dma(load64(cell, 0), kBufferBytes);
  std::ranges::copy(frame.first(std::min(frame.size(), buffer.size())), buffer.begin());
  if (chip_.legacy_receive()) {
    store32(cell, 8, length & 0xffff);
    store32(cell, 12, (status & 0xff) | (status >> 24) << 8);
  } else {
    if (!chip_.advanced() && (reg(Rfctl::reg.offset) & Rfctl::kExtendedStatus) == 0) {
      violation("extended receive descriptors were not asked for");
    }
    // RSS hash, checksum: nothing that a driver without RSS may look at.
    store32(cell, 0, 0xdead'beef);
    store32(cell, 4, 0xdead'beef);
    store32(cell, 8, status);
    store32(cell, 12, length & 0xffff);
  }
  registers_[ring.head().offset] = (head + 1) % (reg(ring.length().offset) / kDescriptorBytes);
  return true;
}

// ---- transmit ----

void IntelNicModel::take_context(std::uint32_t word0, std::uint32_t word1, std::uint32_t word2) {
  ++contexts;
  context_known_ = true;
  if (chip_.advanced()) {
    context_start_ = (word0 >> TransmitBits::kMacLengthShift & 0x7f) + (word0 & 0x1ff);
    context_field_ = 0;
    context_tcp_ = (word2 & TransmitBits::kContextL4Tcp) != 0;
  } else {
    context_start_ = word1 & 0xff;
    context_field_ = word1 >> 8 & 0xff;
    context_tcp_ = (word2 & TransmitBits::kContextTcp) != 0;
    if (word1 >> 16 != 0) violation("the checksum ends before the frame");
  }
}

void IntelNicModel::transmit_all() {
  const RingRegs ring = chip_.transmit_ring();
  const std::uint32_t count = reg(ring.length().offset) / kDescriptorBytes;
  if (count == 0 || (reg(Tctl::reg.offset) & Tctl::kEnable) == 0 || !queue_on(ring)) return;
  std::uint32_t head = reg(ring.head().offset) % count;
  const std::uint32_t tail = reg(ring.tail().offset) % count;
  for (; head != tail; head = (head + 1) % count) {
    const ByteSpan cell = descriptor(ring, head);
    if (cell.empty()) return;
    const std::uint32_t word2 = load32(cell, 8);
    const std::uint32_t word3 = load32(cell, 12);
    if ((word2 & TransmitBits::kExtension) == 0) violation("legacy transmit descriptor");
    const std::uint32_t type = word2 & 0xfu << 20;
    const std::uint32_t data =
        chip_.advanced() ? TransmitBits::kDataAdvanced : TransmitBits::kDataExtended;
    if (type == (chip_.advanced() ? TransmitBits::kContextAdvanced : 0u)) {
      take_context(load32(cell, 0), load32(cell, 4), word2);
      continue;
    }
    if (type != data) violation(format("transmit descriptor of type {:x}", type >> 20));
    const std::uint32_t length = word2 & 0xffff;
    const ByteSpan bytes = dma(load64(cell, 0), length);
    partial_.insert(partial_.end(), bytes.begin(), bytes.end());
    if ((word2 & TransmitBits::kReportStatus) != 0) unreported_.push_back(head);
    if ((word2 & TransmitBits::kEndOfPacket) == 0) continue;
    if ((word2 & TransmitBits::kInsertFcs) == 0) violation("frame without FCS");
    Sent out{.frame = std::exchange(partial_, {}), .checksum_start = {}, .checksum_field = {}};
    if (chip_.advanced() && word3 >> TransmitBits::kPayloadLengthShift != out.frame.size()) {
      violation("payload length is not the frame's");
    }
    if ((word3 & TransmitBits::kInsertTransportChecksum) != 0) {
      if (!context_known_) violation("checksum without context");
      out.checksum_start = context_start_;
      if (!chip_.advanced()) out.checksum_field = context_field_;
      out.tcp = context_tcp_;
    }
    sent.push_back(std::move(out));
  }
  registers_[ring.head().offset] = head;
  if (complete_at_once) complete();
}

void IntelNicModel::complete() {
  for (const std::uint32_t index : std::exchange(unreported_, {})) {
    const ByteSpan cell = descriptor(chip_.transmit_ring(), index);
    store32(cell, 12, load32(cell, 12) | TransmitBits::kDone);
  }
}

}  // namespace kedge::fake
