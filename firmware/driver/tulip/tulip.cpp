// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "driver/tulip/tulip.h"

#include <algorithm>
#include <new>

#include "driver/common/microwire.h"
#include "driver/common/register_window.h"
#include "hw/dma.h"

namespace kedge::driver {

using tulip::BusMode;
using tulip::Csr;
using tulip::Descriptor;
using tulip::Mode;
using tulip::Rdes0;
using tulip::SerialRom;
using tulip::Status;
using tulip::Tdes0;
using tulip::Tdes1;

namespace {

constexpr std::uint32_t kResetUs = 10;  // 50 PCI cycles

constexpr std::size_t kTransmitAt = std::size_t{Tulip::kReceiveEntries} * sizeof(Descriptor);
constexpr std::size_t kReceiveBuffersAt = 2048;
static_assert(kTransmitAt + std::size_t{Tulip::kTransmitEntries} * sizeof(Descriptor) <=
              kReceiveBuffersAt);
constexpr std::size_t kTransmitBuffersAt =
    kReceiveBuffersAt + std::size_t{Tulip::kReceiveEntries} * Tulip::kBufferBytes;
constexpr std::size_t kMemoryBytes =
    kTransmitBuffersAt + std::size_t{Tulip::kTransmitEntries} * Tulip::kBufferBytes;
static_assert(Tulip::kBufferBytes >= kFrameBytesMax + kFrameCheckBytes);

/// A frame is sent when all of it is in the chip.
constexpr std::uint32_t kMode =
    Mode::kMustBeOne | Mode::kStoreAndForward | Mode::kStartReceive | Mode::kStartTransmit;
/// Beside the groups our own address and broadcast stand in a setup frame.
constexpr std::size_t kGroupsMax = tulip::kSetupAddresses - 2;

class Rom final : public Microwire {
 public:
  Rom(port::PciDevice& pci, port::BarWindow& registers) noexcept
      : pci_(pci), registers_(registers) {}

 private:
  void drive(bool select, bool clock, bool data) noexcept override {
    hw::write(registers_, Csr::serial_rom,
              SerialRom::kRead | (select ? SerialRom::kSelect : 0u) |
                  (clock ? SerialRom::kClock : 0u) | (data ? SerialRom::kDataIn : 0u));
    pci_.stall_us(kHalfClockUs);
  }
  bool sense() noexcept override {
    return (hw::read(registers_, Csr::serial_rom) & SerialRom::kDataOut) != 0;
  }

