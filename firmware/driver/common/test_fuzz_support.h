// SPDX-License-Identifier: BSD-2-Clause-Patent
// What the fuzz targets of NIC drivers share: the input as choices, a receiver that checks frames,
// and a device that writes where it likes.
#pragma once

#include <algorithm>
#include <array>
#include <vector>

#include "base/bytes.h"
#include "link/device.h"
#include "tests/fake/pci_device.h"

namespace kedge::driver {

/// Doles out the input; zeros when it is used up.
class Choices {
 public:
  explicit Choices(ByteView bytes) : reader_(bytes) {}
  bool left() const { return reader_.remaining() != 0; }
  std::uint8_t u8() { return left() ? reader_.u8() : std::uint8_t{0}; }
  std::uint16_t u16() { return static_cast<std::uint16_t>(u8() | u8() << 8); }
  std::uint32_t u32() { return u16() | static_cast<std::uint32_t>(u16()) << 16; }

 private:
  ByteReader reader_;
};

/// Reads every byte of each frame, keeps some, gives them back in an order of the input's choice.
class FuzzReceiver final : public link::Receiver {
 public:
  FuzzReceiver(Choices& choices, std::uint32_t frame_bytes_max)
      : choices_(choices), frame_bytes_max_(frame_bytes_max) {}
  link::Device* device = nullptr;
  std::vector<link::Frame> kept;
  std::uint32_t received = 0;

  void receive(link::Frame frame) noexcept override {
    ++received;
    std::uint32_t length = 0;
    unsigned sum = 0;
    for (link::Segment* piece = frame.head(); piece != nullptr; piece = piece->next) {
      length += piece->length;
      for (std::uint32_t i = 0; i < piece->length; i += 61)
        sum += static_cast<unsigned>(piece->data[i]);
      if (piece->length != 0) piece->data[piece->length - 1] = std::byte{1};
    }
    KEDGE_ASSERT(length == frame.length() && length >= 14 && length <= frame_bytes_max_);
    KEDGE_ASSERT(frame.head()->length >= 14);
    const std::uint8_t choice = choices_.u8();
    if ((choice & 1) != 0 && kept.size() < 400) kept.push_back(std::move(frame));
    if ((choice & 6) == 6 && !kept.empty()) kept.erase(kept.begin() + sum % kept.size());
    if ((choice & 0x18) == 0x18) {
      const ByteView pieces[] = {frame_bytes_};
      (void)device->transmit(pieces, {});
    }
  }

 private:
  Choices& choices_;
  std::uint32_t frame_bytes_max_;
  std::array<std::byte, 64> frame_bytes_{};
};

/// Any filter.
inline link::ReceiveFilter any_filter(Choices& choices) {
  const std::uint8_t modes = choices.u8();
  link::ReceiveFilter filter{.promiscuous = (modes & 1) != 0, .all_groups = (modes & 2) != 0};
  constexpr auto kChoices = static_cast<std::uint8_t>(link::ReceiveFilter::kGroupsMax + 1);
  filter.group_count = choices.u8() % kChoices;
  for (wire::MacAddress& group : filter.group_list) {
    group = wire::MacAddress({0x01, 0, 0x5e, 0, 0, choices.u8()});
  }
  return filter;
}

/// Overwrites shared memory, anywhere the device may.
inline void scribble(fake::FakePciDevice& model, Choices& choices) {
  if (!model.bus_master() || model.dma_map().empty()) return;
  auto block = model.dma_map().begin();
  std::advance(block, choices.u8() % model.dma_map().size());
  const ByteSpan memory = block->second;
  std::size_t at = choices.u32() % memory.size();
  for (unsigned count = choices.u8() % 16; count != 0 && at < memory.size(); --count) {
    memory[at++] = static_cast<std::byte>(choices.u8());
  }
}

}  // namespace kedge::driver
