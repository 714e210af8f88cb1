// SPDX-License-Identifier: BSD-2-Clause-Patent
// A device driven by the fuzzer: honest steps mixed with broken rings, descriptors and registers.
// Whatever it does, nothing is read or written out of bounds, no memory is lost, every poll ends
// within its budget, and a device that misbehaves is off the bus.
#include <algorithm>
#include <cstring>

#include "driver/virtio_net/test_support.h"

namespace kedge::driver {
namespace {

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
  explicit FuzzReceiver(Choices& choices) : choices_(choices) {}
  VirtioNet* device = nullptr;
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
    KEDGE_ASSERT(length == frame.length() && length >= 14 && length <= virtio::kMergedFrameMax);
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
  std::array<std::byte, 64> frame_bytes_{};
};

/// Overwrites shared memory, anywhere the device may.
void scribble(fake::VirtioNetModel& model, Choices& choices) {
  if (!model.bus_master() || model.dma_map().empty()) return;
  auto block = model.dma_map().begin();
  std::advance(block, choices.u8() % model.dma_map().size());
  const ByteSpan memory = block->second;
  std::size_t at = choices.u32() % memory.size();
  for (unsigned count = choices.u8() % 16; count != 0 && at < memory.size(); --count) {
    memory[at++] = static_cast<std::byte>(choices.u8());
  }
}

void step(fake::VirtioNetModel& model, VirtioNet& device, FuzzReceiver& receiver,
          Choices& choices) {
  switch (choices.u8() % 14) {
    case 0:
    case 1: {
      const std::uint32_t budget = choices.u8();
      const std::uint32_t before = receiver.received;
      KEDGE_ASSERT(device.poll(receiver, budget) <= budget);
      KEDGE_ASSERT(receiver.received - before <= budget);
      break;
    }
    case 2:
    case 3: {
      virtio::NetHeader header;
      header.flags = choices.u8();
      header.gso_type = choices.u8();
      header.gso_size = choices.u16();
      (void)model.deliver(pattern(choices.u16()), header);
      break;
    }
    case 4: {
      const auto frame = pattern(choices.u16() % 2000);
      const ByteView pieces[] = {frame};
      (void)device.transmit(pieces,
                            {.checksum_start = choices.u8(), .checksum_offset = choices.u8()});
      break;
    }
    case 5: {  // a chain used with any header and length
      if (auto chain = model.pop(0)) {
        std::array<std::byte, 12> header{};
        for (std::byte& byte : header) byte = static_cast<std::byte>(choices.u8());
        model.fill(*chain, header);
        model.push_used(0, chain->id, choices.u16());
      }
      break;
    }
    case 6:
      model.push_used(choices.u8() % 2, choices.u16(), choices.u32());
      break;
    case 7:
      model.jump_used_index(choices.u8() % 2, choices.u16());
      break;
    case 8:
      scribble(model, choices);
      break;
    case 9:
      model.complete_at_once = (choices.u8() & 1) != 0;
      break;
    case 10:
      model.complete((choices.u8() & 1) != 0);
      break;
    case 11:
      receiver.kept.clear();
      break;
    case 12:
      if (choices.u8() % 8 == 0) {
        device.stop();
        (void)device.start();
      } else if (choices.u8() % 8 == 0) {
        device.quiesce();
      }
      break;
    case 13:
      (void)device.link_state();
      model.set_wants_notifications(choices.u8() % 2, (choices.u8() & 1) != 0);
      break;
  }
}

void run(Choices& choices) {
  const Variant& variant = kVariants[choices.u8() % std::size(kVariants)];
  auto setup = variant.setup();
  setup.features ^= choices.u16() & 0x818b;  // offloads come and go
  setup.features ^= std::uint64_t{choices.u8() & 7u} << 34 & virtio::Feature::kRingPacked;
  setup.receive_size = static_cast<std::uint16_t>(choices.u8() % 8 == 0 ? choices.u16() : 64);
  setup.transmit_size = 32;
  setup.mtu = static_cast<std::uint16_t>(choices.u8() % 8 == 0 ? choices.u16() : 1500);
  fake::VirtioNetModel model(setup);
  if (choices.u8() % 4 == 0) {  // capabilities that point anywhere
    for (unsigned count = choices.u8() % 8; count != 0; --count) {
      model.config[0x34 + choices.u8() % 0xa0] = choices.u8();
    }
  }
  model.unsettled_reads = choices.u8() % 40;
  if (choices.u8() % 8 == 0) model.allocations_left = choices.u8() % 8;
  FuzzReceiver receiver(choices);
  {
    auto created = VirtioNet::create(
        model, {.receive_offloads = choices.u8() % 4 != 0, .spare_bytes = 64 * 1024});
    if (created.ok()) {
      VirtioNet& device = **created;
      receiver.device = &device;
      if (!device.start().ok()) KEDGE_ASSERT(!model.bus_master());
      for (unsigned steps = 0; steps < 500 && choices.left(); ++steps) {
        step(model, device, receiver, choices);
        model.violations.clear();  // broken rings lead the model astray too
        for (auto& queue : {&model.queue(0), &model.queue(1)}) {
          if (queue->held.size() > 256) queue->held.clear();
        }
        if (model.sent.size() > 64) model.sent.clear();
      }
    }
  }
  KEDGE_ASSERT(!model.bus_master());
  receiver.kept.clear();
  KEDGE_ASSERT(model.dma_blocks() == 0);
}

}  // namespace
}  // namespace kedge::driver

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  kedge::driver::Choices choices(std::as_bytes(std::span(data, size)));
  kedge::driver::run(choices);
  return 0;
}
