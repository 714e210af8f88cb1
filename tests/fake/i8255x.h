// SPDX-License-Identifier: BSD-2-Clause-Patent
// I8255xModel: an 8255x as its manual describes it, from the chip's side, and able to misbehave.
#pragma once

#include "driver/i8255x/regs.h"
#include "tests/fake/microwire.h"
#include "tests/fake/pci_device.h"
#include "wire/mac.h"

namespace kedge::fake {

class I8255xModel : public FakePciDevice {
 public:
  explicit I8255xModel(const wire::MacAddress& mac = wire::MacAddress({0x52, 0x54, 0x00, 0x12, 0x34,
                                                                       0x56}));

  // ---- the wire's side ----
  /// False, and nothing done, when the receive unit is not ready or the filter refuses it.
  bool deliver(ByteView frame) { return deliver(frame, driver::i8255x::kOk); }
  /// With the bits of a status that is not OK, or with a count that is not the frame's length.
  bool deliver(ByteView frame, std::uint16_t status, std::uint16_t count = 0);
  std::vector<std::vector<std::byte>> sent;
  /// False: blocks stay incomplete until complete().
  bool complete_at_once = true;
  void complete();
  std::uint16_t phy_status = 0x782d;
  MicrowireModel eeprom;

  // ---- misbehaviour ----
  bool gone = false;            ///< everything reads as all ones
  bool deaf = false;            ///< commands are never taken
  bool ignores_blocks = false;  ///< commands are taken and nothing is done
  bool loses_resume = false;    ///< the next CU resume comes too early: S was already read

  bool receiving() const { return receive_state_ == driver::i8255x::ScbStatus::kRuReady; }
  std::array<std::uint8_t, 22> configuration{};
  wire::MacAddress station;

 protected:
  std::uint32_t bar_read(unsigned bar, std::uint64_t offset, unsigned width) override;
  void bar_write(unsigned bar, std::uint64_t offset, unsigned width, std::uint32_t value) override;

 private:
  void reset();
  void command(std::uint8_t value);
  void run_blocks();
  void execute(std::uint32_t address, std::uint16_t code);
  void transmit(std::uint32_t address);
  void take_groups(std::uint32_t address);
  bool passes(const wire::MacAddress& to) const;
  std::uint16_t load16(std::uint32_t address);
  std::uint32_t load32(std::uint32_t address);
  void store16(std::uint32_t address, std::uint16_t value);

  std::uint32_t pointer_ = 0;
  std::uint32_t cu_base_ = 0;
  std::uint32_t ru_base_ = 0;
  std::uint32_t last_block_ = 0;  // executed, and suspended after
  std::uint32_t next_block_ = 0;
  std::uint16_t command_state_ = 0;
  std::uint32_t next_frame_ = 0;
  std::uint16_t receive_state_ = 0;
  std::uint32_t mdi_ = 0;
  std::vector<std::uint32_t> held_;
  std::uint8_t wires_ = 0;
  std::uint64_t groups_ = 0;
};

}  // namespace kedge::fake
