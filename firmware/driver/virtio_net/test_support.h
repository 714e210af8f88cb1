// SPDX-License-Identifier: BSD-2-Clause-Patent
// What the tests of this driver share: a started device on a model, and a receiver that checks.
#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "driver/virtio_net/virtio_net.h"
#include "link/link_errors.h"
#include "tests/fake/virtio_net.h"

namespace kedge::driver {

/// `length` bytes that tell their place, different for each `seed`.
inline std::vector<std::byte> pattern(std::size_t length, unsigned seed = 0) {
  std::vector<std::byte> bytes(length);
  for (std::size_t i = 0; i < length; ++i) {
    bytes[i] = static_cast<std::byte>(i * 7 + i / 251 + seed * 31);
  }
  return bytes;
}

inline std::vector<std::byte> bytes_of(const link::Frame& frame) {
  std::vector<std::byte> bytes;
  for (const link::Segment* piece = frame.head(); piece != nullptr; piece = piece->next) {
    bytes.insert(bytes.end(), piece->data, piece->data + piece->length);
  }
  return bytes;
}

inline std::size_t pieces_of(const link::Frame& frame) {
  std::size_t count = 0;
  for (const link::Segment* piece = frame.head(); piece != nullptr; piece = piece->next) ++count;
  return count;
}

/// Copies frames, keeps them, or hands them to a function.
class Collector final : public link::Receiver {
 public:
  std::vector<std::vector<std::byte>> frames;
  std::vector<link::ReceiveInfo> infos;
  std::vector<std::size_t> pieces;
  std::vector<link::Frame> kept;
  bool keep = false;
  std::function<void()> on_frame;

  void receive(link::Frame frame) noexcept override {
    frames.push_back(bytes_of(frame));
    infos.push_back(frame.info());
    pieces.push_back(pieces_of(frame));
    if (keep) kept.push_back(std::move(frame));
    if (on_frame) on_frame();
  }
};

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
