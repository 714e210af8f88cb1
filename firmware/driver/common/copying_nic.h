// SPDX-License-Identifier: BSD-2-Clause-Patent
// CopyingNic: what the drivers of simple chips have in common.
//
// Received frames are copied to the heap, frames to transmit into a slot of the chip; plain frames
// of an MTU of 1500, offloads only where a chip says so. A chip that breaks the rules is reset and
// started again, a few times; after that, and at once when nothing answers any more, it is stopped
// for good.
#pragma once

#include "driver/common/copied_frames.h"
#include "driver/common/transmit_frame.h"
#include "driver/nic_errors.h"
#include "port/pci_device.h"

namespace kedge::driver {

/// Rules that a chip can break: the detail of err::nic_broken. Numbers are never used again.
enum class ChipFault : std::uint8_t {
  none = 0,
  gone = 1,      ///< registers read as all ones: unplugged, or asleep
  position = 2,  ///< a position outside of its ring
  length = 3,    ///< a frame that cannot be
  stalled = 4,   ///< it stopped moving in the middle of something
  bus = 5,       ///< it could not reach memory, or stopped itself
};

inline constexpr std::uint16_t kPlainMtu = 1500;
/// IEEE 802.3, without the frame check sequence, with one VLAN tag.
inline constexpr std::uint32_t kFrameBytesMax = kEthernetHeader + kVlanTag + kPlainMtu;
inline constexpr std::uint32_t kFrameCheckBytes = 4;
/// Descriptors have few bits for where a checksum begins.
inline constexpr std::uint32_t kChecksumStartMax = 1023;

class CopyingNic : public link::Device {
 public:
  CopyingNic(const CopyingNic&) = delete;
  CopyingNic& operator=(const CopyingNic&) = delete;
  /// A derived class calls stop() in its own destructor.
  ~CopyingNic() override;

  wire::MacAddress mac() const noexcept final { return mac_; }
  std::uint16_t mtu() const noexcept final { return kPlainMtu; }
  link::Capabilities capabilities() const noexcept override { return {}; }
  const link::Statistics& statistics() const noexcept final { return statistics_; }

  Result<void> start() noexcept final;
  void stop() noexcept final;
  void quiesce() noexcept final;
  std::uint32_t poll(link::Receiver& receiver, std::uint32_t budget) noexcept final;
  Result<void> transmit(std::span<const ByteView> pieces, link::TransmitInfo info) noexcept final;
  void set_receive_filter(const link::ReceiveFilter& filter) noexcept final;

  /// How often in a row, without a frame received in between, a chip is started again.
  static constexpr unsigned kRecoveriesMax = 8;

 protected:
  explicit CopyingNic(port::PciDevice& pci) noexcept : pci_(pci) {}

  // ---- the chip's part ----
  /// Resets the chip and lets it run with fresh rings; memory that it had before stays in use.
  /// What fails may leave it as it is: halt() follows.
  virtual Result<void> bring_up() noexcept = 0;
  /// Ends all DMA and all receiving; legal at any TPL.
  virtual void halt() noexcept = 0;
  /// Gives the memory of rings and buffers back; the chip is halted.
  virtual void free_memory() noexcept = 0;
  /// Hands at most `budget` frames to deliver(); returns how many arrived. May report().
  virtual std::uint32_t receive(link::Receiver& receiver, std::uint32_t budget) noexcept = 0;
  /// At least kFrameBytesMax bytes for the next frame; empty while the chip has no room.
  virtual ByteSpan transmit_slot() noexcept = 0;
  /// Before submit(), with capabilities().transmit_checksum only: that frame wants a checksum,
  /// which lies inside of it.
  virtual void request_checksum(link::TransmitInfo) noexcept {}
  /// Sends the first `length` bytes of the slot that transmit_slot() gave.
  virtual void submit(std::uint32_t length) noexcept = 0;
  /// Follows one or more submit(): outside of poll() each, inside it all together.
  virtual void flush() noexcept {}
  /// Follows a change of filter() while the chip runs; bring_up() takes care of it by itself.
  virtual void apply_filter() noexcept = 0;
  /// Nothing is being transmitted. Asked for before a restart().
  virtual bool idle() noexcept { return true; }

  // ---- for the chip's part ----
  bool running() const noexcept { return state_ == State::running; }
  link::Statistics& counters() noexcept { return statistics_; }
  const link::ReceiveFilter& filter() const noexcept { return filter_; }
  /// For what a chip takes only while it starts: it is started again when nothing waits in its
  /// rings any more.
  void restart() noexcept { restart_ = true; }
  /// The device's own address. Errors: nic_no_mac.
  Result<void> set_mac(const wire::MacAddress& mac) noexcept;
  /// DMA memory below 4 GiB, unless `memory` is there already. Errors: nic_address_too_high, those
  /// of PciDevice::allocate_dma.
  Result<void> allocate(std::unique_ptr<port::DmaMemory>& memory, std::size_t bytes) noexcept;
  /// Copies a frame for the receiver. False when there was no memory and it was dropped.
  bool deliver(link::Receiver& receiver, std::span<const ByteView> pieces,
               link::ReceiveInfo info = {}) noexcept;
  /// The chip broke a rule: receive() or transmit_slot() end soon, and it is started again.
  void report(ChipFault fault) noexcept;
  /// The same from elsewhere: stopped for good at once.
  void give_up(ChipFault fault) noexcept;

  port::PciDevice& pci_;

 private:
  enum class State : std::uint8_t { stopped, running, broken };

  void silence() noexcept;
  void settle() noexcept;

  CopiedFrames* frames_ = nullptr;
  link::Statistics statistics_;
  link::ReceiveFilter filter_;
  wire::MacAddress mac_;
  State state_ = State::stopped;
  ChipFault fault_ = ChipFault::none;
  unsigned recoveries_ = 0;
  bool polling_ = false;
  bool restart_ = false;
};

}  // namespace kedge::driver
