// SPDX-License-Identifier: BSD-2-Clause-Patent
// Rtl8139CplusModel: an RTL8139C+ in its own mode as its datasheet describes it, from the chip's
// side, and able to misbehave on request. It has the registers that the driver uses; others are
// violations.
#pragma once

#include <optional>

#include "driver/rtl8139/regs.h"
#include "tests/fake/pci_device.h"
#include "wire/mac.h"

namespace kedge::fake {

class Rtl8139CplusModel : public FakePciDevice {
 public:
  explicit Rtl8139CplusModel(const wire::MacAddress& mac = wire::MacAddress({0x52, 0x54, 0x00, 0x12,
                                                                             0x34, 0x56}));

  // ---- the wire's side ----
  /// Puts a frame into the next receive descriptor. False when that is still the driver's.
  bool deliver(ByteView frame);
  std::vector<std::vector<std::byte>> sent;
  /// False: transmissions stay unfinished until complete().
  bool complete_at_once = true;
  void complete();
  bool link_up = true;
  /// What the chip says of the frames that follow: CplusReceive::protocol and failures.
  std::uint32_t checksum_status = 0;

  // ---- misbehaviour ----
  bool gone = false;          ///< everything reads as all ones
  bool never_resets = false;  ///< RST stays set
  /// Instead of the status of the next frame that is delivered.
  std::optional<std::uint32_t> forced_status;
  std::uint32_t transmit_status = 0;  ///< what finished transmissions say beside that

  unsigned resets = 0;
  std::uint16_t events = 0;  ///< ISR

 protected:
  std::uint32_t bar_read(unsigned bar, std::uint64_t offset, unsigned width) override;
  void bar_write(unsigned bar, std::uint64_t offset, unsigned width, std::uint32_t value) override;

 private:
  void reset();
  void command(std::uint8_t value);
  driver::rtl8139::CplusDescriptor* descriptor(std::uint32_t ring, std::uint32_t place);

  wire::MacAddress mac_;
  std::uint32_t receive_ring_ = 0;
  std::uint32_t transmit_ring_ = 0;
  std::uint32_t next_receive_ = 0;
  std::uint32_t next_transmit_ = 0;
  std::uint8_t command_ = 0;
  std::uint16_t mode_ = 0;
  std::uint32_t receive_config_ = 0;
  std::array<std::uint32_t, 2> multicast_{};
};

}  // namespace kedge::fake
