// SPDX-License-Identifier: BSD-2-Clause-Patent
// Ne2kPciModel: an RTL8029AS as its datasheet and the DP8390's describe it, from the chip's side,
// and able to misbehave on request. It has the registers that the driver uses; others are
// violations.
#pragma once

#include <optional>

#include "driver/ne2k_pci/regs.h"
#include "tests/fake/pci_device.h"
#include "wire/mac.h"

namespace kedge::fake {

class Ne2kPciModel : public FakePciDevice {
 public:
  explicit Ne2kPciModel(const wire::MacAddress& mac = wire::MacAddress({0x52, 0x54, 0x00, 0x12,
                                                                        0x34, 0x56}));

  // ---- the wire's side ----
  /// Puts a frame into the ring. False when it does not fit (then the ring has overflowed, and
  /// stays so until the driver has done what that takes), or when nothing is received, or not this.
  bool deliver(ByteView frame);
  std::vector<std::vector<std::byte>> sent;
  /// False: transmissions stay unfinished until complete().
  bool complete_at_once = true;
  void complete();

  // ---- misbehaviour ----
  bool gone = false;                           ///< everything reads as all ones
  bool never_resets = false;                   ///< ISR.RST stays clear
  bool never_stores = false;                   ///< remote writes do not end
  bool transmit_errors = false;                ///< every transmission fails
  std::optional<std::uint8_t> forced_page;     ///< what CURR reads
  std::optional<std::uint32_t> forced_header;  ///< of the next frame
  void stop_by_itself() { isr_ |= driver::ne2k::Isr::kRst; }
  void set_id(std::uint8_t id0) { id0_ = id0; }

  unsigned resets = 0;
  unsigned overflows = 0;
  std::array<std::uint8_t, 3> tallies{};  ///< CNTR0 to CNTR2
  std::uint8_t page() const { return curr_; }

 protected:
  std::uint32_t bar_read(unsigned bar, std::uint64_t offset, unsigned width) override;
  void bar_write(unsigned bar, std::uint64_t offset, unsigned width, std::uint32_t value) override;

 private:
  bool stopped() const { return (cr_ & driver::ne2k::Cr::kStp) != 0; }
  bool passes(const wire::MacAddress& to) const;
  std::uint8_t read_page0(std::uint32_t offset);
  void write_page0(std::uint32_t offset, std::uint8_t value);
  void write_page1(std::uint32_t offset, std::uint8_t value);
  void command(std::uint8_t value);
  void transmit();
  void acknowledge(std::uint8_t value);
  std::uint32_t port_read();
  void port_write(std::uint32_t value);
  bool advance();

  wire::MacAddress mac_;
  std::vector<std::byte> memory_;  // by the chip's addresses; the first bytes are the PROM
  std::uint8_t cr_ = driver::ne2k::Cr::kStp;
  std::uint8_t isr_ = driver::ne2k::Isr::kRst;
  std::uint8_t id0_ = driver::ne2k::kId0;
  std::uint8_t pstart_ = 0;
  std::uint8_t pstop_ = 0;
  std::uint8_t bnry_ = 0;
  std::uint8_t curr_ = 0;
  std::uint8_t tpsr_ = 0;
  std::uint16_t tbcr_ = 0;
  std::uint16_t rsar_ = 0;
  std::uint16_t rbcr_ = 0;
  std::uint8_t rcr_ = 0;
  std::array<std::uint8_t, wire::MacAddress::kSize> par_{};
  std::array<std::uint8_t, 8> mar_{};
  std::uint8_t tcr_ = 0;
  std::uint8_t dcr_ = 0;
  bool overflowed_ = false;
  bool stopped_after_overflow_ = false;
};

}  // namespace kedge::fake
