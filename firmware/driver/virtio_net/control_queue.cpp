// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "driver/virtio_net/control_queue.h"

#include <cstring>

#include "hw/dma.h"

namespace kedge::driver::virtio {

namespace {

/// Software answers at once, or when another of its threads gets to run: on a host that is short of
/// processors that may take a while, and a device that is given up boots nothing.
constexpr std::uint32_t kAnswerPolls = 100'000;
constexpr std::uint32_t kAnswerPollUs = 50;

/// The first four bytes of a command, little-endian as all machines are: class, command, whether a
/// mode is on. In kTableSet the number of unicast addresses begins there, of which there are none.
constexpr std::uint32_t kPromiscuous = 0x000000;  // VIRTIO_NET_CTRL_RX_PROMISC
constexpr std::uint32_t kAllGroups = 0x000100;    // VIRTIO_NET_CTRL_RX_ALLMULTI
constexpr std::uint32_t kTableSet = 0x000001;     // VIRTIO_NET_CTRL_MAC_TABLE_SET
constexpr std::uint32_t kOn = 0x010000;
constexpr std::uint32_t kModeBytes = 3;

/// In kTableSet: where the lowest byte of the number of multicast addresses is, and they. What
/// nobody writes is zero.
constexpr std::uint32_t kGroupCount = 6;
constexpr std::uint32_t kGroups = 10;
constexpr std::uint32_t kGroupBytes = wire::MacAddress::kSize;

constexpr std::uint8_t kAnswerOk = 0;  // VIRTIO_NET_OK
constexpr std::byte kNoAnswer{0xff};

constexpr std::uint16_t kCommandBytesMax = kGroups + sizeof(link::ReceiveFilter::group_list) + 1;

}  // namespace

Result<void> ControlQueue::create(port::PciDevice& pci, Transport& transport,
                                  const Negotiated& negotiated) noexcept {
  return queue_.create(pci, transport, negotiated,
                       {.index = kControlQueue,
                        .slots_max = 1,
                        .spare_bytes = kCommandBytesMax,
                        .access = Access::device_answers});
}

bool ControlQueue::set_filter(port::PciDevice& pci, Transport& transport,
                              const link::ReceiveFilter& filter) noexcept {
  if (queue_.memory() == nullptr) return false;
  const std::size_t offset = queue_.memory()->cpu().size() - kCommandBytesMax;
  std::byte* const command = queue_.memory()->cpu().data() + offset;
  command[kGroupCount] = static_cast<std::byte>(filter.group_count);
  std::memcpy(command + kGroups, &filter.group_list, sizeof(filter.group_list));
  // No step holds back what is wanted before and after: while the table changes, all groups pass.
  const struct {
    std::uint32_t head;
    std::uint32_t bytes;
  } steps[] = {
      {kAllGroups | kOn, kModeBytes},
      {filter.promiscuous ? kPromiscuous | kOn : kPromiscuous, kModeBytes},
      {kTableSet, kGroups + filter.group_count * kGroupBytes},
      {filter.all_groups ? kAllGroups | kOn : kAllGroups, kModeBytes},
  };
  for (const auto& step : steps) {
    std::memcpy(command, &step.head, sizeof(step.head));
    command[step.bytes] = kNoAnswer;
    queue_.add(0, queue_.memory()->device(offset), step.bytes + 1);
    if (queue_.publish()) transport.notify(kControlQueue);
    Virtqueue::Used used;
    TakeState state = TakeState::none;
    for (std::uint32_t turn = 0; turn < kAnswerPolls && state == TakeState::none; ++turn) {
      state = queue_.take(used);
      if (state == TakeState::none) pci.stall_us(kAnswerPollUs);
    }
    const auto& answer = *hw::dma_objects<std::uint8_t>(command, step.bytes);
    if (state != TakeState::taken || hw::dma_load(answer) != kAnswerOk) return false;
  }
  return true;
}

}  // namespace kedge::driver::virtio
