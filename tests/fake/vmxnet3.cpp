// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "tests/fake/vmxnet3.h"

#include <algorithm>
#include <cstring>

#include "base/format.h"
#include "tests/fake/group_filter.h"

namespace kedge::fake {

using driver::vmxnet3::Command;
using driver::vmxnet3::Completion;
using driver::vmxnet3::Descriptor;
using driver::vmxnet3::DriverShared;
using driver::vmxnet3::Event;
using driver::vmxnet3::RxComp;
using driver::vmxnet3::RxDesc;
using driver::vmxnet3::RxQueueDesc;
using driver::vmxnet3::TxComp;
using driver::vmxnet3::TxDesc;
using driver::vmxnet3::TxQueueDesc;
using driver::vmxnet3::VirtualDevice;

namespace {

constexpr std::uint32_t kImr = 0x000;
constexpr std::uint32_t kTxProd = 0x600;
constexpr std::uint32_t kRxProd = 0x800;

std::uint32_t lap(std::uint32_t counter, std::uint32_t entries) {
  return counter / entries % 2 == 0 ? 1 : 0;
}

}  // namespace

Vmxnet3Model::Vmxnet3Model(wire::MacAddress mac) : mac_(mac) {
  put_config32(0x00, 0x07b0'15ad);
  put_config32(0x10, 0xfebf'1000);
  put_config32(0x14, 0xfebf'2000);
}

template <class T>
T& Vmxnet3Model::at(std::uint64_t address) {
  const ByteSpan memory = dma(address, sizeof(T));
  static_assert(sizeof(T) <= sizeof(scratch_));
  // What is not shared memory is a violation, and leads nowhere.
  if (memory.empty() || address % alignof(T) != 0) {
    std::memset(scratch_, 0, sizeof(scratch_));
    return *reinterpret_cast<T*>(scratch_);
  }
  return *reinterpret_cast<T*>(memory.data());
}

DriverShared& Vmxnet3Model::shared() {
  return at<DriverShared>(shared_address_);
}
TxQueueDesc& Vmxnet3Model::tx_queue() {
  return at<TxQueueDesc>(shared().queue_descriptors);
}
RxQueueDesc& Vmxnet3Model::rx_queue() {
  return at<RxQueueDesc>(shared().queue_descriptors + sizeof(TxQueueDesc));
}

void Vmxnet3Model::reset() {
  active_ = false;
  rx_next_ = rx_completions_ = tx_next_ = tx_completions_ = 0;
  held_.clear();
}

std::uint32_t Vmxnet3Model::bar_read(unsigned bar, std::uint64_t offset, unsigned width) {
  if (gone) return 0xffffffff;
  if (width != 4 || bar != 1) {
    violation(format("read of bar {} at {:x}", bar, offset));
    return 0;
  }
  const auto& octets = mac_.octets();
  switch (offset) {
    case VirtualDevice::VRRS.offset:
      return revisions;
    case VirtualDevice::UVRS.offset:
      return 1;
    case VirtualDevice::CMD.offset:
      return answer_;
    case VirtualDevice::MACL.offset:
      return octets[0] | octets[1] << 8 | octets[2] << 16 | std::uint32_t{octets[3]} << 24;
    case VirtualDevice::MACH.offset:
      return octets[4] | std::uint32_t{octets[5]} << 8;
    default:
      violation(format("read of bar 1 at {:x}", offset));
      return 0;
  }
}

void Vmxnet3Model::bar_write(unsigned bar, std::uint64_t offset, unsigned width,
                             std::uint32_t value) {
  if (gone) return;
  if (width != 4) violation("a write that is not of 32 bits");
  if (bar == 0) {
    if (offset == kTxProd) {
      if (active_) transmit();
    } else if (offset == kRxProd) {
      ++rx_prod_writes;
    } else if (offset != kImr) {
      violation(format("write of bar 0 at {:x}", offset));
    }
    return;
  }
  switch (offset) {
    case VirtualDevice::VRRS.offset:
    case VirtualDevice::UVRS.offset:
      if (value != 1) violation("selects a revision that was not offered");
      break;
    case VirtualDevice::DSAL.offset:
      shared_address_ = value;
      break;
    case VirtualDevice::DSAH.offset:
      shared_address_ |= std::uint64_t{value} << 32;
      break;
    case VirtualDevice::CMD.offset:
      run_command(value);
      break;
    case VirtualDevice::ECR.offset:
      if (active_) shared().ecr &= ~value;
      break;
    default:
      violation(format("write of bar 1 at {:x}", offset));
  }
}

void Vmxnet3Model::run_command(std::uint32_t code) {
  ++commands;
  switch (code) {
    case Command::kActivateDev:
      activate();
      answer_ = active_ ? 0 : 1;
      break;
    case Command::kQuiesceDev:
    case Command::kResetDev:
      reset();
      break;
    case Command::kUpdateRxMode:
      if (active_) rx_mode_ = shared().rx_mode;
      break;
    case Command::kUpdateMacFilters:
      take_groups();
      break;
    case Command::kGetLink:
      answer_ = link_up_ ? 10000u << 16 | 1 : 0;
      break;
    default:
      violation(format("command {:x}", code));
  }
}

void Vmxnet3Model::activate() {
  if (refuse_activation) return;
  const DriverShared& config = shared();
  if (config.magic != DriverShared::kMagic || config.revisions != 1 || config.upt_versions != 1 ||
      config.tx_queues != 1 || config.rx_queues != 1 || config.queue_descriptor_bytes != 512 ||
      config.mtu != 1500) {
    violation("DriverShared is not filled in");
    return;
  }
  const RxQueueDesc& rx = rx_queue();
  const TxQueueDesc& tx = tx_queue();
  const std::uint64_t addresses =
      rx.ring[0] | rx.ring[1] | rx.completion_ring | tx.ring | tx.completion_ring;
  const std::uint32_t sizes = rx.ring_entries[0] | rx.ring_entries[1] | rx.completion_ring_entries |
                              tx.ring_entries | tx.completion_ring_entries;
  if (addresses % 512 != 0 || sizes % 32 != 0 || (shared_address_ | config.queue_descriptors) % 128)
    violation("alignment of the rings");
  if (rx.ring_entries[0] == 0 || rx.ring_entries[1] == 0 || tx.ring_entries == 0 ||
      rx.completion_ring_entries != rx.ring_entries[0] + rx.ring_entries[1] ||
      tx.completion_ring_entries != tx.ring_entries) {
    violation("sizes of the rings");
    return;
  }
  reset();
  active_ = true;
  rx_mode_ = config.rx_mode;
  take_groups();
}

void Vmxnet3Model::take_groups() {
  groups_.clear();
  if (!active_ || shared().multicast_table_bytes == 0) return;
  ByteReader reader(dma(shared().multicast_table, shared().multicast_table_bytes));
  while (reader.remaining() >= wire::MacAddress::kSize) {
    groups_.push_back(wire::MacAddress::read(reader));
  }
}

bool Vmxnet3Model::passes(const wire::MacAddress& to) const {
  const auto has = [this](std::uint32_t bit) { return (rx_mode_ & bit) != 0; };
  if (has(DriverShared::kRxPromiscuous)) return true;
  if (to.is_broadcast()) return has(DriverShared::kRxBroadcast);
  if (!to.is_multicast()) return has(DriverShared::kRxUnicast) && to == mac_;
  if (has(DriverShared::kRxAllMulticast)) return true;
  return has(DriverShared::kRxMulticast) &&
         std::find(groups_.begin(), groups_.end(), to) != groups_.end();
}

bool Vmxnet3Model::rx_available() {
  const RxQueueDesc& queue = rx_queue();
  const auto& descriptor =
      at<Descriptor>(queue.ring[0] + 16ull * (rx_next_ % queue.ring_entries[0]));
  return RxDesc::GEN.get(descriptor.control) == lap(rx_next_, queue.ring_entries[0]);
}

unsigned Vmxnet3Model::posted() {
  if (!active_) return 0;
  const std::uint32_t before = rx_next_;
  unsigned count = 0;
  while (count <= rx_queue().ring_entries[0] && rx_available()) {
    ++count;
    ++rx_next_;
  }
  rx_next_ = before;
  return count;
}

bool Vmxnet3Model::deliver(ByteView frame, Checksum checksum) {
  if (!active_ || rx_queue().ring_entries[0] == 0 || !rx_available()) return false;
  if (!passes(destination_of(frame))) return false;
  const std::uint32_t place = rx_next_ % rx_queue().ring_entries[0];
  const auto& descriptor = at<Descriptor>(rx_queue().ring[0] + 16ull * place);
  if (frame.size() > RxDesc::LEN.get(descriptor.control)) return false;
  const ByteSpan memory = dma(descriptor.address, frame.size());
  if (memory.size() != frame.size() || frame.empty()) return false;
  std::memcpy(memory.data(), frame.data(), frame.size());
  ++rx_next_;
  const std::uint32_t word0 = RxComp::RXDIDX.with(0, place) | RxComp::EOP.mask() |
                              RxComp::SOP.mask() | (checksum.calculated ? 0 : RxComp::CNC.mask());
  const std::uint32_t word3 =
      (checksum.right ? RxComp::TUC.mask() : 0) | (checksum.tcp ? RxComp::TCP.mask() : 0) |
      (checksum.udp ? RxComp::UDP.mask() : 0) | (checksum.fragment ? RxComp::FRG.mask() : 0);
  push_receive(word0, static_cast<std::uint32_t>(frame.size()), word3);
  return true;
}

void Vmxnet3Model::push_receive(std::uint32_t word0, std::uint32_t word2, std::uint32_t word3) {
  const std::uint32_t entries = rx_queue().completion_ring_entries;
  if (!active_ || entries == 0) return;
  auto& entry = at<Completion>(rx_queue().completion_ring + 16ull * (rx_completions_ % entries));
  entry.word[0] = word0;
  entry.word[2] = word2;
  entry.word[3] = RxComp::GEN.with(word3, lap(rx_completions_, entries));
  rx_completions_ = (rx_completions_ + 1) % (2 * entries);
}

void Vmxnet3Model::push_transmit(std::uint32_t word0, std::uint32_t word3) {
  const std::uint32_t entries = tx_queue().completion_ring_entries;
  if (!active_ || entries == 0) return;
  auto& entry = at<Completion>(tx_queue().completion_ring + 16ull * (tx_completions_ % entries));
  entry.word[0] = word0;
  entry.word[3] = TxComp::GEN.with(word3, lap(tx_completions_, entries));
  tx_completions_ = (tx_completions_ + 1) % (2 * entries);
}

void Vmxnet3Model::transmit() {
  const std::uint32_t entries = tx_queue().ring_entries;
  for (std::uint32_t seen = 0; seen < entries; ++seen) {
    const std::uint32_t place = tx_next_ % entries;
    const auto& descriptor = at<Descriptor>(tx_queue().ring + 16ull * place);
    if (TxDesc::GEN.get(descriptor.control) != lap(tx_next_, entries)) break;
    ++tx_next_;
    if (TxDesc::EOP.get(descriptor.extra) == 0 || TxDesc::CQ.get(descriptor.extra) == 0) {
      violation("a frame without an end");
    }
    const ByteSpan bytes = dma(descriptor.address, TxDesc::LEN.get(descriptor.control));
    sent.emplace_back(bytes.begin(), bytes.end());
    SentChecksum checksum;
    if (TxDesc::OM.get(descriptor.extra) == TxDesc::kOmChecksum) {
      checksum = {TxDesc::HLEN.get(descriptor.extra), TxDesc::MSSCOF.get(descriptor.control)};
    }
    sent_checksums.push_back(checksum);
    held_.push_back(place);
  }
  if (complete_at_once) complete();
}

void Vmxnet3Model::complete(bool together) {
  for (std::size_t i = 0; i < held_.size(); ++i) {
    if (together && i + 1 != held_.size()) continue;
    push_transmit(held_[i], 0);
  }
  held_.clear();
}

void Vmxnet3Model::set_link(bool up) {
  link_up_ = up;
  if (active_) shared().ecr |= Event::kLink;
}

}  // namespace kedge::fake
