// SPDX-License-Identifier: BSD-2-Clause-Patent
// Tap: a device that shows every frame of another one to an observer: traces and captures.
#pragma once

#include "base/time.h"
#include "link/device.h"

namespace kedge::link {

enum class Direction : std::uint8_t { received, transmitted };

class FrameObserver {
 public:
  /// `pieces` in order are the frame; they are valid during the call only.
  virtual void observe(Direction direction, Instant when,
                       std::span<const ByteView> pieces) noexcept = 0;

 protected:
  ~FrameObserver() = default;
};

/// A device that forwards to another. What is not overridden is the other's.
class Middleware : public Device {
 public:
  explicit Middleware(Device& inner) noexcept : inner_(inner) {}

  std::string_view driver_name() const noexcept override { return inner_.driver_name(); }
  wire::MacAddress mac() const noexcept override { return inner_.mac(); }
  std::uint16_t mtu() const noexcept override { return inner_.mtu(); }
  Capabilities capabilities() const noexcept override { return inner_.capabilities(); }
  LinkState link_state() noexcept override { return inner_.link_state(); }
  const Statistics& statistics() const noexcept override { return inner_.statistics(); }
  Result<void> start() noexcept override { return inner_.start(); }
  void stop() noexcept override { inner_.stop(); }
  void quiesce() noexcept override { inner_.quiesce(); }
  std::uint32_t poll(Receiver& receiver, std::uint32_t budget) noexcept override {
    return inner_.poll(receiver, budget);
  }
  Result<void> transmit(std::span<const ByteView> pieces, TransmitInfo info) noexcept override {
    return inner_.transmit(pieces, info);
  }
  void set_receive_filter(const ReceiveFilter& filter) noexcept override {
    inner_.set_receive_filter(filter);
  }

 protected:
  Device& inner() noexcept { return inner_; }

 private:
  Device& inner_;
};

class Tap final : public Middleware, private Receiver {
 public:
  Tap(Device& inner, Clock& clock, FrameObserver& observer) noexcept
      : Middleware(inner), clock_(clock), observer_(observer) {}

  std::uint32_t poll(Receiver& receiver, std::uint32_t budget) noexcept override;
  Result<void> transmit(std::span<const ByteView> pieces, TransmitInfo info) noexcept override;

 private:
  /// A frame of 64 KiB in pages, and some more; what lies beyond is not shown.
  static constexpr std::size_t kPiecesMax = 40;

  void receive(Frame frame) noexcept override;

  Clock& clock_;
  FrameObserver& observer_;
  Receiver* receiver_ = nullptr;
};

}  // namespace kedge::link
