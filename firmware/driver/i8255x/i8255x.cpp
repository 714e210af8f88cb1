// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "driver/i8255x/i8255x.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "driver/common/microwire.h"
#include "driver/common/register_window.h"
#include "hw/dma.h"

namespace kedge::driver {

using i8255x::CommandBlock;
using i8255x::Csr;
using i8255x::Mdi;
using i8255x::Port;
using i8255x::ReceiveFrame;
using i8255x::ScbCommand;
using i8255x::ScbStatus;

namespace {

constexpr std::uint32_t kResetUs = 10;  // 6.3.3.1
/// The chip takes a command within some microseconds.
constexpr unsigned kCommandPolls = 200;
constexpr std::uint32_t kCommandPollUs = 5;
/// Configuration and address are action commands: done within a millisecond.
constexpr unsigned kActionPolls = 1000;
constexpr std::uint32_t kActionPollUs = 10;
/// A read of the PHY takes 64 us.
constexpr unsigned kMdiPolls = 20;
constexpr std::uint32_t kMdiPollUs = 10;

constexpr std::size_t kBlocksAt = std::size_t{I8255x::kReceiveFrames} * I8255x::kSlotBytes;
constexpr std::size_t kMemoryBytes =
    kBlocksAt + std::size_t{I8255x::kCommandBlocks} * I8255x::kSlotBytes;
/// The block before the next one is written to, so that the chip goes on to that: it stays.
constexpr std::uint32_t kInFlightMax = I8255x::kCommandBlocks - 1;

class Eeprom final : public Microwire {
 public:
  Eeprom(port::PciDevice& pci, port::BarWindow& registers) noexcept
      : pci_(pci), registers_(registers) {}

 private:
  using Wire = i8255x::Eeprom;
  void drive(bool select, bool clock, bool data) noexcept override {
    const unsigned wires =
        (select ? Wire::kSelect : 0u) | (clock ? Wire::kClock : 0u) | (data ? Wire::kDataIn : 0u);
    hw::write(registers_, Csr::eeprom, static_cast<std::uint8_t>(wires));
    pci_.stall_us(kHalfClockUs);
  }
  bool sense() noexcept override {
    return (hw::read(registers_, Csr::eeprom) & Wire::kDataOut) != 0;
  }

