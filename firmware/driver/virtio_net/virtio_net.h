// SPDX-License-Identifier: BSD-2-Clause-Patent
// VirtioNet: the virtio network device (VIRTIO 1.2, 5.1) over PCI, modern and transitional.
#pragma once

#include "driver/native_driver.h"
#include "driver/virtio_net/control_queue.h"
#include "driver/virtio_net/receive_queue.h"
#include "driver/virtio_net/transmit_queue.h"

namespace kedge::driver {

inline constexpr PciId kVirtioNetIds[] = {
    {0x1af4, 0x1041},  // modern (4.1.2: 0x1040 + device type 1)
    {0x1af4, 0x1000},  // transitional
};

class VirtioNet final : public link::Device {
 public:
  struct Options {
    /// Receive checksums and merged segments (GUEST_CSUM, GUEST_TSO4/6). Off for consumers that
    /// take frames of the MTU with complete checksums only, such as another stack over SNP.
    bool receive_offloads = true;
    /// Memory of buffers beyond those in the ring: what the stack may hold before frames are copied
    /// for it.
    std::uint32_t spare_bytes = kSpareBytes;
    /// Used when the device has no address of its own (no VIRTIO_NET_F_MAC).
    wire::MacAddress fallback_mac;
  };
  static constexpr std::uint32_t kSpareBytes = 4 * 1024 * 1024;

  /// True when the function's ids are those of a virtio network device. Reads configuration space
  /// only.
  static bool probe(port::PciDevice& pci) noexcept;
  /// Finds the device's interface and reads its address; the device is left reset, with bus
  /// mastering off. `pci` must outlive the driver and all frames that it delivers.
  /// Errors: virtio_no_interface, virtio_no_response, virtio_reset_timeout, virtio_no_mac,
  /// virtio_bad_config, base_no_memory.
  static Result<std::unique_ptr<VirtioNet>> create(port::PciDevice& pci,
                                                   const Options& options) noexcept;
  ~VirtioNet() override;

  /// Takes effect with the next start().
  void set_options(const Options& options) noexcept { options_ = options; }
  /// What was negotiated by start(), for people and tests.
  std::uint64_t features() const noexcept { return negotiated_.features; }
  bool modern() const noexcept { return transport_->modern(); }

  std::string_view driver_name() const noexcept override { return "virtio-net"; }
  wire::MacAddress mac() const noexcept override { return mac_; }
  std::uint16_t mtu() const noexcept override { return mtu_; }
  link::Capabilities capabilities() const noexcept override;
  /// Costs a register access: not for every packet.
  link::LinkState link_state() noexcept override;
  const link::Statistics& statistics() const noexcept override { return statistics_; }

  Result<void> start() noexcept override;
  void stop() noexcept override;
  void quiesce() noexcept override;
  std::uint32_t poll(link::Receiver& receiver, std::uint32_t budget) noexcept override;
  Result<void> transmit(std::span<const ByteView> pieces,
                        link::TransmitInfo info) noexcept override;
  void set_receive_filter(const link::ReceiveFilter& filter) noexcept override;

 private:
  enum class State : std::uint8_t { stopped, running, broken };

  VirtioNet(port::PciDevice& pci, std::unique_ptr<virtio::Transport> transport,
            const Options& options) noexcept
      : pci_(pci), transport_(std::move(transport)), options_(options) {}

  Result<void> identify() noexcept;
  Result<void> read_identity() noexcept;
  Result<void> bring_up() noexcept;
  Result<void> negotiate() noexcept;
  std::uint64_t choose_features(std::uint64_t offered) const noexcept;
  std::uint32_t frame_bytes_max() const noexcept;
  bool apply_filter() noexcept;
  void silence() noexcept;
  void flush_transmit() noexcept;
  void give_up(virtio::Fault fault) noexcept;
  void set_status(std::uint8_t bits) noexcept;

  port::PciDevice& pci_;
  std::unique_ptr<virtio::Transport> transport_;
  Options options_;
  virtio::Negotiated negotiated_;
  virtio::ReceiveQueue receive_;
  virtio::TransmitQueue transmit_;
  virtio::ControlQueue control_;
  link::ReceiveFilter filter_;
  link::Statistics statistics_;
  wire::MacAddress mac_;
  std::uint16_t mtu_ = 1500;
  std::uint8_t status_ = 0;
  State state_ = State::stopped;
  virtio::Fault fault_ = virtio::Fault::none;
  bool polling_ = false;
  bool filters_ = true;  ///< until the device fails a command
};

/// NativeDriver::create of this chip. Errors: those of VirtioNet::create.
Result<std::unique_ptr<link::Device>> create_virtio_net(port::PciDevice& pci,
                                                        Consumer consumer) noexcept;
inline constexpr NativeDriver kVirtioNetDriver{kVirtioNetIds, create_virtio_net};

}  // namespace kedge::driver
