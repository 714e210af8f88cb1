// SPDX-License-Identifier: BSD-2-Clause-Patent
// IntelNicModel: Intel's gigabit controllers as their datasheets describe them, written from the
// device's side, and able to misbehave on request.
#pragma once

#include <map>
#include <optional>

#include "driver/intel/chip.h"
#include "tests/fake/pci_device.h"
#include "wire/mac.h"

namespace kedge::fake {

class IntelNicModel final : public FakePciDevice {
 public:
  struct Sent {
    std::vector<std::byte> frame;
    /// What the chip was to do with the transport checksum: offsets from the frame's start.
    std::optional<std::uint32_t> checksum_start;
    std::optional<std::uint32_t> checksum_field;  // extended contexts only
    bool tcp = false;
  };
  /// Status and errors of a received frame: bits as in the extended layout.
  static constexpr std::uint32_t kGood = 1u << 0 | 1u << 1;
  static constexpr std::uint32_t kChecked = kGood | 1u << 5 | 1u << 6;

  explicit IntelNicModel(driver::intel::Family family,
                         wire::MacAddress mac = wire::MacAddress({0x52, 0x54, 0, 0x12, 0x34,
                                                                  0x56}));

  // ---- the wire's side ----
  /// Puts a frame into a receive buffer. False, and nothing done, when there is none or the filter
  /// refuses it.
  bool deliver(ByteView frame, std::uint32_t status = kGood);
  /// The same with a length of its own choice.
  bool deliver_as(ByteView frame, std::uint32_t length, std::uint32_t status);
  std::vector<Sent> sent;
  /// False: frames are taken but not reported as sent until complete().
  bool complete_at_once = true;
  void complete();
  /// Receive buffers that the device may fill now.
  unsigned posted() const;
  bool link_up = true;
  bool phy_negotiated = true;
  unsigned negotiations = 0;  ///< that the PHY was told to begin
  std::uint32_t missed = 0;

  // ---- state for assertions ----
  bool quiet() const;  ///< neither receives nor transmits
  unsigned receive_tail_writes = 0;
  unsigned transmit_tail_writes = 0;
  unsigned contexts = 0;
  std::uint32_t reg(std::uint32_t offset) const;

  // ---- misbehaviour ----
  bool never_resets = false;
  bool unplugged = false;  ///< registers read as all ones
  bool queues_never_enable = false;
  bool never_idle = false;        ///< the bus master never stops
  bool address_in_filter = true;  ///< else only the EEPROM has the address
  bool eeprom_answers = true;
  bool phy_answers = true;
  unsigned function = 0;

 protected:
  std::uint32_t bar_read(unsigned bar, std::uint64_t offset, unsigned width) override;
  void bar_write(unsigned bar, std::uint64_t offset, unsigned width, std::uint32_t value) override;

 private:
  void reset();
  void access_phy(std::uint32_t value);
  bool passes(const wire::MacAddress& to) const;
  bool queue_on(driver::intel::RingRegs ring) const;
  void transmit_all();
  void take_context(std::uint32_t word0, std::uint32_t word1, std::uint32_t word2);
  ByteSpan descriptor(driver::intel::RingRegs ring, std::uint32_t index);

  driver::intel::Chip chip_;
  wire::MacAddress mac_;
  std::map<std::uint32_t, std::uint32_t> registers_;
  std::vector<std::byte> partial_;
  std::vector<std::uint32_t> unreported_;
  std::uint32_t context_start_ = 0;
  std::uint32_t context_field_ = 0;
  bool context_tcp_ = false;
  bool context_known_ = false;
};

}  // namespace kedge::fake
