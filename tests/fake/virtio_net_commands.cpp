// SPDX-License-Identifier: BSD-2-Clause-Patent
// The model's control queue: commands that set its receive filter (VIRTIO 1.2, 5.1.6.5).
#include "base/format.h"
#include "tests/fake/virtio_net.h"

namespace kedge::fake {

using driver::virtio::Feature;
using Chain = VirtioQueueModel::Chain;

void VirtioNetModel::stall_us(std::uint32_t microseconds) noexcept {
  constexpr unsigned kLateStalls = 100;
  FakePciDevice::stall_us(microseconds);
  if (answer == Answer::late && ++stalls_ % kLateStalls == 0) take_commands();
}

void VirtioNetModel::take_commands() {
  const bool is_late = answer == Answer::late && stalls_ == 0;
  if (honest_commands == 0 && (answer == Answer::never || is_late)) return;
  while (const auto chain = pop(driver::virtio::kControlQueue)) answer_command(*chain);
  stalls_ = 0;
}

void VirtioNetModel::answer_command(const Chain& chain) {
  constexpr unsigned kQueue = driver::virtio::kControlQueue;
  if (chain.pieces.size() != 2 || chain.pieces[0].write || !chain.pieces[1].write ||
      chain.pieces[1].length != 1) {
    return violation("command that is not one piece and one byte for the answer");
  }
  if (!modern_used_ && (driver_features_ & Feature::kAnyLayout) == 0) {
    violation("legacy framing: a command has a descriptor for each part");  // 5.1.6.6
  }
  const auto reply = [&](std::uint8_t value) {
    fill({.pieces = {chain.pieces[1]}}, std::as_bytes(std::span(&value, 1)));
  };
  const Answer now = honest_commands != 0 ? Answer::carry_out : answer;
  if (honest_commands != 0) --honest_commands;
  if (now == Answer::another_buffer) return push_used(kQueue, chain.id + 1U, 1);
  if (now == Answer::index_jump) return jump_used_index(kQueue, 2);
  if (now == Answer::refuse) reply(1);
  if (now == Answer::carry_out || now == Answer::late) {
    const bool done = carry_out(dma(chain.pieces[0].address, chain.pieces[0].length));
    if (!done) violation("malformed command");
    reply(done ? 0 : 1);
  }
  push_used(kQueue, chain.id, 1, chain.descriptors);
}

bool VirtioNetModel::carry_out(ByteView command) {
  ByteReader reader(command);
  const std::uint16_t name = reader.be16();  // class, command
  if (name == 0x0100) {
    if (!set_tables(command.subspan(2))) return false;
  } else {
    const std::uint8_t on = reader.u8();
    if (!reader.ok() || reader.remaining() != 0 || on > 1 || name > 1) return false;
    (name == 0 ? filter_.promiscuous : filter_.all_groups) = on != 0;
  }
  ++commands;
  for (const wire::MacAddress& to : always_wanted) {
    if (!passes(to)) violation(format("command {:x} holds back {}", name, to));
  }
  return true;
}

bool VirtioNetModel::set_tables(ByteView tables) {
  ByteReader reader(tables);
  Filter filter{.promiscuous = filter_.promiscuous, .all_groups = filter_.all_groups};
  for (auto* table : {&filter.stations, &filter.groups}) {
    for (std::uint32_t count = reader.le32(); count != 0 && reader.ok(); --count) {
      const auto address = wire::MacAddress::read(reader);
      if (address.is_multicast() != (table == &filter.groups)) return false;
      table->insert(address);
    }
  }
  if (!reader.ok() || reader.remaining() != 0) return false;
  filter_ = filter;
  return true;
}

bool VirtioNetModel::passes(const wire::MacAddress& to) const {
  if (filter_.promiscuous || to.is_broadcast() || to == setup_.mac) return true;
  if (!to.is_multicast()) return filter_.stations.contains(to);
  return filter_.all_groups || filter_.groups.contains(to);
}

}  // namespace kedge::fake
