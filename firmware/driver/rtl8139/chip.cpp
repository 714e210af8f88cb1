// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "driver/rtl8139/chip.h"

#include "driver/nic_errors.h"

namespace kedge::driver::rtl8139 {
namespace {

/// RST clears itself; drivers in the field allow 10 ms.
constexpr unsigned kResetPolls = 1000;
constexpr std::uint32_t kResetPollUs = 10;

}  // namespace

Result<void> reset(port::PciDevice& pci, port::BarWindow& registers) noexcept {
  hw::write(registers, Reg::cr, Cr::kRst);
  std::uint8_t command = 0;
  for (unsigned poll = 0; poll < kResetPolls; ++poll) {
    command = hw::read(registers, Reg::cr);
    if (command == 0xff) return fail(err::nic_no_response);
    if ((command & Cr::kRst) == 0) return {};
    pci.stall_us(kResetPollUs);
  }
  return fail(err::nic_reset_timeout, command);
}

Result<wire::MacAddress> identify(port::PciDevice& pci, port::BarWindow& registers) noexcept {
  KEDGE_CHECK(reset(pci, registers));
  std::array<std::byte, 8> halves{};
  ByteWriter writer(halves);
  writer.le32(hw::read(registers, Reg::idr0));
  writer.le32(hw::read(registers, Reg::idr4));
  ByteReader reader(halves);
  return wire::MacAddress::read(reader);
}

std::optional<link::LinkState> link_state(port::BarWindow& registers) noexcept {
  const std::uint8_t media = hw::read(registers, Reg::msr);
  if (media == 0xff) return std::nullopt;
  return (media & Msr::kLinkb) != 0 ? link::LinkState::down : link::LinkState::up;
}

}  // namespace kedge::driver::rtl8139
