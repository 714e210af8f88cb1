// SPDX-License-Identifier: BSD-2-Clause-Patent
// A simple chip driven by the fuzzer: honest steps mixed with broken rings, registers and memory.
// Whatever it does, nothing is read or written out of bounds, no memory is lost, every poll ends
// within its budget, and a chip that misbehaves is off the bus.
#pragma once

#include "base/assert.h"
#include "driver/common/copying_nic.h"
#include "driver/common/test_fuzz_support.h"
#include "driver/common/test_support.h"

namespace kedge::driver {

/// `Model` whose registers read as the input wants while it wants that.
template <class Model>
class LyingModel final : public Model {
 public:
  explicit LyingModel(Choices& choices) : choices_(choices) {}
  unsigned lies = 0;

 protected:
  std::uint32_t bar_read(unsigned bar, std::uint64_t offset, unsigned width) override {
    const std::uint32_t truth = Model::bar_read(bar, offset, width);
    if (lies == 0) return truth;
    --lies;
    const std::uint8_t choice = choices_.u8();
    if (choice < 0x40) return truth;
    return choice < 0xa0 ? truth ^ 1u << choice % 32 : choices_.u32();
  }

 private:
  Choices& choices_;
};

template <class Model>
void fuzz_step(LyingModel<Model>& model, link::Device& device, FuzzReceiver& receiver,
               Choices& choices) {
  switch (choices.u8() % 11) {
    case 0:
    case 1: {
      const std::uint32_t budget = choices.u8();
      const std::uint32_t before = receiver.received;
      KEDGE_ASSERT(device.poll(receiver, budget) <= budget);
      KEDGE_ASSERT(receiver.received - before <= budget);
      break;
    }
    case 2:
    case 3:
      (void)model.deliver(pattern(choices.u16() % 2000));
      break;
    case 4: {
      const auto frame = pattern(choices.u16() % 1600);
      const ByteView pieces[] = {frame};
      (void)device.transmit(pieces, {});
      break;
    }
    case 5:
      model.lies = choices.u8();
      break;
    case 6:
      scribble(model, choices);
      break;
    case 7:
      model.complete_at_once = (choices.u8() & 1) != 0;
      model.complete();
      break;
    case 8:
      (void)device.link_state();
      receiver.kept.clear();
      break;
    case 9:
      if (choices.u8() % 4 != 0) break;
      switch (choices.u8() % 4) {
        case 0:
          device.quiesce();
          break;
        case 1:
          model.gone = !model.gone;
          break;
        default:
          device.stop();
          (void)device.start();
      }
      break;
    case 10:
      device.set_receive_filter(any_filter(choices));
      break;
  }
}

template <class Model, class Device>
void fuzz_nic(ByteView input) {
  Choices choices(input);
  LyingModel<Model> model(choices);
  model.lies = choices.u8() % 8 == 0 ? choices.u8() : 0u;
  if (choices.u8() % 8 == 0) model.allocations_left = choices.u8() % 4;
  FuzzReceiver receiver(choices, kFrameBytesMax);
  if (auto created = Device::create(model); created.ok()) {
    Device& device = **created;
    receiver.device = &device;
    if (!device.start().ok()) KEDGE_ASSERT(!model.bus_master());
    for (unsigned steps = 0; steps < 500 && choices.left(); ++steps) {
      fuzz_step(model, device, receiver, choices);
      model.violations.clear();  // lies lead the driver astray
      if (model.sent.size() > 64) model.sent.clear();
    }
  }
  KEDGE_ASSERT(!model.bus_master());
  KEDGE_ASSERT(model.dma_blocks() == 0);
}

}  // namespace kedge::driver