  port::PciDevice& pci_;
  port::BarWindow& registers_;
};

}  // namespace

Result<std::unique_ptr<I8255x>> I8255x::create(port::PciDevice& pci) noexcept {
  pci.set_dma_reach(port::DmaReach::bits32);
  KEDGE_CHECK(pci.enable(false));
  KEDGE_TRY(const auto registers, register_window(pci, {Csr::kMemoryBar, Csr::kIoBar}, Csr::kSize));
  std::unique_ptr<I8255x> device(new (std::nothrow) I8255x(pci, registers));
  if (device == nullptr) return fail(err::base_no_memory);
  KEDGE_CHECK(device->identify());
  return device;
}

Result<std::unique_ptr<link::Device>> create_i8255x(port::PciDevice& pci, Consumer) noexcept {
  KEDGE_TRY(auto device, I8255x::create(pci));
  return std::unique_ptr<link::Device>(std::move(device));
}

CommandBlock& I8255x::block(std::uint32_t number) const noexcept {
  return *hw::dma_objects<CommandBlock>(memory_->cpu().data(), block_offset(number));
}
std::size_t I8255x::block_offset(std::uint32_t number) const noexcept {
  return kBlocksAt + std::size_t{number % kCommandBlocks} * kSlotBytes;
}
ReceiveFrame& I8255x::frame(std::uint32_t place) const noexcept {
  return *hw::dma_objects<ReceiveFrame>(memory_->cpu().data(), std::size_t{place} * kSlotBytes);
}

Result<void> I8255x::identify() noexcept {
  halt();
  if (hw::read(registers_, Csr::scb_status) == i8255x::kNothingAnswers) {
    return fail(err::nic_no_response);
  }
  std::array<std::uint16_t, 3> words{};
  KEDGE_CHECK(Eeprom(pci_, registers_).read(0, words));
  std::array<std::byte, wire::MacAddress::kSize> octets{};
  ByteWriter writer(octets);
  for (const std::uint16_t word : words) writer.le16(word);
  ByteReader reader(octets);
  return set_mac(wire::MacAddress::read(reader));
}

/// A selective reset lets the chip leave the bus in good order before it forgets everything.
void I8255x::halt() noexcept {
  hw::write(registers_, Csr::port, Port::kSelectiveReset);
  pci_.stall_us(kResetUs);
  hw::write(registers_, Csr::port, Port::kSoftwareReset);
  pci_.stall_us(kResetUs);
  hw::write(registers_, Csr::scb_interrupts, i8255x::kMaskAllInterrupts);
}

/// False when the chip does not take commands.
bool I8255x::command(std::uint8_t code, std::uint32_t pointer) noexcept {
  for (unsigned poll = 0; hw::read(registers_, Csr::scb_command) != 0; ++poll) {
    if (poll == kCommandPolls) return false;
    pci_.stall_us(kCommandPollUs);
  }
  if (code != ScbCommand::kCuResume) hw::write(registers_, Csr::scb_pointer, pointer);
  hw::write(registers_, Csr::scb_command, code);
  return true;
}

Result<void> I8255x::bring_up() noexcept {
  halt();
  if (hw::read(registers_, Csr::scb_status) == i8255x::kNothingAnswers) {
    return fail(err::nic_no_response);
  }
  KEDGE_CHECK(allocate(memory_, kMemoryBytes));
  KEDGE_CHECK(pci_.enable(true));
  next_frame_ = 0;
  sent_ = shown_ = done_ = 0;
  for (std::uint32_t i = 0; i < kReceiveFrames; ++i) {
    const std::uint32_t next = (i + 1) % kReceiveFrames;
    frame(i) = {.status = 0,
                .command = next == 0 ? i8255x::kEndOfList : std::uint16_t{0},
                .link = address(std::size_t{next} * kSlotBytes),
                .reserved = i8255x::kNoDescriptors,
                .count = 0,
                .size = kBufferBytes};
  }
  hw::dma_write_barrier();
  if (!command(ScbCommand::kCuLoadBase, 0) || !command(ScbCommand::kRuLoadBase, 0)) {
    return fail(err::nic_reset_timeout);
  }
  KEDGE_CHECK(configure());
  if (!command(ScbCommand::kRuStart, address(0))) return fail(err::nic_reset_timeout);
  return {};
}

/// Fills in a block, which the chip stops after, and lets it go on from the block before.
void I8255x::append_command(std::uint16_t code) noexcept {
  CommandBlock& next = block(sent_);
  next.status = 0;
  next.link = address(block_offset(sent_ + 1));
  next.command = code | i8255x::kSuspend;
  hw::dma_write_barrier();
  if (sent_ != 0) {
    std::uint16_t& before = block(sent_ - 1).command;
    hw::dma_store(before, static_cast<std::uint16_t>(hw::dma_load(before) & ~i8255x::kSuspend));
  }
  ++sent_;
}

/// Of the next command.
ByteSpan I8255x::parameters() const noexcept {
  return memory_->cpu().subspan(block_offset(sent_) + i8255x::kParametersAt,
                                kSlotBytes - i8255x::kParametersAt);
}

void I8255x::append_configuration() noexcept {
  const ByteSpan bytes = parameters();
  std::memcpy(bytes.data(), i8255x::kConfiguration, sizeof(i8255x::kConfiguration));
  if (filter().promiscuous) bytes[i8255x::kPromiscuousAt] |= i8255x::kPromiscuous;
  if (filter().promiscuous || filter().all_groups) {
    bytes[i8255x::kAllGroupsAt] |= i8255x::kAllGroups;
  }
  append_command(i8255x::kCommandConfigure);
}

void I8255x::append_groups() noexcept {
  ByteWriter writer(parameters());
  writer.le16(static_cast<std::uint16_t>(filter().group_count * wire::MacAddress::kSize));
  for (const wire::MacAddress& group : filter().groups()) group.write(writer);
  append_command(i8255x::kCommandGroups);
}

/// The groups first: a chip that passed all of them then passes less, not nothing.
void I8255x::send_filter() noexcept {
  if (!filter_wanted_ || kInFlightMax - (sent_ - done_) < 2) return;
  filter_wanted_ = false;
  append_groups();
  append_configuration();
}

void I8255x::apply_filter() noexcept {
  filter_wanted_ = true;
  send_filter();
}

/// The first commands: how the chip works, and its addresses.
Result<void> I8255x::configure() noexcept {
  append_configuration();
  std::memcpy(parameters().data(), mac().octets().data(), wire::MacAddress::kSize);
  append_command(i8255x::kCommandAddress);
  append_groups();
  filter_wanted_ = false;
  shown_ = sent_;
  if (!command(ScbCommand::kCuStart, address(block_offset(0)))) {
    return fail(err::nic_reset_timeout);
  }
  for (unsigned poll = 0; poll < kActionPolls; ++poll) {
    recycle();
    if (done_ == sent_) return {};
    pci_.stall_us(kActionPollUs);
  }
  return fail(err::nic_reset_timeout, hw::read(registers_, Csr::scb_status));
}

link::LinkState I8255x::link_state() noexcept {
  if (!running()) return link::LinkState::down;
  hw::write(registers_, Csr::mdi,
            Mdi::opcode.with(0, Mdi::kRead) | Mdi::phy_address.with(0, Mdi::kPhy) |
                Mdi::phy_register.with(0, Mdi::kBasicStatus));
  for (unsigned poll = 0; poll < kMdiPolls; ++poll) {
    const std::uint32_t answer = hw::read(registers_, Csr::mdi);
    if (answer == 0xffffffff) {
      give_up(ChipFault::gone);
      return link::LinkState::down;
    }
    if ((answer & Mdi::kReady) != 0) {
      const std::uint32_t status = Mdi::data.get(answer);
      // No PHY at that address reads as ones; one that has no link at the moment still has a 1.
      if (status == 0xffff || status == 0) return link::LinkState::unknown;
      return (status & Mdi::kLinkUp) != 0 ? link::LinkState::up : link::LinkState::down;
    }
    pci_.stall_us(kMdiPollUs);
  }
  return link::LinkState::unknown;
}

std::uint32_t I8255x::completed_frames(std::uint32_t limit) const noexcept {
  std::uint32_t count = 0;
  while (count < limit) {
    const ReceiveFrame& next = frame((next_frame_ + count) % kReceiveFrames);
    if ((hw::dma_load(next.status) & i8255x::kComplete) == 0) break;
    ++count;
  }
  return count;
}

std::uint32_t I8255x::receive(link::Receiver& receiver, std::uint32_t budget) noexcept {
  const std::uint32_t completed = completed_frames(std::min(budget, kReceiveFrames));
  // Between status and contents, because emulations write the status first: a register access
  // waits for them to be done with the frame, as it waits for writes under way on a real bus.
  const std::uint16_t status = hw::read(registers_, Csr::scb_status);
  if (status == i8255x::kNothingAnswers) {
    report(ChipFault::gone);
    return 0;
  }
  hw::dma_read_barrier();
  std::uint32_t delivered = 0;
  for (std::uint32_t i = 0; i < completed && running(); ++i) {
    if (take(receiver, next_frame_)) ++delivered;
    next_frame_ = (next_frame_ + 1) % kReceiveFrames;
  }
  if (running()) {
    recycle();
    keep_going(status);
    send_filter();
  }
  return delivered;
}

/// Delivers the frame at `place` and makes that the last free one. True when it was delivered.
bool I8255x::take(link::Receiver& receiver, std::uint32_t place) noexcept {
  ReceiveFrame& received = frame(place);
  const std::uint32_t length = hw::dma_load(received.count) & i8255x::kCountMask;
  const bool whole = (hw::dma_load(received.status) & i8255x::kOk) != 0;
  bool delivered = false;
  if (length > kBufferBytes) {
    report(ChipFault::length);
  } else if (!whole || length < kEthernetHeader || length > kFrameBytesMax) {
    ++counters().receive_errors;
  } else {
    const ByteView pieces[] = {
        memory_->cpu().subspan(std::size_t{place} * kSlotBytes + sizeof(ReceiveFrame), length)};
    delivered = deliver(receiver, pieces);
  }
  received.status = 0;
  received.count = 0;
  received.size = kBufferBytes;
  received.command = i8255x::kEndOfList;
  hw::dma_write_barrier();
  hw::dma_store(frame((place + kReceiveFrames - 1) % kReceiveFrames).command, 0);
  return delivered;
}

/// Starts what stopped: the receiver when it ran out of frames, and the command unit when it
/// stopped after a block that had just been extended.
void I8255x::keep_going(std::uint16_t status) noexcept {
  bool taken = true;
  if (ScbStatus::ru.get(status) != ScbStatus::kRuReady && completed_frames(1) == 0) {
    taken = command(ScbCommand::kRuStart, address(std::size_t{next_frame_} * kSlotBytes));
  }
  if (done_ != shown_ && ScbStatus::cu.get(status) == ScbStatus::kCuSuspended) {
    taken = taken && command(ScbCommand::kCuResume, 0);
  }
  if (!taken) report(ChipFault::stalled);
}

void I8255x::recycle() noexcept {
  while (done_ != shown_ && (hw::dma_load(block(done_).status) & i8255x::kComplete) != 0) ++done_;
}

ByteSpan I8255x::transmit_slot() noexcept {
  if (sent_ - done_ == kInFlightMax) recycle();
  if (sent_ - done_ == kInFlightMax) return {};
  return memory_->cpu().subspan(block_offset(sent_) + sizeof(CommandBlock), kBufferBytes);
}

void I8255x::submit(std::uint32_t length) noexcept {
  CommandBlock& next = block(sent_);
  next.descriptors = i8255x::kNoDescriptors;
  next.count = static_cast<std::uint16_t>(length | i8255x::kWholeFrame);
  next.threshold = i8255x::kThresholdWholeFrame;
  next.descriptor_count = 0;
  append_command(i8255x::kCommandTransmit);
}

void I8255x::flush() noexcept {
  if (shown_ == sent_) return;
  shown_ = sent_;
  if (!command(ScbCommand::kCuResume, 0)) report(ChipFault::stalled);
}

}  // namespace kedge::driver
