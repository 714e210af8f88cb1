// SPDX-License-Identifier: BSD-2-Clause-Patent
// What the tests of this driver share: the families, and a started device on a model.
#pragma once

#include <string>

#include "driver/common/test_support.h"
#include "driver/e1000/e1000.h"
#include "driver/e1000e/e1000e.h"
#include "driver/igb/igb.h"
#include "driver/nic_errors.h"
#include "link/link_errors.h"
#include "tests/fake/intel_nic.h"

namespace kedge::driver::intel {

inline const Chip kChips[] = {kE1000Chip, kE1000eChip, kIgbChip};

inline void PrintTo(const Chip& chip, std::ostream* out) {
  *out << chip.name;
}

/// A model and its driver, running.
struct Rig {
  fake::IntelNicModel model;
  std::unique_ptr<IntelNic> device;
  Collector collector;

  explicit Rig(const Chip& chip, const IntelNic::Options& options = {}) : model(chip.family) {
    auto created = IntelNic::create(model, chip, options);
    KEDGE_ASSERT(created.ok());
    device = *std::move(created);
    KEDGE_ASSERT(device->start().ok());
  }
  std::uint32_t poll(std::uint32_t budget = 1'000'000) { return device->poll(collector, budget); }
  Result<void> transmit(ByteView frame, link::TransmitInfo info = {}) {
    const ByteView pieces[] = {frame};
    return device->transmit(pieces, info);
  }
  std::string violations() const {
    std::string text;
    for (const std::string& line : model.violations) text += line + "\n";
    return text;
  }
};

}  // namespace kedge::driver::intel
