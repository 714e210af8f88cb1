// SPDX-License-Identifier: BSD-2-Clause-Patent
// What the tests of NIC drivers share: recognisable frames, and a receiver that notes them.
#pragma once

#include <functional>
#include <vector>

#include "link/device.h"

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

}  // namespace kedge::driver
