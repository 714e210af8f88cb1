// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "driver/intel/intel_nic.h"

#include <new>

#include "base/log.h"
#include "driver/nic_errors.h"
#include "link/link_errors.h"

namespace kedge::driver::intel {

namespace {

constexpr std::uint16_t kPciBar0 = 0x10;
constexpr std::uint32_t kPciBarIo = 1u << 0;

/// 8254x 13.4.1: after a reset the EEPROM is read, which takes some milliseconds; nothing is to be
/// accessed meanwhile.
constexpr std::uint32_t kResetStallUs = 10'000;
constexpr std::uint32_t kResetPolls = 20;  // of a millisecond
/// 82574 4.6.1: the chip finishes what it has begun on the bus before it is reset.
constexpr std::uint32_t kMasterDisablePolls = 100;
constexpr std::uint32_t kMasterDisableStallUs = 100;
/// A queue of the 82576 is on when its register says so.
constexpr std::uint32_t kQueueEnablePolls = 100;
constexpr std::uint32_t kQueueEnableStallUs = 100;
/// 8254x 5.3: a word is there after some 100 us.
constexpr std::uint32_t kEepromPolls = 100;
constexpr std::uint32_t kEepromStallUs = 50;
/// 82576 8.2.4: an access takes some 64 us.
constexpr std::uint32_t kMdicPolls = 40;
constexpr std::uint32_t kMdicStallUs = 50;
/// Frames that may wait in the ring while poll() hands received ones to the stack.
constexpr std::uint32_t kTransmitBatchMax = 16;

/// The number of a group's bit in the table.
std::uint32_t group_bit(const wire::MacAddress& group) noexcept {
  return group.octets()[4] >> 4 | std::uint32_t{group.octets()[5]} << 4;
}

bool usable(const wire::MacAddress& mac) noexcept {
  return !mac.is_zero() && !mac.is_multicast();
}

}  // namespace

Result<std::unique_ptr<IntelNic>> IntelNic::create(port::PciDevice& pci, const Chip& chip,
                                                   const Options& options) noexcept {
  const std::uint32_t bar = pci.config_read32(kPciBar0);
  if ((bar & kPciBarIo) != 0 || bar == 0) return fail(err::nic_no_registers, bar);
  KEDGE_CHECK(pci.enable(false));
  std::unique_ptr<IntelNic> device(new (std::nothrow) IntelNic(pci, chip, options));
  if (device == nullptr) return fail(err::base_no_memory);
  KEDGE_CHECK(device->reset());
  KEDGE_CHECK(device->read_address());
  return device;
}

IntelNic::~IntelNic() {
  stop();
}

/// Ends all activity and begins a reset. Legal at any TPL.
void IntelNic::hush() noexcept {
  hw::write(registers_, kImc, kAllOnes);
  if (chip_.advanced()) hw::write(registers_, kEimc, kAllOnes);
  hw::write(registers_, Rctl::reg, 0);
  hw::write(registers_, Tctl::reg, 0);
  std::uint32_t control = hw::read(registers_, Ctrl::reg);
  if (control == kAllOnes) return;
  if (chip_.pcie()) {
    control |= Ctrl::kGioMasterDisable;
    hw::write(registers_, Ctrl::reg, control);
    for (std::uint32_t i = 0; i < kMasterDisablePolls; ++i) {
      if ((hw::read(registers_, Status::reg) & Status::kGioMasterEnable) == 0) break;
      pci_.stall_us(kMasterDisableStallUs);
    }
  }
  hw::write(registers_, Ctrl::reg, control | Ctrl::kReset);
}

Result<void> IntelNic::reset() noexcept {
  hush();
  pci_.stall_us(kResetStallUs);
  for (std::uint32_t i = 0; i < kResetPolls; ++i) {
    const std::uint32_t control = hw::read(registers_, Ctrl::reg);
    if (control == kAllOnes) return fail(err::nic_no_response);
    if ((control & Ctrl::kReset) == 0) {
      hw::write(registers_, kImc, kAllOnes);
      if (chip_.advanced()) hw::write(registers_, kEimc, kAllOnes);
      return {};
    }
    pci_.stall_us(1000);
  }
  return fail(err::nic_reset_timeout);
}

/// The chip copies its address from the EEPROM into its first receive filter; where it has not
/// (8254x 5.6.1), we read the EEPROM ourselves.
Result<void> IntelNic::read_address() noexcept {
  const std::uint32_t low = hw::read(registers_, kRal0);
  const std::uint32_t high = hw::read(registers_, kRah0);
  std::array<std::uint16_t, 3> words{static_cast<std::uint16_t>(low),
                                     static_cast<std::uint16_t>(low >> 16),
                                     static_cast<std::uint16_t>(high)};
  bool valid = (high & kRahAddressValid) != 0;
  // The EEPROM's first words are the first function's address.
  if (!valid && Status::function.get(hw::read(registers_, Status::reg)) == 0) {
    valid = true;
    for (std::uint16_t i = 0; i < words.size(); ++i) valid = valid && read_eeprom(i, words[i]);
  }
  std::array<std::byte, wire::MacAddress::kSize> octets{};
  for (std::size_t i = 0; i < octets.size(); ++i) {
    octets[i] = static_cast<std::byte>(words[i / 2] >> (i % 2 * 8));
  }
  ByteReader reader(octets);
  mac_ = wire::MacAddress::read(reader);
  if (!valid || !usable(mac_)) return fail(err::nic_no_mac, low);
  return {};
}

bool IntelNic::read_eeprom(std::uint16_t word, std::uint16_t& value) noexcept {
  const unsigned shift = chip_.pcie() ? Eerd::kAddressShiftPcie : Eerd::kAddressShiftPci;
  const std::uint32_t done = chip_.pcie() ? Eerd::kDonePcie : Eerd::kDonePci;
  hw::write(registers_, Eerd::reg, Eerd::kStart | static_cast<std::uint32_t>(word) << shift);
  for (std::uint32_t i = 0; i < kEepromPolls; ++i) {
    const std::uint32_t read = hw::read(registers_, Eerd::reg);
    if ((read & done) != 0) {
      value = static_cast<std::uint16_t>(read >> Eerd::kDataShift);
      return true;
    }
    pci_.stall_us(kEepromStallUs);
  }
  return false;
}

Result<void> IntelNic::enable_queue(RingRegs ring) noexcept {
  hw::write(registers_, ring.control(), kQueueEnable);
  for (std::uint32_t i = 0; i < kQueueEnablePolls; ++i) {
    if ((hw::read(registers_, ring.control()) & kQueueEnable) != 0) return {};
    pci_.stall_us(kQueueEnableStallUs);
  }
  return fail(err::nic_reset_timeout, ring.base);
}

bool IntelNic::access_phy(std::uint32_t command, std::uint16_t& value) noexcept {
  hw::write(registers_, Mdic::reg, command | Mdic::kPhyAddress | value);
  for (std::uint32_t i = 0; i < kMdicPolls; ++i) {
    const std::uint32_t read = hw::read(registers_, Mdic::reg);
    if ((read & Mdic::kReady) != 0) {
      value = static_cast<std::uint16_t>(read);
      return (read & Mdic::kError) == 0;
    }
    pci_.stall_us(kMdicStallUs);
  }
  return false;
}

/// A PHY negotiates by itself after power-on, except that of QEMU's igb, which has to be told. One
/// that has finished is left alone: a new negotiation takes seconds.
void IntelNic::negotiate_link() noexcept {
  if ((hw::read(registers_, Status::reg) & Status::kLinkUp) != 0) return;
  std::uint16_t value = 0;
  if (!access_phy(Mdic::kRead | Phy::kStatus << Mdic::kRegisterShift, value)) return;
  if ((value & Phy::kNegotiated) != 0) return;
  value = 0;
  if (!access_phy(Mdic::kRead | Phy::kControl << Mdic::kRegisterShift, value)) return;
  value |= Phy::kNegotiate | Phy::kRestartNegotiation;
  // Without success there is no link, which is what link_state() tells.
  (void)access_phy(Mdic::kWrite | Phy::kControl << Mdic::kRegisterShift, value);
}

/// Where the EEPROM was not loaded the first receive filter is empty.
void IntelNic::write_address() noexcept {
  std::array<std::byte, 8> halves{};
  ByteWriter writer(halves);
  mac_.write(writer);
  ByteReader reader(halves);
  hw::write(registers_, kRal0, reader.le32());
  hw::write(registers_, kRah0, reader.le32() | kRahAddressValid);
}

/// The words of the table in which groups of `of` have their bits, with those of filter_.
void IntelNic::write_group_words(const link::ReceiveFilter& of) noexcept {
  constexpr std::uint32_t kWordBits = 32;
  for (const wire::MacAddress& group : of.groups()) {
    const std::uint32_t word = group_bit(group) / kWordBits;
    std::uint32_t value = 0;
    for (const wire::MacAddress& wanted : filter_.groups()) {
      const std::uint32_t bit = group_bit(wanted);
      if (bit / kWordBits == word) value |= 1u << bit % kWordBits;
    }
    hw::write(registers_, group_word(word), value);
  }
}

void IntelNic::write_receive_control() noexcept {
  std::uint32_t control = Rctl::kEnable | Rctl::kBroadcastAccept | Rctl::kStripCrc;
  if (filter_.promiscuous) control |= Rctl::kUnicastPromiscuous;
  if (filter_.promiscuous || filter_.all_groups) control |= Rctl::kMulticastPromiscuous;
  hw::write(registers_, Rctl::reg, control);
}

/// Not the whole table: a group that stays passes all the time.
void IntelNic::set_receive_filter(const link::ReceiveFilter& filter) noexcept {
  const link::ReceiveFilter before = std::exchange(filter_, filter);
  if (state_ != State::running) return;
  write_group_words(filter_);
  write_group_words(before);
  write_receive_control();
}

/// 8254x 14.3 to 14.5, 82574 4.6, 82576 4.5, in their order.
Result<void> IntelNic::bring_up() noexcept {
  KEDGE_CHECK(reset());
  KEDGE_CHECK(receive_.create(pci_, options_.spare_bytes));
  KEDGE_CHECK(transmit_.create(pci_));
  KEDGE_CHECK(pci_.enable(true));

  // The PHY negotiates by itself and tells the MAC.
  std::uint32_t control = hw::read(registers_, Ctrl::reg);
  control &= ~(Ctrl::kGioMasterDisable | Ctrl::kLinkReset | Ctrl::kInvertLossOfSignal |
               Ctrl::kForceSpeed | Ctrl::kForceDuplex | Ctrl::kVlanMode | Ctrl::kPhyReset);
  control |= Ctrl::kSetLinkUp | (chip_.pcie() ? 0 : Ctrl::kAutoSpeed);
  hw::write(registers_, Ctrl::reg, control);

  if (chip_.advanced()) negotiate_link();

  receive_.describe(registers_);
  hw::write(registers_, Rxcsum::reg, Rxcsum::kIpOffload | Rxcsum::kTransportOffload);
  if (chip_.family == Family::pcie_8257x) {
    hw::write(registers_, Rfctl::reg, hw::read(registers_, Rfctl::reg) | Rfctl::kExtendedStatus);
  }
  if (chip_.advanced()) KEDGE_CHECK(enable_queue(chip_.receive_ring()));
  write_address();
  for (std::uint32_t i = 0; i < kGroupWords; ++i) hw::write(registers_, group_word(i), 0);
  write_group_words(filter_);
  write_receive_control();
  // Descriptors are given out only now: the 82576 wants its queue enabled before (4.5.9).
  receive_.refill(registers_);

  transmit_.describe(registers_);
  if (!chip_.pcie()) hw::write(registers_, kTipg, kTipgCopper);
  if (chip_.family == Family::pcie_8257x) {
    hw::write(registers_, chip_.transmit_ring().control(), kTxdctl82574);
  }
  hw::write(registers_, Tctl::reg,
            Tctl::kEnable | Tctl::kPadShort | Tctl::kCollisionThreshold | Tctl::kCollisionDistance);
  if (chip_.advanced()) KEDGE_CHECK(enable_queue(chip_.transmit_ring()));
  return {};
}

Result<void> IntelNic::start() noexcept {
  if (state_ == State::running) return {};
  stop();  // what a broken device left
  if (auto up = bring_up(); !up.ok()) {
    silence();
    receive_.destroy();
    transmit_.destroy();
    return std::move(up).context("starting the network chip");
  }
  state_ = State::running;
  return {};
}

/// Ends all DMA: reset first, and no bus mastering even when the reset fails.
void IntelNic::silence() noexcept {
  hush();
  (void)pci_.enable(false);
}

void IntelNic::stop() noexcept {
  KEDGE_ASSERT(!polling_);
  if (state_ == State::stopped) return;
  silence();
  state_ = State::stopped;
  fault_ = Fault::none;
  receive_.destroy();
  transmit_.destroy();
}

void IntelNic::quiesce() noexcept {
  if (state_ != State::running) return;
  // The rings stay as they are, so that a poll() which this interrupts ends well.
  state_ = State::broken;
  hush();
}

void IntelNic::give_up(Fault fault) noexcept {
  if (state_ != State::running) return;
  state_ = State::broken;
  fault_ = fault;
  silence();
  log(LogLevel::error, chip_.name, "{} (rule {})", err::nic_broken.text,
      static_cast<std::uint32_t>(fault));
}

link::Capabilities IntelNic::capabilities() const noexcept {
  return {.receive_checksum = true,
          .receive_merge = false,
          .transmit_checksum = true,
          .receive_buffers = receive_.buffers()};
}

link::LinkState IntelNic::link_state() noexcept {
  if (state_ != State::running) return link::LinkState::down;
  const std::uint32_t status = hw::read(registers_, Status::reg);
  if (status == kAllOnes) {
    give_up(Fault::unplugged);
    return link::LinkState::down;
  }
  const std::uint32_t missed = hw::read(registers_, kMpc);
  if (missed != kAllOnes) statistics_.receive_dropped += missed;
  return (status & Status::kLinkUp) != 0 ? link::LinkState::up : link::LinkState::down;
}

std::uint32_t IntelNic::poll(link::Receiver& receiver, std::uint32_t budget) noexcept {
  if (state_ != State::running || polling_) return 0;
  polling_ = true;
  const std::uint32_t delivered = receive_.poll(registers_, receiver, budget, statistics_);
  transmit_.recycle();
  polling_ = false;
  if (receive_.fault() != Fault::none) give_up(receive_.fault());
  flush_transmit();
  return delivered;
}

void IntelNic::flush_transmit() noexcept {
  if (state_ == State::running && transmit_.unpublished() != 0) transmit_.publish(registers_);
}

Result<void> IntelNic::transmit(std::span<const ByteView> pieces,
                                link::TransmitInfo info) noexcept {
  if (state_ == State::broken && fault_ != Fault::none) {
    return fail(err::nic_broken, static_cast<std::uint32_t>(fault_));
  }
  if (state_ != State::running) return fail(err::link_stopped);
  const Result<void> added = transmit_.add(pieces, info, statistics_);
  // What poll() delivers often makes the stack answer: those answers leave together.
  if (!polling_ || !added.ok() || transmit_.unpublished() >= kTransmitBatchMax) flush_transmit();
  return added;
}

Result<std::unique_ptr<link::Device>> create_intel_nic(port::PciDevice& pci, const Chip& chip,
                                                       Consumer consumer) noexcept {
  IntelNic::Options options;
  // Another stack hands each frame back before it gets the next.
  if (consumer == Consumer::simple_network) options.spare_bytes = 0;
  KEDGE_TRY(auto device, IntelNic::create(pci, chip, options));
  return std::unique_ptr<link::Device>(std::move(device));
}

}  // namespace kedge::driver::intel
