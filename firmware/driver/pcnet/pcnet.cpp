// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "driver/pcnet/pcnet.h"

#include <bit>
#include <new>

#include "driver/common/group_hash.h"
#include "driver/common/register_window.h"
#include "hw/dma.h"

namespace kedge::driver {

using pcnet::Bcr;
using pcnet::Bcr2;
using pcnet::Bcr4;
using pcnet::byte_count;
using pcnet::Csr;
using pcnet::Csr0;
using pcnet::Csr3;
using pcnet::Csr5;
using pcnet::Descriptor;
using pcnet::InitBlock;
using pcnet::Reg;

namespace {

constexpr std::uint32_t kBufferBytes = 1536;
static_assert(kBufferBytes >= kFrameBytesMax + kFrameCheckBytes);

// The shared memory, one part after the other.
constexpr std::size_t kReceiveRing = 0;
constexpr std::size_t kTransmitRing =
    kReceiveRing + Pcnet::kReceiveDescriptors * sizeof(Descriptor);
constexpr std::size_t kInitBlock = kTransmitRing + Pcnet::kTransmitDescriptors * sizeof(Descriptor);
constexpr std::size_t kReceiveBuffers = 8192;
static_assert(kInitBlock + sizeof(InitBlock) <= kReceiveBuffers);
constexpr std::size_t kTransmitBuffers =
    kReceiveBuffers + std::size_t{Pcnet::kReceiveDescriptors} * kBufferBytes;
constexpr std::size_t kMemoryBytes =
    kTransmitBuffers + std::size_t{Pcnet::kTransmitDescriptors} * kBufferBytes;

/// A handful of bus cycles; nothing in the datasheet is longer than that.
constexpr std::uint32_t kResetUs = 10;
constexpr unsigned kInitPolls = 1000;
constexpr std::uint32_t kInitPollUs = 10;
/// Until frames in the chip's memory are sent or stored: 1.2 ms each at 10 Mbit/s.
constexpr unsigned kSuspendPolls = 1000;
constexpr std::uint32_t kSuspendPollUs = 10;

}  // namespace

Result<std::unique_ptr<Pcnet>> Pcnet::create(port::PciDevice& pci) noexcept {
  pci.set_dma_reach(port::DmaReach::bits32);
  KEDGE_CHECK(pci.enable(false));
  KEDGE_TRY(const auto registers, register_window(pci, {Reg::kIoBar, Reg::kMemoryBar}, Reg::kSize));
  std::unique_ptr<Pcnet> device(new (std::nothrow) Pcnet(pci, registers));
  if (device == nullptr) return fail(err::base_no_memory);
  KEDGE_CHECK(device->identify());
  return device;
}

std::uint16_t Pcnet::read_csr(std::uint32_t number) noexcept {
  hw::write(registers_, Reg::rap, number);
  return static_cast<std::uint16_t>(hw::read(registers_, Reg::rdp));
}
void Pcnet::write_csr(std::uint32_t number, std::uint16_t value) noexcept {
  hw::write(registers_, Reg::rap, number);
  hw::write(registers_, Reg::rdp, value);
}
std::uint16_t Pcnet::read_bcr(std::uint32_t number) noexcept {
  hw::write(registers_, Reg::rap, number);
  return static_cast<std::uint16_t>(hw::read(registers_, Reg::bdp));
}
void Pcnet::write_bcr(std::uint32_t number, std::uint16_t value) noexcept {
  hw::write(registers_, Reg::rap, number);
  hw::write(registers_, Reg::bdp, value);
}

std::uint32_t Pcnet::address(std::size_t offset) const noexcept {
  return static_cast<std::uint32_t>(memory_->device(offset));
}
Descriptor& Pcnet::receive_descriptor(std::uint32_t index) noexcept {
  return hw::dma_objects<Descriptor>(memory_->cpu().data(), kReceiveRing)[index];
}
Descriptor& Pcnet::transmit_descriptor(std::uint32_t index) noexcept {
  return hw::dma_objects<Descriptor>(memory_->cpu().data(), kTransmitRing)[index];
}
ByteSpan Pcnet::receive_buffer(std::uint32_t index) const noexcept {
  return memory_->cpu().subspan(kReceiveBuffers + std::size_t{index} * kBufferBytes, kBufferBytes);
}
ByteSpan Pcnet::transmit_buffer(std::uint32_t index) const noexcept {
  return memory_->cpu().subspan(kTransmitBuffers + std::size_t{index} * kBufferBytes, kBufferBytes);
}

Result<void> Pcnet::identify() noexcept {
  KEDGE_CHECK(reset());
  std::array<std::byte, 8> halves{};
  ByteWriter writer(halves);
  writer.le32(hw::read(registers_, Reg::aprom0));
  writer.le32(hw::read(registers_, Reg::aprom4));
  ByteReader reader(halves);
  return set_mac(wire::MacAddress::read(reader));
}

/// Stops the chip, in whichever mode it is.
void Pcnet::halt() noexcept {
  // A chip in word mode has RAP and RESET elsewhere, and no meaning for the first of these reads.
  (void)hw::read(registers_, Reg::reset);
  (void)hw::read(registers_, Reg::word_reset);
  pci_.stall_us(kResetUs);
}

/// halt(), and 32-bit accesses from then on: a 32-bit write to RDP switches to them.
Result<void> Pcnet::reset() noexcept {
  halt();
  hw::write(registers_, Reg::rdp, 0);
  hw::write(registers_, Reg::rap, Csr::kStatus);
  const std::uint32_t status = hw::read(registers_, Reg::rdp);
  if (status == ~0u) return fail(err::nic_no_response);
  if ((status & Csr0::kStop) == 0) return fail(err::nic_reset_timeout, status);
  return {};
}

/// Writes rings and init block.
void Pcnet::lay_out() noexcept {
  for (std::uint32_t i = 0; i < kReceiveDescriptors; ++i) {
    receive_descriptor(i) = {address(kReceiveBuffers + std::size_t{i} * kBufferBytes),
                             Descriptor::kOwn | byte_count(kBufferBytes), 0, 0};
  }
  for (std::uint32_t i = 0; i < kTransmitDescriptors; ++i) {
    transmit_descriptor(i) = {address(kTransmitBuffers + std::size_t{i} * kBufferBytes), 0, 0, 0};
  }
  constexpr std::uint32_t kReceiveLog = std::countr_zero(kReceiveDescriptors);
  constexpr std::uint32_t kTransmitLog = std::countr_zero(kTransmitDescriptors);
  std::array<std::byte, 8> halves{};
  ByteWriter writer(halves);
  mac().write(writer);
  ByteReader reader(halves);
  InitBlock& block = *hw::dma_objects<InitBlock>(memory_->cpu().data(), kInitBlock);
  const std::uint64_t groups = group_hash(filter(), HashOrder::x0_to_x5);
  block.lengths_mode =
      mode() | InitBlock::rlen.with(InitBlock::tlen.with(0, kTransmitLog), kReceiveLog);
  block.padr_low = reader.le32();
  block.padr_high = reader.le32();
  block.ladrf_low = static_cast<std::uint32_t>(groups);
  block.ladrf_high = static_cast<std::uint32_t>(groups >> 32);
  block.rdra = address(kReceiveRing);
  block.tdra = address(kTransmitRing);
  hw::dma_write_barrier();
}

Result<void> Pcnet::bring_up() noexcept {
  KEDGE_CHECK(reset());
  KEDGE_CHECK(allocate(memory_, kMemoryBytes));
  KEDGE_CHECK(pci_.enable(true));
  next_receive_ = 0;
  next_transmit_ = 0;
  in_flight_ = 0;
  idle_polls_ = 0;
  missed_ = 0;
  demand_ = false;
  lay_out();
  write_bcr(Bcr::kSoftwareStyle, pcnet::kSoftwareStyle2);
  write_bcr(Bcr::kMiscellaneous,
            static_cast<std::uint16_t>(read_bcr(Bcr::kMiscellaneous) | Bcr2::kAsel));
  write_csr(Csr::kMasks, Csr3::kDxsuflo);
  write_csr(Csr::kInitBlockLow, static_cast<std::uint16_t>(address(kInitBlock)));
  write_csr(Csr::kInitBlockHigh, static_cast<std::uint16_t>(address(kInitBlock) >> 16));
  KEDGE_CHECK(initialize());
  // RAP stays at CSR0: a demand to transmit is one write.
  write_csr(Csr::kStatus, Csr0::kStrt | Csr0::kIdon);
  return {};
}

/// Lets the chip read the init block.
Result<void> Pcnet::initialize() noexcept {
  write_csr(Csr::kStatus, Csr0::kInit);
  std::uint32_t status = 0;
  for (unsigned poll = 0; poll < kInitPolls; ++poll) {
    status = hw::read(registers_, Reg::rdp);
    if (status == ~0u) return fail(err::nic_no_response);
    if ((status & Csr0::kMerr) != 0) break;
    if ((status & Csr0::kIdon) != 0) return {};
    pci_.stall_us(kInitPollUs);
  }
  return fail(err::nic_reset_timeout, status);
}

std::uint16_t Pcnet::mode() const noexcept {
  return filter().promiscuous ? InitBlock::kModeProm : std::uint16_t{0};
}

/// False when the chip does not stand still.
bool Pcnet::suspend() noexcept {
  write_csr(Csr::kSuspend, Csr5::kSpnd);
  for (unsigned poll = 0; poll < kSuspendPolls; ++poll) {
    if ((hw::read(registers_, Reg::rdp) & Csr5::kSpnd) != 0) return true;
    pci_.stall_us(kSuspendPollUs);
  }
  return false;
}

void Pcnet::apply_filter() noexcept {
  if (suspend()) {
    std::uint64_t groups = group_hash(filter(), HashOrder::x0_to_x5);
    for (std::uint32_t i = 0; i < 4; ++i, groups >>= 16) {
      write_csr(Csr::kGroups + i, static_cast<std::uint16_t>(groups));
    }
    write_csr(Csr::kMode, mode());
  } else {
    restart();
  }
  write_csr(Csr::kSuspend, 0);
  hw::write(registers_, Reg::rap, Csr::kStatus);
}

bool Pcnet::idle() noexcept {
  recycle();
  return in_flight_ == 0;
}

link::LinkState Pcnet::link_state() noexcept {
  if (running()) check_health();
  if (!running()) return link::LinkState::down;
  count_missed();
  const std::uint16_t led = read_bcr(Bcr::kLed0);
  hw::write(registers_, Reg::rap, Csr::kStatus);
  if ((led & Bcr4::kLnkste) == 0 || (led & Bcr4::kOthers) != 0) return link::LinkState::unknown;
  return (led & Bcr4::kLedout) != 0 ? link::LinkState::up : link::LinkState::down;
}

/// Frames for which no descriptor was free. The counter goes round.
void Pcnet::count_missed() noexcept {
  const std::uint16_t missed = read_csr(Csr::kMissedFrames);
  counters().receive_dropped += static_cast<std::uint16_t>(missed - missed_);
  missed_ = missed;
}

/// Rings alone do not tell that the chip is gone, or stopped.
void Pcnet::check_health() noexcept {
  idle_polls_ = 0;
  const std::uint32_t status = hw::read(registers_, Reg::rdp);
  constexpr std::uint32_t kOn = Csr0::kTxon | Csr0::kRxon;
  if (status == ~0u) {
    report(ChipFault::gone);
  } else if ((status & (Csr0::kStop | Csr0::kMerr)) != 0 || (status & kOn) != kOn) {
    report(ChipFault::bus);
  }
}

/// Delivers the frame of a descriptor that the chip is done with. False when there is none in it.
bool Pcnet::take(link::Receiver& receiver, const Descriptor& descriptor, std::uint32_t flags,
                 std::uint32_t index) noexcept {
  constexpr std::uint32_t kWhole = Descriptor::kStp | Descriptor::kEnp;
  const std::uint32_t length = Descriptor::mcnt.get(hw::dma_load(descriptor.status));
  // A frame over several buffers is longer than any that we want.
  if ((flags & (kWhole | Descriptor::kErr)) != kWhole ||
      length < kEthernetHeader + kFrameCheckBytes || length > kFrameBytesMax + kFrameCheckBytes) {
    ++counters().receive_errors;
    return false;
  }
  const ByteView pieces[] = {receive_buffer(index).first(length - kFrameCheckBytes)};
  (void)deliver(receiver, pieces);
  return true;
}

std::uint32_t Pcnet::receive(link::Receiver& receiver, std::uint32_t budget) noexcept {
  std::uint32_t delivered = 0;
  std::uint32_t seen = 0;
  while (delivered < budget && seen < kReceiveDescriptors && running()) {
    const std::uint32_t index = next_receive_;
    Descriptor& descriptor = receive_descriptor(index);
    const std::uint32_t flags = hw::dma_load(descriptor.flags);
    if ((flags & Descriptor::kOwn) != 0) break;
    hw::dma_read_barrier();
    if (take(receiver, descriptor, flags, index)) ++delivered;
    hw::dma_full_barrier();
    hw::dma_store(descriptor.flags, Descriptor::kOwn | byte_count(kBufferBytes));
    next_receive_ = (index + 1) % kReceiveDescriptors;
    ++seen;
  }
  if (seen != 0) {
    idle_polls_ = 0;
  } else if (++idle_polls_ >= kIdlePollsMax) {
    check_health();
  }
  return delivered;
}

void Pcnet::recycle() noexcept {
  while (in_flight_ != 0) {
    const Descriptor& oldest =
        transmit_descriptor((next_transmit_ - in_flight_) % kTransmitDescriptors);
    const std::uint32_t flags = hw::dma_load(oldest.flags);
    if ((flags & Descriptor::kOwn) != 0) return;
    if ((flags & Descriptor::kErr) != 0) ++counters().transmit_errors;
    --in_flight_;
  }
}

ByteSpan Pcnet::transmit_slot() noexcept {
  recycle();
  if (in_flight_ < kTransmitDescriptors) return transmit_buffer(next_transmit_);
  check_health();
  return {};
}

void Pcnet::submit(std::uint32_t length) noexcept {
  Descriptor& descriptor = transmit_descriptor(next_transmit_);
  descriptor.status = 0;
  hw::dma_write_barrier();
  hw::dma_store(descriptor.flags,
                Descriptor::kOwn | Descriptor::kStp | Descriptor::kEnp | byte_count(length));
  next_transmit_ = (next_transmit_ + 1) % kTransmitDescriptors;
  ++in_flight_;
  demand_ = true;
}

void Pcnet::flush() noexcept {
  if (!demand_) return;
  demand_ = false;
  hw::dma_write_barrier();
  hw::write(registers_, Reg::rdp, Csr0::kTdmd);
}

Result<std::unique_ptr<link::Device>> create_pcnet(port::PciDevice& pci, Consumer) noexcept {
  KEDGE_TRY(auto device, Pcnet::create(pci));
  return std::unique_ptr<link::Device>(std::move(device));
}

}  // namespace kedge::driver
