// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "driver/vmxnet3/vmxnet3.h"

#include <cstring>
#include <new>

#include "driver/common/register_window.h"
#include "hw/dma.h"

namespace kedge::driver {

using vmxnet3::Command;
using vmxnet3::Completion;
using vmxnet3::Descriptor;
using vmxnet3::DriverShared;
using vmxnet3::PassThrough;
using vmxnet3::RxComp;
using vmxnet3::RxDesc;
using vmxnet3::RxQueueDesc;
using vmxnet3::TxComp;
using vmxnet3::TxDesc;
using vmxnet3::TxQueueDesc;
using vmxnet3::VirtualDevice;

namespace {

constexpr std::uint32_t kDriverVersion = 0x01000000;

/// Places in the shared memory.
constexpr std::size_t kTxQueueAt = 768;
constexpr std::size_t kRxQueueAt = kTxQueueAt + sizeof(TxQueueDesc);
constexpr std::size_t kTxRingAt = 1536;
constexpr std::size_t kTxCompAt = kTxRingAt + Vmxnet3::kTxEntries * sizeof(Descriptor);
constexpr std::size_t kRx1RingAt = kTxCompAt + Vmxnet3::kTxEntries * sizeof(Completion);
constexpr std::size_t kRxRingAt = kRx1RingAt + Vmxnet3::kRx1Entries * sizeof(Descriptor);
constexpr std::size_t kRxCompAt = kRxRingAt + Vmxnet3::kRxEntries * sizeof(Descriptor);
constexpr std::size_t kGroupsAt = kRxCompAt + Vmxnet3::kRxCompEntries * sizeof(Completion);
constexpr std::size_t kSharedBytes =
    kGroupsAt + link::ReceiveFilter::kGroupsMax * wire::MacAddress::kSize;
static_assert(sizeof(DriverShared) <= kTxQueueAt && kTxQueueAt % vmxnet3::kSharedAlign == 0);
static_assert(kRxQueueAt + sizeof(RxQueueDesc) <= kTxRingAt);
static_assert((kTxRingAt | kTxCompAt | kRx1RingAt | kRxRingAt | kRxCompAt) % vmxnet3::kRingAlign ==
              0);

constexpr std::size_t kTxBuffersAt = std::size_t{Vmxnet3::kRxEntries} * Vmxnet3::kBufferBytes;
constexpr std::size_t kBuffersBytes =
    kTxBuffersAt + std::size_t{Vmxnet3::kTxEntries} * Vmxnet3::kBufferBytes;
/// The index of a ring in which all entries were given would look like that of an empty one.
constexpr std::uint32_t kRxPostedMax = Vmxnet3::kRxEntries - 1;
constexpr std::uint32_t kTxSentMax = Vmxnet3::kTxEntries - 1;

/// Generations begin with 1 and change with each lap; a counter's lap begins anew where it wraps
/// only for sizes that are powers of two.
constexpr std::uint32_t generation(std::uint32_t counter, std::uint32_t entries) noexcept {
  return (counter / entries & 1) ^ 1;
}

}  // namespace

Result<std::unique_ptr<Vmxnet3>> Vmxnet3::create(port::PciDevice& pci) noexcept {
  KEDGE_CHECK(pci.enable(false));
  KEDGE_TRY(const auto pt, register_window(pci, {vmxnet3::kPassThroughBar}, PassThrough::kSize));
  KEDGE_TRY(const auto vd,
            register_window(pci, {vmxnet3::kVirtualDeviceBar}, VirtualDevice::kSize));
  std::unique_ptr<Vmxnet3> device(new (std::nothrow) Vmxnet3(pci, pt, vd));
  if (device == nullptr) return fail(err::base_no_memory);
  KEDGE_CHECK(device->identify());
  return device;
}

Result<std::unique_ptr<link::Device>> create_vmxnet3(port::PciDevice& pci, Consumer) noexcept {
  KEDGE_TRY(auto device, Vmxnet3::create(pci));
  return std::unique_ptr<link::Device>(std::move(device));
}

std::uint32_t Vmxnet3::command(std::uint32_t code) noexcept {
  hw::write(vd_, VirtualDevice::CMD, code);
  return hw::read(vd_, VirtualDevice::CMD);
}

Result<void> Vmxnet3::agree_on_revision() noexcept {
  const std::uint32_t revisions = hw::read(vd_, VirtualDevice::VRRS);
  const std::uint32_t upt = hw::read(vd_, VirtualDevice::UVRS);
  if (revisions == vmxnet3::kAbsent) return fail(err::nic_no_response);
  if ((revisions & upt & vmxnet3::kRevision1) == 0) return fail(err::nic_no_registers, revisions);
  hw::write(vd_, VirtualDevice::VRRS, vmxnet3::kRevision1);
  hw::write(vd_, VirtualDevice::UVRS, vmxnet3::kRevision1);
  return {};
}

Result<void> Vmxnet3::identify() noexcept {
  KEDGE_CHECK(agree_on_revision());
  halt();  // what drove it before us
  std::array<std::byte, 8> halves{};
  ByteWriter writer(halves);
  writer.le32(hw::read(vd_, VirtualDevice::MACL));
  writer.le32(hw::read(vd_, VirtualDevice::MACH));
  ByteReader reader(halves);
  return set_mac(wire::MacAddress::read(reader));
}

/// Fills DriverShared and the descriptors of both queues; the memory is zeroed.
void Vmxnet3::describe() noexcept {
  const auto at = [&](std::size_t offset) {
    return static_cast<std::uint64_t>(shared_->device(offset));
  };
  std::byte* const memory = shared_->cpu().data();
  auto& shared = *hw::dma_objects<DriverShared>(memory, 0);
  shared.magic = DriverShared::kMagic;
  shared.driver_version = kDriverVersion;
  shared.gos = DriverShared::kGos64Bit | DriverShared::kGosPxe;
  shared.revisions = vmxnet3::kRevision1;
  shared.upt_versions = vmxnet3::kRevision1;
  shared.upt_features = DriverShared::kRxChecksum;
  shared.queue_descriptors = at(kTxQueueAt);
  shared.queue_descriptor_bytes = sizeof(TxQueueDesc) + sizeof(RxQueueDesc);
  shared.mtu = kPlainMtu;
  shared.rx_pieces_max = 1;
  shared.tx_queues = 1;
  shared.rx_queues = 1;
  shared.interrupts = 1;
  shared.intr_ctrl = DriverShared::kDisableAll;
  shared.multicast_table = at(kGroupsAt);
  describe_filter();
  std::memset(shared.vlan_table, 0xff, sizeof(shared.vlan_table));
  auto& tx = *hw::dma_objects<TxQueueDesc>(memory, kTxQueueAt);
  tx.ring = at(kTxRingAt);
  tx.completion_ring = at(kTxCompAt);
  tx.ring_entries = kTxEntries;
  tx.completion_ring_entries = kTxEntries;
  auto& rx = *hw::dma_objects<RxQueueDesc>(memory, kRxQueueAt);
  rx.ring[0] = at(kRxRingAt);
  rx.ring[1] = at(kRx1RingAt);
  rx.completion_ring = at(kRxCompAt);
  rx.ring_entries[0] = kRxEntries;
  rx.ring_entries[1] = kRx1Entries;
  rx.completion_ring_entries = kRxCompEntries;
}

/// The device looks at it only when it is told to.
void Vmxnet3::describe_filter() noexcept {
  std::byte* const memory = shared_->cpu().data();
  auto& shared = *hw::dma_objects<DriverShared>(memory, 0);
  std::uint32_t mode = DriverShared::kRxUnicast | DriverShared::kRxBroadcast;
  if (filter().promiscuous) mode |= DriverShared::kRxPromiscuous;
  if (filter().promiscuous || filter().all_groups) mode |= DriverShared::kRxAllMulticast;
  if (filter().group_count != 0) mode |= DriverShared::kRxMulticast;
  shared.rx_mode = mode;
  std::memcpy(memory + kGroupsAt, filter().group_list.data(), sizeof(filter().group_list));
  shared.multicast_table_bytes =
      static_cast<std::uint16_t>(filter().group_count * wire::MacAddress::kSize);
}

/// The table first: a device that passed all groups then passes less, not nothing.
void Vmxnet3::apply_filter() noexcept {
  describe_filter();
  hw::dma_write_barrier();
  hw::write(vd_, VirtualDevice::CMD, Command::kUpdateMacFilters);
  hw::write(vd_, VirtualDevice::CMD, Command::kUpdateRxMode);
}

Result<void> Vmxnet3::bring_up() noexcept {
  KEDGE_CHECK(agree_on_revision());
  halt();
  if (shared_ == nullptr) {
    KEDGE_TRY(shared_, pci_.allocate_dma(kSharedBytes));
  }
  if (buffers_ == nullptr) {
    KEDGE_TRY(buffers_, pci_.allocate_dma(kBuffersBytes));
  }
  KEDGE_CHECK(pci_.enable(true));
  rx_posted_ = rx_done_ = rx_completions_ = 0;
  tx_sent_ = tx_shown_ = tx_done_ = tx_completions_ = 0;
  checksum_ = {};
  std::memset(shared_->cpu().data(), 0, kSharedBytes);  // rings begin in their first lap
  describe();
  refill();
  const auto address = static_cast<std::uint64_t>(shared_->device());
  hw::write(vd_, VirtualDevice::DSAL, static_cast<std::uint32_t>(address));
  hw::write(vd_, VirtualDevice::DSAH, static_cast<std::uint32_t>(address >> 32));
  if (const std::uint32_t answer = command(Command::kActivateDev); answer != 0) {
    return fail(err::nic_no_response, answer);
  }
  hw::write(pt_, PassThrough::IMR, 1);
  hw::write(pt_, PassThrough::RXPROD, rx_posted_ % kRxEntries);
  hw::write(vd_, VirtualDevice::CMD, Command::kUpdateRxMode);
  ask_for_link();
  return {};
}

void Vmxnet3::halt() noexcept {
  hw::write(vd_, VirtualDevice::CMD, Command::kQuiesceDev);
  hw::write(vd_, VirtualDevice::CMD, Command::kResetDev);
}

void Vmxnet3::free_memory() noexcept {
  shared_.reset();
  buffers_.reset();
}

void Vmxnet3::ask_for_link() noexcept {
  const std::uint32_t answer = command(Command::kGetLink);
  if (answer == vmxnet3::kAbsent) give_up(ChipFault::gone);
  link_ = answer != vmxnet3::kAbsent && (answer & vmxnet3::kLinkUp) != 0 ? link::LinkState::up
                                                                         : link::LinkState::down;
}

link::LinkState Vmxnet3::link_state() noexcept {
  if (!running()) return link::LinkState::down;
  const auto& shared = *hw::dma_objects<DriverShared>(shared_->cpu().data(), 0);
  if (const std::uint32_t events = hw::dma_load(shared.ecr); events != 0) {
    // Acknowledged before they are looked at, so that none is lost.
    hw::write(vd_, VirtualDevice::ECR, events);
    if ((events & vmxnet3::Event::kLink) != 0) ask_for_link();
  }
  return link_;
}

/// Gives buffers to the device, each to the descriptor of its own place.
void Vmxnet3::refill() noexcept {
  if (rx_posted_ - rx_done_ == kRxPostedMax) return;
  auto* const ring = hw::dma_objects<Descriptor>(shared_->cpu().data(), kRxRingAt);
  for (; rx_posted_ - rx_done_ < kRxPostedMax; ++rx_posted_) {
    const std::uint32_t place = rx_posted_ % kRxEntries;
    Descriptor& descriptor = ring[place];
    descriptor.address =
        static_cast<std::uint64_t>(buffers_->device(std::size_t{place} * kBufferBytes));
    hw::dma_write_barrier();
    hw::dma_store(descriptor.control, RxDesc::LEN.with(0, kBufferBytes) |
                                          RxDesc::GEN.with(0, generation(rx_posted_, kRxEntries)));
  }
  const auto& queue = *hw::dma_objects<RxQueueDesc>(shared_->cpu().data(), kRxQueueAt);
  if (hw::dma_load(queue.update_rx_prod) != 0) {
    hw::write(pt_, PassThrough::RXPROD, rx_posted_ % kRxEntries);
  }
}

std::uint32_t Vmxnet3::receive(link::Receiver& receiver, std::uint32_t budget) noexcept {
  auto* const ring = hw::dma_objects<Completion>(shared_->cpu().data(), kRxCompAt);
  std::uint32_t delivered = 0;
  // Frames with errors do not count, so the ring is the limit.
  for (std::uint32_t seen = 0; seen < kRxEntries && delivered < budget && running(); ++seen) {
    Completion& slot = ring[rx_completions_ % kRxCompEntries];
    Completion entry;
    entry.word[3] = hw::dma_load(slot.word[3]);
    if (RxComp::GEN.get(entry.word[3]) != generation(rx_completions_, kRxCompEntries)) break;
    hw::dma_read_barrier();
    for (unsigned i = 0; i < 3; ++i) entry.word[i] = hw::dma_load(slot.word[i]);
    rx_completions_ = rx_completions_ + 1 == 2 * kRxCompEntries ? 0 : rx_completions_ + 1;
    if (accept(receiver, entry)) ++delivered;
  }
  if (running()) {
    refill();
    recycle();
  }
  return delivered;
}

/// True when the frame was delivered.
bool Vmxnet3::accept(link::Receiver& receiver, const Completion& entry) noexcept {
  // The field TYPE says nothing: QEMU leaves it 0.
  if (RxComp::RQID.get(entry.word[0]) != 0) {
    report(ChipFault::position);
    return false;
  }
  // Descriptors that the device has skipped are done, too.
  const std::uint32_t place = RxComp::RXDIDX.get(entry.word[0]);
  const std::uint32_t ahead = (place - rx_done_) % kRxEntries;
  if (place >= kRxEntries || ahead >= rx_posted_ - rx_done_) {
    report(ChipFault::position);
    return false;
  }
  rx_done_ += ahead + 1;
  const std::uint32_t length = RxComp::LEN.get(entry.word[2]);
  if (length > kBufferBytes) {
    report(ChipFault::length);
    return false;
  }
  const bool whole = RxComp::SOP.get(entry.word[0]) != 0 && RxComp::EOP.get(entry.word[0]) != 0;
  if (!whole || length < kEthernetHeader || length > kFrameBytesMax ||
      RxComp::ERR.get(entry.word[2]) != 0) {
    ++counters().receive_errors;
    return false;
  }
  const std::uint32_t kinds = RxComp::TCP.mask() | RxComp::UDP.mask();
  const link::ReceiveInfo info{.checksum_verified = RxComp::CNC.get(entry.word[0]) == 0 &&
                                                    RxComp::FRG.get(entry.word[3]) == 0 &&
                                                    RxComp::TUC.get(entry.word[3]) != 0 &&
                                                    (entry.word[3] & kinds) != 0};
  const ByteView pieces[] = {buffers_->cpu().subspan(std::size_t{place} * kBufferBytes, length)};
  return deliver(receiver, pieces, info);
}

ByteSpan Vmxnet3::transmit_slot() noexcept {
  if (tx_sent_ - tx_done_ == kTxSentMax) recycle();
  if (tx_sent_ - tx_done_ == kTxSentMax) {
    if (hw::read(vd_, VirtualDevice::VRRS) == vmxnet3::kAbsent) report(ChipFault::gone);
    return {};
  }
  const std::size_t place = tx_sent_ % kTxEntries;
  return buffers_->cpu().subspan(kTxBuffersAt + place * kBufferBytes, kBufferBytes);
}

void Vmxnet3::submit(std::uint32_t length) noexcept {
  const std::uint32_t place = tx_sent_ % kTxEntries;
  Descriptor& descriptor = hw::dma_objects<Descriptor>(shared_->cpu().data(), kTxRingAt)[place];
  std::uint32_t control =
      TxDesc::LEN.with(0, length) | TxDesc::GEN.with(0, generation(tx_sent_, kTxEntries));
  std::uint32_t extra = TxDesc::EOP.mask() | TxDesc::CQ.mask();
  if (checksum_.checksum_start != 0) {
    const std::uint32_t start = checksum_.checksum_start;
    control |= TxDesc::MSSCOF.with(0, start + checksum_.checksum_offset);
    extra |= TxDesc::HLEN.with(0, start) | TxDesc::OM.with(0, TxDesc::kOmChecksum);
    checksum_ = {};
  }
  descriptor.address = static_cast<std::uint64_t>(
      buffers_->device(kTxBuffersAt + std::size_t{place} * kBufferBytes));
  descriptor.extra = extra;
  hw::dma_write_barrier();
  hw::dma_store(descriptor.control, control);
  ++tx_sent_;
}

void Vmxnet3::flush() noexcept {
  if (tx_shown_ == tx_sent_) return;
  tx_shown_ = tx_sent_;
  hw::write(pt_, PassThrough::TXPROD, tx_sent_ % kTxEntries);
}

void Vmxnet3::recycle() noexcept {
  auto* const ring = hw::dma_objects<Completion>(shared_->cpu().data(), kTxCompAt);
  while (tx_done_ != tx_sent_) {
    Completion& slot = ring[tx_completions_ % kTxEntries];
    const std::uint32_t last = hw::dma_load(slot.word[3]);
    if (TxComp::GEN.get(last) != generation(tx_completions_, kTxEntries)) break;
    hw::dma_read_barrier();
    const std::uint32_t place = TxComp::TXDIDX.get(hw::dma_load(slot.word[0]));
    const std::uint32_t ahead = (place - tx_done_) % kTxEntries;
    if (place >= kTxEntries || ahead >= tx_sent_ - tx_done_) {
      report(ChipFault::position);
      return;
    }
    ++tx_completions_;
    tx_done_ += ahead + 1;
  }
  const auto& tx = *hw::dma_objects<TxQueueDesc>(shared_->cpu().data(), kTxQueueAt);
  const auto& rx = *hw::dma_objects<RxQueueDesc>(shared_->cpu().data(), kRxQueueAt);
  if ((hw::dma_load(tx.stopped) | hw::dma_load(rx.stopped)) != 0) {
    report(ChipFault::bus);
  }
}

}  // namespace kedge::driver
