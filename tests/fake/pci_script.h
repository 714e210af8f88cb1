// SPDX-License-Identifier: BSD-2-Clause-Patent
// PciScript: replays a script of expected BAR accesses, in order, and answers the reads.
//
// For bring-up: the script reads like the sequence in the device's specification. Configuration
// space is plain memory, DMA blocks have known device addresses (FakePciDevice::kFirstAddress on).
#pragma once

#include <deque>

#include "base/format.h"
#include "tests/fake/pci_device.h"

namespace kedge::fake {

class PciScript final : public FakePciDevice {
 public:
  /// The next access must be this read, which gives `value`.
  PciScript& read(unsigned bar, std::uint64_t offset, unsigned width, std::uint32_t value) {
    steps_.push_back({false, bar, offset, width, value});
    return *this;
  }
  /// The next access must be this write.
  PciScript& write(unsigned bar, std::uint64_t offset, unsigned width, std::uint32_t value) {
    steps_.push_back({true, bar, offset, width, value});
    return *this;
  }
  bool finished() const { return steps_.empty(); }

 protected:
  std::uint32_t bar_read(unsigned bar, std::uint64_t offset, unsigned width) override {
    const Step wanted = next({false, bar, offset, width, 0});
    return wanted.value;
  }
  void bar_write(unsigned bar, std::uint64_t offset, unsigned width, std::uint32_t value) override {
    next({true, bar, offset, width, value});
  }

 private:
  struct Step {
    bool write = false;
    unsigned bar = 0;
    std::uint64_t offset = 0;
    unsigned width = 0;
    std::uint32_t value = 0;
  };
  static std::string words(const Step& step) {
    return format("{}{} bar{}+{:x} {:x}", step.write ? "write" : "read", step.width * 8, step.bar,
                  step.offset, step.value);
  }
  Step next(const Step& seen) {
    ++position_;
    if (steps_.empty()) {
      violation(format("step {}: {} after the end of the script", position_, words(seen)));
      return seen;
    }
    const Step wanted = steps_.front();
    steps_.pop_front();
    const bool same = wanted.write == seen.write && wanted.bar == seen.bar &&
                      wanted.offset == seen.offset && wanted.width == seen.width &&
                      (!wanted.write || wanted.value == seen.value);
    if (!same) {
      violation(format("step {}: {}, expected {}", position_, words(seen), words(wanted)));
    }
    return wanted;
  }

  std::deque<Step> steps_;
  unsigned position_ = 0;
};

}  // namespace kedge::fake
