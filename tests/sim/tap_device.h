// SPDX-License-Identifier: BSD-2-Clause-Patent
// TapDevice: the Linux kernel as the machine at the other end, through a TAP interface.
//
// With offloads it behaves as virtio-net does: checksums are partial, TCP segments come merged up
// to 64 KiB in buffers of 4 KiB each.
#pragma once

#include <memory>
#include <vector>

#include "base/time.h"
#include "link/device.h"
#include "wire/ip.h"

namespace kedge::sim {

class TapDevice final : public link::Device, private link::SegmentOwner {
 public:
  struct Options {
    bool offloads = true;
    std::uint16_t buffers = 512;
  };

  /// Makes the interface in the network namespace of this process, with `address`/24 for the
  /// kernel. nullptr, and why in `reason`, when that is not possible here.
  static std::unique_ptr<TapDevice> create(wire::Ipv4Address address, const Options& options,
                                           const char** reason);
  ~TapDevice() override;

  int descriptor() const { return fd_; }
  std::size_t lent() const { return buffers_.size() - free_.size(); }

  std::string_view driver_name() const noexcept override { return "tap"; }
  wire::MacAddress mac() const noexcept override {
    return wire::MacAddress({0x02, 0x4b, 0, 0, 0, 2});
  }
  std::uint16_t mtu() const noexcept override { return 1500; }
  link::Capabilities capabilities() const noexcept override;
  link::LinkState link_state() noexcept override { return link::LinkState::up; }
  const link::Statistics& statistics() const noexcept override { return statistics_; }
  Result<void> start() noexcept override { return {}; }
  void stop() noexcept override {}
  void quiesce() noexcept override {}
  std::uint32_t poll(link::Receiver& receiver, std::uint32_t budget) noexcept override;
  Result<void> transmit(std::span<const ByteView> pieces,
                        link::TransmitInfo info) noexcept override;

 private:
  static constexpr std::uint32_t kBufferBytes = 4096;
  static constexpr std::size_t kSegmentsMax = 17;  // 64 KiB, and the Ethernet header

  struct Buffer {
    link::Segment segment;
    std::byte bytes[kBufferBytes];
  };

  TapDevice(int fd, const Options& options);
  void release(link::Segment* chain) noexcept override;

  int fd_;
  Options options_;
  std::vector<std::unique_ptr<Buffer>> buffers_;
  std::vector<Buffer*> free_;
  link::Statistics statistics_;
};

/// Real time; idles in poll() on the device.
class RealClock final : public Clock {
 public:
  Instant now() noexcept override;
  void idle(Instant until) noexcept override;
  void watch(int descriptor) { descriptor_ = descriptor; }

 private:
  int descriptor_ = -1;
};

}  // namespace kedge::sim
