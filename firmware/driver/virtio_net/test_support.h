// SPDX-License-Identifier: BSD-2-Clause-Patent
// What the tests of this driver share: a started device on a model, and a receiver that checks.
#pragma once

#include <algorithm>
#include <string>

#include "driver/common/test_support.h"
#include "driver/virtio_net/virtio_net.h"
#include "link/link_errors.h"
#include "tests/fake/virtio_net.h"

namespace kedge::driver {

/// A model and its driver, running.
struct Rig {
  fake::VirtioNetModel model;
  std::unique_ptr<VirtioNet> device;
  Collector collector;

  explicit Rig(const fake::VirtioNetModel::Setup& setup, const VirtioNet::Options& options = {})
      : model(setup) {
    auto created = VirtioNet::create(model, options);
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

/// The combinations of interface and ring that every behaviour is tested on.
struct Variant {
  const char* name;
  fake::VirtioNetModel::Interface interface;
  std::uint64_t features;
  bool mergeable;

  fake::VirtioNetModel::Setup setup() const {
    return {.interface = interface, .features = features};
  }
};

inline const Variant kVariants[] = {
    {"modern_split", fake::VirtioNetModel::Interface::modern, fake::VirtioNetModel::kAllFeatures,
     true},
    {"modern_split_flags", fake::VirtioNetModel::Interface::modern,
     fake::VirtioNetModel::kAllFeatures & ~virtio::Feature::kEventIdx, true},
    {"modern_split_single", fake::VirtioNetModel::Interface::modern,
     fake::VirtioNetModel::kAllFeatures & ~virtio::Feature::kMrgRxbuf, false},
    {"modern_packed", fake::VirtioNetModel::Interface::modern,
     fake::VirtioNetModel::kAllFeatures | virtio::Feature::kRingPacked, true},
    {"modern_packed_flags", fake::VirtioNetModel::Interface::modern,
     (fake::VirtioNetModel::kAllFeatures | virtio::Feature::kRingPacked) &
         ~virtio::Feature::kEventIdx,
     true},
    {"transitional", fake::VirtioNetModel::Interface::transitional,
     fake::VirtioNetModel::kAllFeatures, true},
    {"legacy", fake::VirtioNetModel::Interface::legacy, fake::VirtioNetModel::kAllFeatures, true},
    {"legacy_single", fake::VirtioNetModel::Interface::legacy,
     fake::VirtioNetModel::kAllFeatures & ~virtio::Feature::kMrgRxbuf, false},
    {"legacy_separate_header", fake::VirtioNetModel::Interface::legacy,
     fake::VirtioNetModel::kAllFeatures & ~virtio::Feature::kAnyLayout, false},
};

inline void PrintTo(const Variant& variant, std::ostream* out) {
  *out << variant.name;
}

}  // namespace kedge::driver
