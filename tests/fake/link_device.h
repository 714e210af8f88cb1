// SPDX-License-Identifier: BSD-2-Clause-Patent
// ScriptedDevice: a link::Device whose wire is two lists of frames.
#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "link/device.h"
#include "link/heap_frames.h"
#include "link/link_errors.h"

namespace kedge::fake {

class ScriptedDevice : public link::Device {
 public:
  wire::MacAddress address{{0x52, 0x54, 0x00, 0x12, 0x34, 0x56}};
  link::LinkState state = link::LinkState::up;
  /// How many times link_state() says down before it says `state`.
  unsigned looks_until_state = 0;
  /// What start() fails with.
  std::optional<Error> start_error;
  /// Frames that the ring takes before poll() recycles it.
  std::size_t ring_size = 16;
  /// False: poll() finds nothing that was sent.
  bool sends = true;
  std::size_t segment_bytes = 0;
  /// Set when the device goes.
  bool* destroyed = nullptr;

  std::deque<std::vector<std::byte>> incoming;
  std::vector<std::vector<std::byte>> sent;
  bool running = false;
  unsigned starts = 0;
  unsigned stops = 0;
  unsigned quiesces = 0;
  link::ReceiveFilter filter;  ///< the latest; `incoming` passes whatever it says
  link::HeapFrames frames;

  ~ScriptedDevice() override {
    if (destroyed != nullptr) *destroyed = true;
  }
  std::string_view driver_name() const noexcept override { return "scripted"; }
  wire::MacAddress mac() const noexcept override { return address; }
  std::uint16_t mtu() const noexcept override { return 1500; }
  link::Capabilities capabilities() const noexcept override { return {}; }
  link::LinkState link_state() noexcept override {
    if (!running) return link::LinkState::down;
    if (looks_until_state == 0) return state;
    --looks_until_state;
    return link::LinkState::down;
  }
  const link::Statistics& statistics() const noexcept override { return statistics_; }
  Result<void> start() noexcept override {
    if (start_error.has_value()) return *start_error;
    running = true;
    ++starts;
    return {};
  }
  void stop() noexcept override {
    running = false;
    in_ring_ = 0;
    ++stops;
  }
  void quiesce() noexcept override {
    running = false;
    ++quiesces;
  }
  std::uint32_t poll(link::Receiver& receiver, std::uint32_t budget) noexcept override {
    if (!running) return 0;
    if (sends) in_ring_ = 0;
    std::uint32_t delivered = 0;
    for (; delivered < budget && !incoming.empty(); ++delivered) {
      const std::vector<std::byte> bytes = std::move(incoming.front());
      incoming.pop_front();
      const ByteView pieces[] = {bytes};
      receiver.receive(frames.make(pieces, {}, static_cast<std::uint32_t>(segment_bytes)));
    }
    return delivered;
  }
  Result<void> transmit(std::span<const ByteView> pieces, link::TransmitInfo) noexcept override {
    if (!running) return fail(err::link_stopped);
    if (in_ring_ == ring_size) return fail(err::link_busy);
    ++in_ring_;
    std::vector<std::byte> bytes;
    for (const ByteView piece : pieces) bytes.insert(bytes.end(), piece.begin(), piece.end());
    sent.push_back(std::move(bytes));
    return {};
  }
  void set_receive_filter(const link::ReceiveFilter& wanted) noexcept override { filter = wanted; }

 private:
  link::Statistics statistics_;
  std::size_t in_ring_ = 0;
};

}  // namespace kedge::fake
