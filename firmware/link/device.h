// SPDX-License-Identifier: BSD-2-Clause-Patent
// The frame device contract: what every NIC driver gives, and all that net/ knows of it.
//
// Nothing here blocks. Received frames travel without copying: the driver lends memory of its pool
// and gets it back when the Frame is destroyed. Transmit copies (a boot client sends little) and
// either takes the frame whole or refuses it up front. Receiving never waits for transmitting.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "base/result.h"
#include "wire/mac.h"

namespace kedge::link {

/// One contiguous piece of a received frame.
struct Segment {
  std::byte* data = nullptr;
  std::uint32_t length = 0;
  Segment* next = nullptr;
};

/// Takes segments back into its pool: all of a frame, or one by one in any order.
class SegmentOwner {
 public:
  virtual void release(Segment* chain) noexcept = 0;

 protected:
  ~SegmentOwner() = default;
};

/// What the hardware says of a received frame.
struct ReceiveInfo {
  bool checksum_verified = false;  ///< TCP/UDP checksum was checked, or needs no check
  bool checksum_partial =
      false;  ///< checksum field holds only the pseudo header's sum: do not verify
  std::uint16_t segment_bytes = 0;  ///< payload per wire segment when several were merged, else 0
};

/// A received Ethernet frame (header first, no FCS): owns its segments, move-only.
class Frame {
 public:
  Frame(SegmentOwner& owner, Segment* head, std::uint32_t length, ReceiveInfo info) noexcept
      : owner_(&owner), head_(head), length_(length), info_(info) {}
  Frame(Frame&& other) noexcept
      : owner_(other.owner_),
        head_(std::exchange(other.head_, nullptr)),
        length_(other.length_),
        info_(other.info_) {}
  Frame& operator=(Frame&& other) noexcept {
    if (this != &other) {
      reset();
      owner_ = other.owner_;
      head_ = std::exchange(other.head_, nullptr);
      length_ = other.length_;
      info_ = other.info_;
    }
    return *this;
  }
  ~Frame() { reset(); }

  Segment* head() const noexcept { return head_; }
  std::uint32_t length() const noexcept { return length_; }  ///< of all segments together
  const ReceiveInfo& info() const noexcept { return info_; }
  SegmentOwner& owner() const noexcept { return *owner_; }
  /// Takes the segments out; the caller must give them to owner() when done with them.
  Segment* release() noexcept { return std::exchange(head_, nullptr); }
  void reset() noexcept {
    if (head_ != nullptr) owner_->release(std::exchange(head_, nullptr));
  }

 private:
  SegmentOwner* owner_;
  Segment* head_;
  std::uint32_t length_;
  ReceiveInfo info_;
};

/// Gets frames from Device::poll, one call a frame.
class Receiver {
 public:
  virtual void receive(Frame frame) noexcept = 0;

 protected:
  ~Receiver() = default;
};

enum class LinkState : std::uint8_t { unknown, down, up };

struct Capabilities {
  bool receive_checksum = false;   ///< sets ReceiveInfo::checksum_verified where it applies
  bool receive_merge = false;      ///< may deliver merged TCP segments of up to 64 KiB
  bool transmit_checksum = false;  ///< honours TransmitInfo::checksum_start
  /// How many segments the receive pool has; receivers keep at most half of them. 0: not known.
  std::uint16_t receive_buffers = 0;
};

/// Asks the hardware to complete a TCP/UDP checksum (the field holds the pseudo header's sum).
struct TransmitInfo {
  std::uint16_t checksum_start = 0;   ///< offset of the transport header; 0: no offload wanted
  std::uint16_t checksum_offset = 0;  ///< offset of the checksum field from checksum_start
};

struct Statistics {
  std::uint64_t received_frames = 0;
  std::uint64_t received_bytes = 0;
  std::uint64_t receive_errors = 0;
  std::uint64_t receive_dropped = 0;  ///< no buffer, or no receiver
  std::uint64_t transmitted_frames = 0;
  std::uint64_t transmitted_bytes = 0;
  std::uint64_t transmit_errors = 0;
  std::uint64_t transmit_busy = 0;  ///< refused because the ring was full
};

/// What a device must pass on beside frames to its own address and to all: a floor, and no more,
/// for hardware filters by hashes, or not at all. Who wants less looks at each frame.
struct ReceiveFilter {
  /// As many as a Simple Network has; who wants more groups takes all.
  static constexpr std::size_t kGroupsMax = 16;

  bool promiscuous = true;  ///< every frame, those to any group, too
  bool all_groups = true;   ///< frames to any multicast address
  std::uint8_t group_count = 0;
  std::array<wire::MacAddress, kGroupsMax> group_list{};

  std::span<const wire::MacAddress> groups() const noexcept {
    return std::span(group_list).first(group_count);
  }
  friend bool operator==(const ReceiveFilter&, const ReceiveFilter&) noexcept = default;
};
/// The filters of those who want no certain groups: constants, because code costs a ROM more.
inline constexpr ReceiveFilter kReceiveEverything{};
inline constexpr ReceiveFilter kReceiveAllGroups{.promiscuous = false};

class Device {
 public:
  virtual ~Device() = default;

  /// Short name of driver or chip for people: "virtio-net", "SNP".
  virtual std::string_view driver_name() const noexcept = 0;
  virtual wire::MacAddress mac() const noexcept = 0;
  /// Largest payload of a frame to transmit, without the Ethernet header.
  virtual std::uint16_t mtu() const noexcept = 0;
  virtual Capabilities capabilities() const noexcept = 0;
  virtual LinkState link_state() noexcept = 0;
  virtual const Statistics& statistics() const noexcept = 0;

  /// Brings the hardware up. On failure it is left reset, with bus mastering off.
  virtual Result<void> start() noexcept = 0;
  /// Stops DMA and resets. Frames still lent out stay readable; their memory is freed when they and
  /// the device are gone. Idempotent.
  virtual void stop() noexcept = 0;
  /// Only silences the hardware: legal at any TPL and in ExitBootServices, never allocates.
  virtual void quiesce() noexcept = 0;
  /// Delivers up to `budget` received frames and recycles transmit buffers. Returns the number of
  /// frames delivered.
  virtual std::uint32_t poll(Receiver& receiver, std::uint32_t budget) noexcept = 0;
  /// Sends one frame made of `pieces` in order (Ethernet header first; short frames are padded).
  /// err::link_busy when the ring is full: recycle by poll() and try again.
  virtual Result<void> transmit(std::span<const ByteView> pieces, TransmitInfo info) noexcept = 0;
  /// Holds until the next one, through stop() and start(), and may come at any time, also in the
  /// middle of a poll(). What was received before stays. A device that was never told is
  /// promiscuous; so is one that takes no notice, as here. Costs some register accesses.
  virtual void set_receive_filter(const ReceiveFilter&) noexcept {}
};

}  // namespace kedge::link
