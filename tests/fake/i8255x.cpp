// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "tests/fake/i8255x.h"

#include <cstring>

#include "base/format.h"
#include "tests/fake/group_filter.h"

namespace kedge::fake {

using driver::i8255x::Csr;
using driver::i8255x::Eeprom;
using driver::i8255x::Mdi;
using driver::i8255x::ScbCommand;
using driver::i8255x::ScbStatus;

namespace {

constexpr std::uint16_t kIdle = 0;
constexpr std::uint16_t kActive = 2;
constexpr std::uint16_t kNoResources = 2;
constexpr unsigned kBlocksMax = 100;  // in one go

}  // namespace

I8255xModel::I8255xModel(const wire::MacAddress& mac) : eeprom(mac, 0) {
  put_config32(0x00, 0x1229'8086);
  put_config32(0x10, 0xfebf'1000);
  put_config32(0x14, 0xc001);
}

std::uint16_t I8255xModel::load16(std::uint32_t address) {
  std::uint16_t value = 0;
  if (const ByteSpan bytes = dma(address, 2); !bytes.empty()) std::memcpy(&value, bytes.data(), 2);
  return value;
}
std::uint32_t I8255xModel::load32(std::uint32_t address) {
  std::uint32_t value = 0;
  if (const ByteSpan bytes = dma(address, 4); !bytes.empty()) std::memcpy(&value, bytes.data(), 4);
  return value;
}
void I8255xModel::store16(std::uint32_t address, std::uint16_t value) {
  if (const ByteSpan bytes = dma(address, 2); !bytes.empty()) std::memcpy(bytes.data(), &value, 2);
}

void I8255xModel::reset() {
  command_state_ = kIdle;
  receive_state_ = kIdle;
  last_block_ = 0;
  held_.clear();
}

std::uint32_t I8255xModel::bar_read(unsigned, std::uint64_t offset, unsigned width) {
  if (gone) return 0xffffffff;
  switch (offset << 4 | width) {
    case 0x002:
      return ScbStatus::cu.with(ScbStatus::ru.with(0, receive_state_), command_state_);
    case 0x021:
      return deaf ? 0x10 : 0;
    case 0x0e1:
      return static_cast<std::uint32_t>(wires_ | (eeprom.out() ? Eeprom::kDataOut : 0));
    case 0x104:
      return mdi_;
    default:
      violation(format("read{} at {:x}", width * 8, offset));
      return 0;
  }
}

void I8255xModel::bar_write(unsigned, std::uint64_t offset, unsigned width, std::uint32_t value) {
  if (gone) return;
  switch (offset << 4 | width) {
    case 0x021:
      if (!deaf) command(static_cast<std::uint8_t>(value));
      break;
    case 0x031:
      if (value != 1) violation("interrupts are not masked");
      break;
    case 0x044:
      pointer_ = value;
      break;
    case 0x084:
      if (value != 0 && value != 2) violation(format("PORT {:x}", value));
      reset();
      break;
    case 0x0e1:
      wires_ = static_cast<std::uint8_t>(value);
      eeprom.drive((value & Eeprom::kSelect) != 0, (value & Eeprom::kClock) != 0,
                   (value & Eeprom::kDataIn) != 0);
      break;
    case 0x104:
      if (Mdi::opcode.get(value) != Mdi::kRead || Mdi::phy_address.get(value) != 1 ||
          Mdi::phy_register.get(value) != 1) {
        violation(format("MDI {:x}", value));
      }
      mdi_ = Mdi::kReady | Mdi::data.with(value, phy_status);
      break;
    default:
      violation(format("write{} at {:x}", width * 8, offset));
  }
}

void I8255xModel::command(std::uint8_t value) {
  switch (value) {
    case ScbCommand::kCuLoadBase:
      cu_base_ = pointer_;
      break;
    case ScbCommand::kRuLoadBase:
      ru_base_ = pointer_;
      break;
    case ScbCommand::kRuStart:
      if (receiving()) violation("RU start while it is ready");
      next_frame_ = ru_base_ + pointer_;
      receive_state_ = ScbStatus::kRuReady;
      break;
    case ScbCommand::kCuStart:
      last_block_ = 0;
      next_block_ = cu_base_ + pointer_;
      run_blocks();
      break;
    case ScbCommand::kCuResume:
      if (loses_resume) {
        loses_resume = false;
        break;
      }
      if ((load16(last_block_ + 2) & driver::i8255x::kSuspend) != 0) {
        violation("CU resume with nothing to go on to");
        break;
      }
      run_blocks();
      break;
    default:
      violation(format("SCB command {:x}", value));
  }
}

void I8255xModel::run_blocks() {
  if (ignores_blocks) return;
  for (unsigned count = 0; count < kBlocksMax; ++count) {
    const std::uint32_t address = next_block_;
    const std::uint16_t code = load16(address + 2);
    last_block_ = address;
    next_block_ = cu_base_ + load32(address + 4);
    execute(address, code);
    if ((code & driver::i8255x::kEndOfList) != 0) {
      command_state_ = kIdle;
      return;
    }
    if ((code & driver::i8255x::kSuspend) != 0) break;
  }
  command_state_ = held_.empty() ? ScbStatus::kCuSuspended : kActive;
}

void I8255xModel::execute(std::uint32_t address, std::uint16_t code) {
  if ((load16(address) & driver::i8255x::kComplete) != 0) violation("a block that was done");
  switch (code & 0x1fff) {
    case driver::i8255x::kCommandConfigure:
      if (const ByteSpan bytes = dma(address + 8, configuration.size()); !bytes.empty()) {
        std::memcpy(configuration.data(), bytes.data(), configuration.size());
      }
      break;
    case driver::i8255x::kCommandAddress:
      if (const ByteSpan bytes = dma(address + 8, wire::MacAddress::kSize); !bytes.empty()) {
        ByteReader reader(bytes);
        station = wire::MacAddress::read(reader);
      }
      break;
    case driver::i8255x::kCommandGroups:
      take_groups(address);
      break;
    case driver::i8255x::kCommandTransmit:
      transmit(address);
      if (!complete_at_once) {
        held_.push_back(address);
        return;
      }
      break;
    default:
      violation(format("action command {:x}", code));
  }
  store16(address, driver::i8255x::kComplete | driver::i8255x::kOk);
}

/// The chip hashes; which bits it takes is its own business.
void I8255xModel::take_groups(std::uint32_t address) {
  groups_ = 0;
  const std::size_t bytes = load16(address + 8) & driver::i8255x::kCountMask;
  if (bytes == 0) return;
  ByteReader reader(dma(address + 10, bytes));
  while (reader.remaining() >= wire::MacAddress::kSize) {
    groups_ |= std::uint64_t{1} << (address_crc(wire::MacAddress::read(reader)) >> 2 & 63);
  }
}

bool I8255xModel::passes(const wire::MacAddress& to) const {
  using namespace driver::i8255x;
  const auto has = [this](std::size_t at, std::byte bit) {
    return (std::byte{configuration[at]} & bit) != std::byte{};
  };
  if (to.is_broadcast() || to == station || has(kPromiscuousAt, kPromiscuous)) return true;
  if (!to.is_multicast()) return false;
  return has(kAllGroupsAt, kAllGroups) || (groups_ >> (address_crc(to) >> 2 & 63) & 1) != 0;
}

void I8255xModel::transmit(std::uint32_t address) {
  const std::uint16_t count = load16(address + 12);
  if (load32(address + 8) != driver::i8255x::kNoDescriptors ||
      (count & driver::i8255x::kWholeFrame) == 0) {
    violation("a transmit command that is not of the simplified mode");
    return;
  }
  const ByteSpan bytes = dma(address + 16, count & driver::i8255x::kCountMask);
  sent.emplace_back(bytes.begin(), bytes.end());
}

void I8255xModel::complete() {
  if (!bus_master()) held_.clear();
  for (const std::uint32_t address : held_) {
    store16(address, driver::i8255x::kComplete | driver::i8255x::kOk);
  }
  if (!held_.empty()) command_state_ = ScbStatus::kCuSuspended;
  held_.clear();
}

bool I8255xModel::deliver(ByteView frame, std::uint16_t status, std::uint16_t count) {
  if (!receiving() || gone || !bus_master() || !passes(destination_of(frame))) return false;
  const std::uint32_t address = next_frame_;
  if ((load16(address) & driver::i8255x::kComplete) != 0) {
    violation("a receive frame that the driver has not seen");
    return false;
  }
  if (frame.size() > load16(address + 14)) return false;
  const ByteSpan memory = dma(address + 16, frame.size());
  if (memory.size() != frame.size() || frame.empty()) return false;
  std::memcpy(memory.data(), frame.data(), frame.size());
  const auto actual = count != 0 ? count : static_cast<std::uint16_t>(frame.size() | 0xc000);
  store16(address + 12, actual);
  store16(address, static_cast<std::uint16_t>(driver::i8255x::kComplete | status));
  if ((load16(address + 2) & driver::i8255x::kEndOfList) != 0) receive_state_ = kNoResources;
  next_frame_ = ru_base_ + load32(address + 4);
  return true;
}

}  // namespace kedge::fake