  port::PciDevice& pci_;
  port::BarWindow& registers_;
};

std::size_t receive_buffer(std::uint32_t place) noexcept {
  return kReceiveBuffersAt + std::size_t{place} * Tulip::kBufferBytes;
}
std::size_t transmit_buffer(std::uint32_t number) noexcept {
  return kTransmitBuffersAt + std::size_t{number % Tulip::kTransmitEntries} * Tulip::kBufferBytes;
}

}  // namespace

Result<std::unique_ptr<Tulip>> Tulip::create(port::PciDevice& pci) noexcept {
  pci.set_dma_reach(port::DmaReach::bits32);
  KEDGE_CHECK(pci.enable(false));
  KEDGE_TRY(const auto registers, register_window(pci, {Csr::kMemoryBar, Csr::kIoBar}, Csr::kSize));
  std::unique_ptr<Tulip> device(new (std::nothrow) Tulip(pci, registers));
  if (device == nullptr) return fail(err::base_no_memory);
  KEDGE_CHECK(device->identify());
  return device;
}

Result<std::unique_ptr<link::Device>> create_tulip(port::PciDevice& pci, Consumer) noexcept {
  KEDGE_TRY(auto device, Tulip::create(pci));
  return std::unique_ptr<link::Device>(std::move(device));
}

Descriptor& Tulip::receive_descriptor(std::uint32_t place) const noexcept {
  return hw::dma_objects<Descriptor>(memory_->cpu().data(), 0)[place];
}
Descriptor& Tulip::transmit_descriptor(std::uint32_t number) const noexcept {
  return hw::dma_objects<Descriptor>(memory_->cpu().data(), kTransmitAt)[number % kTransmitEntries];
}

Result<void> Tulip::identify() noexcept {
  halt();
  if (hw::read(registers_, Csr::status) == tulip::kNothingAnswers) {
    return fail(err::nic_no_response);
  }
  std::array<std::uint16_t, 3> words{};
  KEDGE_CHECK(Rom(pci_, registers_).read(SerialRom::kAddressWord, words));
  std::array<std::byte, wire::MacAddress::kSize> octets{};
  ByteWriter writer(octets);
  for (const std::uint16_t word : words) writer.le16(word);
  ByteReader reader(octets);
  return set_mac(wire::MacAddress::read(reader));
}

void Tulip::halt() noexcept {
  hw::write(registers_, Csr::interrupt_enable, 0);
  hw::write(registers_, Csr::operation_mode, Mode::kMustBeOne);
  hw::write(registers_, Csr::bus_mode, BusMode::kSoftwareReset);
  pci_.stall_us(kResetUs);
  hw::write(registers_, Csr::bus_mode, BusMode::kBurst8 | BusMode::kCacheAlignment8);
}

Result<void> Tulip::bring_up() noexcept {
  halt();
  if (hw::read(registers_, Csr::status) == tulip::kNothingAnswers) {
    return fail(err::nic_no_response);
  }
  KEDGE_CHECK(allocate(memory_, kMemoryBytes));
  KEDGE_CHECK(pci_.enable(true));
  next_receive_ = 0;
  sent_ = shown_ = done_ = 0;
  const auto address = [this](std::size_t offset) {
    return static_cast<std::uint32_t>(memory_->device(offset));
  };
  for (std::uint32_t i = 0; i < kReceiveEntries; ++i) {
    receive_descriptor(i) = {
        .status = tulip::kOwn,
        .control = kBufferBytes | (i + 1 == kReceiveEntries ? tulip::kEndOfRing : 0),
        .buffer = address(receive_buffer(i)),
        .second_buffer = 0};
  }
  for (std::uint32_t i = 0; i < kTransmitEntries; ++i) {
    transmit_descriptor(i) = {
        .status = 0, .control = 0, .buffer = address(transmit_buffer(i)), .second_buffer = 0};
  }
  // Both lists must end, whatever is still empty.
  transmit_descriptor(kTransmitEntries - 1).control = tulip::kEndOfRing;
  hw::dma_write_barrier();
  hw::write(registers_, Csr::interrupt_enable, 0);
  hw::write(registers_, Csr::receive_list, address(0));
  hw::write(registers_, Csr::transmit_list, address(kTransmitAt));
  setup_sent_ = false;
  apply_filter();
  flush();
  return {};
}

/// What the chip does not know yet passes: it is promiscuous until it has done the setup frame.
void Tulip::apply_filter() noexcept {
  setup_wanted_ = !filter().promiscuous;
  send_setup();
  write_mode();
}

void Tulip::write_mode() noexcept {
  const bool all = filter().promiscuous || setup_wanted_ || setup_sent_;
  const bool all_groups = all || filter().all_groups || filter().group_count > kGroupsMax;
  hw::write(registers_, Csr::operation_mode,
            kMode | (all ? Mode::kPromiscuous : 0u) | (all_groups ? Mode::kAllMulticast : 0u));
}

/// Frames of this kind stand in the transmit list, and the chip keeps them for itself.
void Tulip::send_setup() noexcept {
  if (!setup_wanted_) return;
  const ByteSpan slot = transmit_slot();
  if (slot.empty()) return;
  setup_wanted_ = false;
  setup_sent_ = true;
  setup_ = sent_;
  ByteWriter writer(slot.first(tulip::kSetupBytes));
  const std::size_t groups = std::min<std::size_t>(filter().group_count, kGroupsMax);
  for (std::size_t i = 0; i < tulip::kSetupAddresses; ++i) {
    wire::MacAddress address = mac();  // again, where nothing else is left
    if (i < groups) address = filter().group_list[i];
    if (i == groups) address = wire::MacAddress::broadcast();
    for (std::size_t octet = 0; octet < wire::MacAddress::kSize; octet += 2) {
      writer.u8(address.octets()[octet]);
      writer.u8(address.octets()[octet + 1]);
      writer.le16(0);
    }
  }
  hand_over(Tdes1::kSetup | tulip::kSetupBytes);
}

std::uint32_t Tulip::receive(link::Receiver& receiver, std::uint32_t budget) noexcept {
  const std::uint32_t events = hw::read(registers_, Csr::status);
  if (events == tulip::kNothingAnswers) {
    report(ChipFault::gone);
    return 0;
  }
  if ((events & Status::kFatalBusError) != 0) report(ChipFault::bus);
  std::uint32_t delivered = 0;
  // Frames with errors do not count, so the ring is the limit.
  for (std::uint32_t seen = 0; seen < kReceiveEntries && delivered < budget && running(); ++seen) {
    Descriptor& descriptor = receive_descriptor(next_receive_);
    const std::uint32_t status = hw::dma_load(descriptor.status);
    if ((status & tulip::kOwn) != 0) break;
    hw::dma_read_barrier();
    if (take(receiver, next_receive_, status)) ++delivered;
    hw::dma_write_barrier();
    hw::dma_store(descriptor.status, tulip::kOwn);
    next_receive_ = (next_receive_ + 1) % kReceiveEntries;
  }
  if (!running()) return delivered;
  if ((events & Status::kReceiveUnavailable) != 0) {
    // It waits for a descriptor, and looks again only when it is told to.
    count_missed();
    hw::write(registers_, Csr::status, Status::kReceiveUnavailable);
    hw::write(registers_, Csr::receive_poll, 1);
  }
  recycle();
  send_setup();
  return delivered;
}

/// True when the frame was delivered.
bool Tulip::take(link::Receiver& receiver, std::uint32_t place, std::uint32_t status) noexcept {
  const std::uint32_t length = Rdes0::frame_length.get(status);
  constexpr std::uint32_t kWhole = Rdes0::kFirst | Rdes0::kLast;
  if ((status & kWhole) != kWhole || (status & Rdes0::kErrors) != 0 ||
      length < kEthernetHeader + kFrameCheckBytes || length > kFrameBytesMax + kFrameCheckBytes) {
    ++counters().receive_errors;
    return false;
  }
  const ByteView pieces[] = {
      memory_->cpu().subspan(receive_buffer(place), length - kFrameCheckBytes)};
  return deliver(receiver, pieces);
}

void Tulip::count_missed() noexcept {
  counters().receive_dropped += tulip::kMissedFrames.get(hw::read(registers_, Csr::missed_frames));
}

void Tulip::recycle() noexcept {
  for (; done_ != shown_; ++done_) {
    const std::uint32_t status = hw::dma_load(transmit_descriptor(done_).status);
    if ((status & tulip::kOwn) != 0) break;
    if (setup_sent_ && done_ == setup_) {
      setup_sent_ = false;
      write_mode();
    } else if (status != tulip::kSetupDone && (status & Tdes0::kErrorSummary) != 0) {
      ++counters().transmit_errors;
    }
  }
}

ByteSpan Tulip::transmit_slot() noexcept {
  if (sent_ - done_ == kTransmitEntries - 1) recycle();
  if (sent_ - done_ == kTransmitEntries - 1) return {};
  return memory_->cpu().subspan(transmit_buffer(sent_), kBufferBytes);
}

void Tulip::submit(std::uint32_t length) noexcept {
  hand_over(Tdes1::kFirst | Tdes1::kLast | length);
}

/// Gives the chip the next descriptor with its buffer.
void Tulip::hand_over(std::uint32_t control) noexcept {
  Descriptor& descriptor = transmit_descriptor(sent_);
  const bool last = sent_ % kTransmitEntries == kTransmitEntries - 1;
  descriptor.control = control | (last ? tulip::kEndOfRing : 0);
  hw::dma_write_barrier();
  hw::dma_store(descriptor.status, tulip::kOwn);
  ++sent_;
}

void Tulip::flush() noexcept {
  if (shown_ == sent_) return;
  shown_ = sent_;
  hw::write(registers_, Csr::transmit_poll, 1);
}

}  // namespace kedge::driver
