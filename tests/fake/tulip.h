// SPDX-License-Identifier: BSD-2-Clause-Patent
// TulipModel: a 21143 as its manual describes it, from the chip's side, and able to misbehave.
#pragma once

#include "driver/tulip/regs.h"
#include "tests/fake/microwire.h"
#include "tests/fake/pci_device.h"

namespace kedge::fake {

class TulipModel : public FakePciDevice {
 public:
  explicit TulipModel(const wire::MacAddress& mac = wire::MacAddress({0x52, 0x54, 0x00, 0x12, 0x34,
                                                                      0x56}));

  // ---- the wire's side ----
  /// False when the filter refuses it; and, with a frame missed, when no descriptor is the chip's.
  bool deliver(ByteView frame);
  /// Gives the next receive descriptor back with this status and nothing in its buffer.
  bool give_back(std::uint32_t status);
  std::vector<std::vector<std::byte>> sent;
  /// False: descriptors stay the chip's until complete().
  bool complete_at_once = true;
  void complete();
  /// What transmit descriptors are given back with.
  std::uint32_t transmit_status = 0;
  unsigned setups = 0;  ///< setup frames
  MicrowireModel rom;

  // ---- misbehaviour ----
  bool gone = false;  ///< everything reads as all ones
  void fail_on_bus() { status_ |= driver::tulip::Status::kFatalBusError; }

  std::uint32_t mode() const { return mode_; }

 protected:
  std::uint32_t bar_read(unsigned bar, std::uint64_t offset, unsigned width) override;
  void bar_write(unsigned bar, std::uint64_t offset, unsigned width, std::uint32_t value) override;

 private:
  void reset();
  void transmit();
  void take_frame(const driver::tulip::Descriptor& descriptor);
  void take_setup(const driver::tulip::Descriptor& descriptor);
  bool receiving() const;
  bool passes(const wire::MacAddress& to) const;
  driver::tulip::Descriptor load(std::uint64_t address);
  void store_status(std::uint64_t address, std::uint32_t status);

  std::uint32_t status_ = 0;
  std::uint32_t mode_ = 0;
  std::uint32_t serial_rom_ = 0;
  std::uint32_t missed_ = 0;
  std::uint32_t receive_list_ = 0;
  std::uint32_t transmit_list_ = 0;
  std::uint32_t next_receive_ = 0;
  std::uint32_t next_transmit_ = 0;
  bool suspended_ = false;  // the receiver found no descriptor and waits for a poll demand
  std::vector<std::uint32_t> held_;
  std::vector<wire::MacAddress> addresses_;
};

}  // namespace kedge::fake
