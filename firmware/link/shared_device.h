// SPDX-License-Identifier: BSD-2-Clause-Patent
// SharedDevice: one NIC for two users, our stack (the host) and Simple Network for an image that we
// have started (the guest), who may use the same addresses at the same time.
//
// The device runs while one of the sides has started it. Whoever polls takes frames from the
// device; the other side gets copies, as many as fit its queue:
//
//   polled by  the host gets                    the guest, if started, gets
//   host       the frame itself                 a copy
//   guest      a copy, of ARP and UDP only      the frame itself
//
// The host lives in calls of the image, and is asleep between them. It is not told of TCP in the
// meantime: it has no connection then, and its answer to those of the guest would be a reset. For
// the same reason its resets and its "port unreachable" do not leave while the guest is started:
// what the host does not know may be the guest's.
//
// All groups pass, for the sides want different ones; the device is promiscuous when one of the
// started sides wants that.
//
// A call of the guest while the host works comes from a timer that interrupted it: it finds no
// frames and no room, and touches nothing.
#pragma once

#include <deque>

#include "link/device.h"
#include "link/heap_frames.h"

namespace kedge::link {

class SharedDevice {
 public:
  /// Copies that wait for a side. The newest are lost when it does not come for them.
  static constexpr std::size_t kGuestQueueMax = 64;
  static constexpr std::size_t kHostQueueMax = 32;

  /// `device` must outlive it, and nobody else has told it of a filter. Without a guest nothing
  /// stands between host and device.
  explicit SharedDevice(Device& device) noexcept : device_(device) {}
  SharedDevice(const SharedDevice&) = delete;
  SharedDevice& operator=(const SharedDevice&) = delete;

  Device& host() noexcept { return host_; }
  Device& guest() noexcept { return guest_; }

  /// The host is at work, from before its first call to after its last.
  class HostWorks {
   public:
    explicit HostWorks(SharedDevice& shared) noexcept
        : shared_(shared), before_(shared.host_works_) {
      shared.host_works_ = true;
    }
    HostWorks(const HostWorks&) = delete;
    HostWorks& operator=(const HostWorks&) = delete;
    ~HostWorks() { shared_.host_works_ = before_; }

   private:
    SharedDevice& shared_;
    bool before_;
  };

 private:
  /// A side: what both have in common.
  class Side : public Device {
   public:
    explicit Side(SharedDevice& shared) noexcept : shared_(shared) {}
    std::string_view driver_name() const noexcept override { return shared_.device_.driver_name(); }
    wire::MacAddress mac() const noexcept override { return shared_.device_.mac(); }
    std::uint16_t mtu() const noexcept override { return shared_.device_.mtu(); }
    LinkState link_state() noexcept override { return shared_.device_.link_state(); }
    const Statistics& statistics() const noexcept override { return shared_.device_.statistics(); }
    Result<void> start() noexcept override;
    void stop() noexcept override;
    void set_receive_filter(const ReceiveFilter& filter) noexcept override;

    bool started() const noexcept { return started_; }
    bool wants_all() const noexcept { return started_ && promiscuous_; }
    bool has_room() const noexcept { return queue_.size() < queue_max(); }
    void offer(const Frame& frame) noexcept;

   protected:
    void filter_changed() noexcept;
    virtual std::size_t queue_max() const noexcept = 0;
    /// Delivers up to `budget` copies that wait.
    std::uint32_t drain(Receiver& receiver, std::uint32_t budget) noexcept;

    SharedDevice& shared_;

   private:
    HeapFrames copies_;
    std::deque<Frame> queue_;
    bool started_ = false;
    bool promiscuous_ = true;
  };

  class Host final : public Side {
   public:
    using Side::Side;
    Capabilities capabilities() const noexcept override { return shared_.device_.capabilities(); }
    void quiesce() noexcept override { shared_.device_.quiesce(); }
    std::uint32_t poll(Receiver& receiver, std::uint32_t budget) noexcept override;
    Result<void> transmit(std::span<const ByteView> pieces, TransmitInfo info) noexcept override;

   private:
    std::size_t queue_max() const noexcept override { return kHostQueueMax; }
  };

  class Guest final : public Side {
   public:
    using Side::Side;
    // The one that every stack can do without.
    Capabilities capabilities() const noexcept override { return {}; }
    // The host's owner silences the device.
    void quiesce() noexcept override {}
    std::uint32_t poll(Receiver& receiver, std::uint32_t budget) noexcept override;
    Result<void> transmit(std::span<const ByteView> pieces, TransmitInfo info) noexcept override;

   private:
    std::size_t queue_max() const noexcept override { return kGuestQueueMax; }
  };

  class Tee;

  void apply_filter() noexcept;

  Device& device_;
  bool host_works_ = false;
  bool everything_ = true;  // what the device was told last
  Host host_{*this};
  Guest guest_{*this};
};

}  // namespace kedge::link
