// SPDX-License-Identifier: BSD-2-Clause-Patent
// LoopbackPair: two devices that are connected with each other by a bounded queue in each
// direction.
#pragma once

#include <array>
#include <deque>

#include "link/heap_frames.h"

namespace kedge::link {

struct LoopbackOptions {
  std::uint16_t mtu = 1500;
  std::size_t queue_frames = 256;   ///< as a ring would have; transmit is busy beyond it
  std::uint32_t segment_bytes = 0;  ///< receive in segments of this size; 0: in one
  Capabilities capabilities;        ///< as the devices announce them
};

class LoopbackPair {
 public:
  explicit LoopbackPair(const LoopbackOptions& options = {}) noexcept;
  LoopbackPair(const LoopbackPair&) = delete;
  LoopbackPair& operator=(const LoopbackPair&) = delete;

  Device& left() noexcept { return ends_[0]; }
  Device& right() noexcept { return ends_[1]; }
  void set_link(LinkState state) noexcept { state_ = state; }
  /// Segments that receivers still hold, and those in the queues.
  std::size_t outstanding() const noexcept { return frames_.outstanding(); }

 private:
  class End final : public Device {
   public:
    std::string_view driver_name() const noexcept override { return "loopback"; }
    wire::MacAddress mac() const noexcept override { return mac_; }
    std::uint16_t mtu() const noexcept override { return pair_->options_.mtu; }
    Capabilities capabilities() const noexcept override { return pair_->options_.capabilities; }
    LinkState link_state() noexcept override { return pair_->state_; }
    const Statistics& statistics() const noexcept override { return statistics_; }
    Result<void> start() noexcept override;
    void stop() noexcept override;
    void quiesce() noexcept override { stop(); }
    std::uint32_t poll(Receiver& receiver, std::uint32_t budget) noexcept override;
    Result<void> transmit(std::span<const ByteView> pieces, TransmitInfo info) noexcept override;
    void set_receive_filter(const ReceiveFilter& filter) noexcept override { filter_ = filter; }

   private:
    friend class LoopbackPair;
    bool passes(const wire::MacAddress& to) const noexcept;
    LoopbackPair* pair_ = nullptr;
    End* other_ = nullptr;
    wire::MacAddress mac_;
    bool started_ = false;
    ReceiveFilter filter_;
    std::deque<Frame> queue_;  // to be received here
    Statistics statistics_;
  };

  LoopbackOptions options_;
  LinkState state_ = LinkState::up;
  HeapFrames frames_;
  std::array<End, 2> ends_;
};

}  // namespace kedge::link
