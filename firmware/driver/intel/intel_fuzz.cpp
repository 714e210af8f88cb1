// SPDX-License-Identifier: BSD-2-Clause-Patent
// A device driven by the fuzzer: honest steps mixed with broken rings, descriptors and registers.
// Whatever it does, nothing is read or written out of bounds, no memory is lost, every poll ends
// within its budget, and a device that misbehaves is off the bus.
#include "driver/common/test_fuzz_support.h"
#include "driver/intel/test_support.h"

namespace kedge::driver::intel {
namespace {

void step(fake::IntelNicModel& model, IntelNic& device, FuzzReceiver& receiver, Choices& choices) {
  switch (choices.u8() % 12) {
    case 0:
    case 1: {
      const std::uint32_t budget = choices.u8();
      const std::uint32_t before = receiver.received;
      KEDGE_ASSERT(device.poll(receiver, budget) <= budget);
      KEDGE_ASSERT(receiver.received - before <= budget);
      break;
    }
    case 2:
      (void)model.deliver(pattern(choices.u16() % 2000), fake::IntelNicModel::kChecked);
      break;
    case 3:
      (void)model.deliver_as(pattern(choices.u8()), choices.u16(), choices.u32());
      break;
    case 4:
    case 5: {
      const auto frame = pattern(choices.u16() % 1600);
      const ByteView pieces[] = {ByteView(frame).first(frame.size() / 2),
                                 ByteView(frame).subspan(frame.size() / 2)};
      link::TransmitInfo info;
      if (choices.u8() % 2 == 0) info = {choices.u8(), choices.u8()};
      (void)device.transmit(pieces, info);
      break;
    }
    case 6:
      scribble(model, choices);
      break;
    case 7:
      model.complete_at_once = (choices.u8() & 1) != 0;
      if (model.bus_master()) model.complete();
      break;
    case 8:
      receiver.kept.clear();
      break;
    case 9:
      if (choices.u8() % 8 == 0) {
        device.stop();
        (void)device.start();
      } else if (choices.u8() % 8 == 0) {
        device.quiesce();
      }
      break;
    case 10:
      device.set_receive_filter(any_filter(choices));
      break;
    case 11:
      model.unplugged = choices.u8() % 8 == 0;
      (void)device.link_state();
      break;
  }
}

void run(Choices& choices) {
  const Chip& chip = kChips[choices.u8() % std::size(kChips)];
  fake::IntelNicModel model(chip.family);
  model.never_idle = choices.u8() % 8 == 0;
  model.queues_never_enable = choices.u8() % 16 == 0;
  if (choices.u8() % 8 == 0) model.allocations_left = choices.u8() % 8;
  FuzzReceiver receiver(choices, kReceiveBufferBytes);
  {
    auto created = IntelNic::create(model, chip, {.spare_bytes = 64 * 1024});
    if (created.ok()) {
      IntelNic& device = **created;
      receiver.device = &device;
      if (!device.start().ok()) KEDGE_ASSERT(!model.bus_master());
      for (unsigned steps = 0; steps < 500 && choices.left(); ++steps) {
        step(model, device, receiver, choices);
        model.violations.clear();  // broken rings lead the model astray too
        if (model.sent.size() > 64) model.sent.clear();
      }
    }
  }
  KEDGE_ASSERT(!model.bus_master());
  receiver.kept.clear();
  KEDGE_ASSERT(model.dma_blocks() == 0);
}

}  // namespace
}  // namespace kedge::driver::intel

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  kedge::driver::Choices choices(std::as_bytes(std::span(data, size)));
  kedge::driver::intel::run(choices);
  return 0;
}
