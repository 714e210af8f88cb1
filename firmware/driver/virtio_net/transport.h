// SPDX-License-Identifier: BSD-2-Clause-Patent
// Transport: how driver and virtio device talk before and beside the rings. Modern and legacy.
#pragma once

#include <memory>

#include "driver/virtio_net/regs.h"
#include "driver/virtio_net/virtio_errors.h"
#include "port/pci_device.h"

namespace kedge::driver::virtio {

/// Where the three parts of a ring are, as the device sees them (2.7, 2.8).
struct RingAddresses {
  port::DeviceAddress descriptors{};
  port::DeviceAddress driver_area{};
  port::DeviceAddress device_area{};
};

class Transport {
 public:
  virtual ~Transport() = default;

  /// False: legacy interface, with its rules for features and layouts.
  virtual bool modern() const noexcept = 0;
  virtual std::uint64_t device_features() noexcept = 0;
  virtual void set_driver_features(std::uint64_t features) noexcept = 0;
  virtual std::uint8_t status() noexcept = 0;
  virtual void set_status(std::uint8_t status) noexcept = 0;
  /// Largest size of a queue; 0 when there is none of that index.
  virtual std::uint16_t queue_size(std::uint16_t index) noexcept = 0;
  /// True when queue_size is an upper limit, false when it is the size.
  virtual bool queue_size_settable() const noexcept { return modern(); }
  virtual Result<void> enable_queue(std::uint16_t index, std::uint16_t size,
                                    const RingAddresses& addresses) noexcept = 0;
  /// Tells the device that a queue has new buffers. One register write.
  virtual void notify(std::uint16_t index) noexcept = 0;
  /// Reads device configuration byte by byte, all bytes of one moment (2.5.1).
  virtual Result<void> read_config(std::uint32_t offset, ByteSpan out) noexcept = 0;
  /// Reads a 16-bit field of device configuration; one access, so it needs no generation.
  virtual std::uint16_t read_config16(std::uint32_t offset) noexcept = 0;
};

/// Finds the interface of the device: modern if its capabilities are complete, else legacy.
/// Errors: virtio_no_interface, base_no_memory.
Result<std::unique_ptr<Transport>> find_transport(port::PciDevice& pci) noexcept;

/// How long reset() waits. Devices in software are done at once; real ones may take their time.
inline constexpr std::uint32_t kResetWaitMs = 1000;
/// The same on the way out (stop, ExitBootServices), where nobody may be kept waiting.
inline constexpr std::uint32_t kQuiesceWaitMs = 50;

/// Resets the device and waits until it says so (2.4.1, 4.1.4.3.2). Never allocates.
/// Errors: virtio_reset_timeout, virtio_no_response.
Result<void> reset(Transport& transport, port::PciDevice& pci, std::uint32_t wait_ms) noexcept;

}  // namespace kedge::driver::virtio
