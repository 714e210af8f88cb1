// SPDX-License-Identifier: BSD-2-Clause-Patent
// A device driven by the fuzzer: honest steps mixed with broken rings, descriptors and registers.
// Whatever it does, nothing is read or written out of bounds, no memory is lost, every poll ends
// within its budget, and a device that misbehaves is off the bus.
#include <algorithm>
#include <cstring>

#include "driver/common/test_fuzz_support.h"
#include "driver/virtio_net/test_support.h"

namespace kedge::driver {
namespace {

/// How the device answers commands from now on: mostly as it should.
void set_answer(fake::VirtioNetModel& model, Choices& choices) {
  using Answer = fake::VirtioNetModel::Answer;
  constexpr unsigned kAnswers = static_cast<unsigned>(Answer::index_jump) + 1;
  model.answer = static_cast<Answer>(choices.u8() % kAnswers);
  model.honest_commands = choices.u8();
}

void step(fake::VirtioNetModel& model, VirtioNet& device, FuzzReceiver& receiver,
          Choices& choices) {
  switch (choices.u8() % 16) {
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
      model.push_used(choices.u8() % virtio::kQueues, choices.u16(), choices.u32());
      break;
    case 7:
      model.jump_used_index(choices.u8() % virtio::kQueues, choices.u16());
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
      model.set_wants_notifications(choices.u8() % virtio::kQueues, (choices.u8() & 1) != 0);
      break;
    case 14:
      device.set_receive_filter(any_filter(choices));
      break;
    case 15:
      set_answer(model, choices);
      break;
  }
}

void run(Choices& choices) {
  const Variant& variant = kVariants[choices.u8() % std::size(kVariants)];
  auto setup = variant.setup();
  setup.features ^= choices.u16() & 0x818b;  // offloads come and go
  if (choices.u8() % 8 == 0) setup.features ^= virtio::Feature::kCtrlRx;
  setup.features ^= std::uint64_t{choices.u8() & 7u} << 34 & virtio::Feature::kRingPacked;
  setup.receive_size = static_cast<std::uint16_t>(choices.u8() % 8 == 0 ? choices.u16() : 64);
  setup.transmit_size = 32;
  setup.control_size = static_cast<std::uint16_t>(choices.u8() % 8 == 0 ? choices.u16() : 64);
  setup.mtu = static_cast<std::uint16_t>(choices.u8() % 8 == 0 ? choices.u16() : 1500);
  fake::VirtioNetModel model(setup);
  if (choices.u8() % 4 == 0) set_answer(model, choices);
  if (choices.u8() % 4 == 0) {  // capabilities that point anywhere
    for (unsigned count = choices.u8() % 8; count != 0; --count) {
      model.config[0x34 + choices.u8() % 0xa0] = choices.u8();
    }
  }
  model.unsettled_reads = choices.u8() % 40;
  if (choices.u8() % 8 == 0) model.allocations_left = choices.u8() % 8;
  FuzzReceiver receiver(choices, virtio::kMergedFrameMax);
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
