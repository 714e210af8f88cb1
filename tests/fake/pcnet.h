// SPDX-License-Identifier: BSD-2-Clause-Patent
// PcnetModel: an Am79C970A as its datasheet describes it, from the chip's side, and able to
// misbehave on request. It has the registers that the driver uses; others are violations.
#pragma once

#include <map>
#include <optional>

#include "driver/pcnet/regs.h"
#include "tests/fake/pci_device.h"
#include "wire/mac.h"

namespace kedge::fake {

class PcnetModel : public FakePciDevice {
 public:
  explicit PcnetModel(const wire::MacAddress& mac = wire::MacAddress({0x52, 0x54, 0x00, 0x12, 0x34,
                                                                      0x56}));

  // ---- the wire's side ----
  /// Puts a frame into the next receive descriptor. False when the filter refuses it; and, counted
  /// as missed, when the driver has that.
  bool deliver(ByteView frame);
  std::vector<std::vector<std::byte>> sent;
  /// False: descriptors to transmit stay the chip's until complete().
  bool complete_at_once = true;
  void complete();
  bool link_up = true;

  // ---- misbehaviour ----
  bool gone = false;               ///< everything reads as all ones
  bool never_resets = false;       ///< CSR0 does not say STOP
  bool never_initializes = false;  ///< nor IDON
  bool never_suspends = false;     ///< nor CSR5 SPND
  bool transmit_errors = false;    ///< every transmission fails
  /// Instead of flags and status of the next descriptor that is given back.
  std::optional<std::uint32_t> forced_flags;
  std::optional<std::uint32_t> forced_status;
  void stop_by_itself() { csr_[0] = driver::pcnet::Csr0::kStop; }
  void fail_on_the_bus() { csr_[0] |= driver::pcnet::Csr0::kMerr; }
  void set_led(std::uint16_t value) { bcr_[driver::pcnet::Bcr::kLed0] = value; }
  void set_word_mode() { dwio_ = false; }

  unsigned resets = 0;
  unsigned demands = 0;  ///< writes of TDMD

 protected:
  std::uint32_t bar_read(unsigned bar, std::uint64_t offset, unsigned width) override;
  void bar_write(unsigned bar, std::uint64_t offset, unsigned width, std::uint32_t value) override;

 private:
  void reset();
  void initialize();
  bool suspended();
  bool passes(const wire::MacAddress& to);
  void write_status(std::uint16_t value);
  std::uint16_t led() const;
  driver::pcnet::Descriptor* descriptor(std::uint32_t ring, std::uint32_t index);

  wire::MacAddress mac_;
  std::map<std::uint32_t, std::uint16_t> csr_;
  std::map<std::uint32_t, std::uint16_t> bcr_;
  std::uint32_t rap_ = 0;
  bool dwio_ = false;
  std::uint32_t receive_ring_ = 0;
  std::uint32_t transmit_ring_ = 0;
  std::uint32_t receive_count_ = 1;
  std::uint32_t transmit_count_ = 1;
  std::uint32_t next_receive_ = 0;
  std::uint32_t next_transmit_ = 0;
};

}  // namespace kedge::fake
