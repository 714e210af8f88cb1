// SPDX-License-Identifier: BSD-2-Clause-Patent
// Rtl8139Model: an RTL8139C as its datasheet describes it, from the chip's side, and able to
// misbehave on request. It has the registers that the driver uses; others are violations.
#pragma once

#include <optional>

#include "driver/rtl8139/regs.h"
#include "tests/fake/pci_device.h"
#include "wire/mac.h"

namespace kedge::fake {

class Rtl8139Model : public FakePciDevice {
 public:
  explicit Rtl8139Model(const wire::MacAddress& mac = wire::MacAddress({0x52, 0x54, 0x00, 0x12,
                                                                        0x34, 0x56}));

  // ---- the wire's side ----
  /// Puts a frame into the ring. False when the filter refuses it; and, with an overflow, when it
  /// does not fit.
  bool deliver(ByteView frame);
  std::vector<std::vector<std::byte>> sent;
  /// False: transmissions stay unfinished until complete().
  bool complete_at_once = true;
  void complete();
  bool link_up = true;

  // ---- misbehaviour ----
  bool gone = false;                             ///< everything reads as all ones
  bool never_resets = false;                     ///< RST stays set
  std::optional<std::uint16_t> forced_position;  ///< what CBR reads
  /// Instead of the header of the next frame that is delivered.
  std::optional<std::uint32_t> forced_header;
  unsigned collisions = 0;  ///< transmissions that are aborted first

  unsigned resets = 0;
  std::uint32_t position() const { return written_; }
  std::uint32_t receive_config() const { return receive_config_; }
  std::uint16_t events = 0;  ///< ISR

 protected:
  std::uint32_t bar_read(unsigned bar, std::uint64_t offset, unsigned width) override;
  void bar_write(unsigned bar, std::uint64_t offset, unsigned width, std::uint32_t value) override;

 private:
  struct Transmission {
    std::uint32_t address = 0;
    std::uint32_t status = 0;
  };

  void reset();
  bool passes(const wire::MacAddress& to) const;
  std::uint32_t ring_bytes() const;
  void put(ByteView bytes);
  void command(std::uint8_t value);
  void begin_transmission(std::uint32_t slot, std::uint32_t value);
  void finish(std::uint32_t slot);
  std::uint16_t summary() const;

  wire::MacAddress mac_;
  std::array<Transmission, driver::rtl8139::kTransmitDescriptors> transmissions_;
  std::uint32_t next_transmission_ = 0;
  std::uint32_t ring_ = 0;
  std::uint32_t written_ = 0;
  std::uint32_t read_ = 0;
  std::uint8_t command_ = 0;
  std::uint32_t receive_config_ = 0;
  std::uint32_t transmit_config_ = 0;
  std::array<std::uint32_t, 2> multicast_{};
};

}  // namespace kedge::fake
