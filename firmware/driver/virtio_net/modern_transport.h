// SPDX-License-Identifier: BSD-2-Clause-Patent
// The modern PCI interface: register windows found by vendor capabilities (4.1.4).
#pragma once

#include <array>

#include "driver/virtio_net/transport.h"
#include "port/bar_window.h"

namespace kedge::driver::virtio {

class ModernTransport final : public Transport {
 public:
  ModernTransport(port::BarWindow common, port::BarWindow notify, port::BarWindow device,
                  std::uint32_t notify_multiplier) noexcept
      : common_(common), notify_(notify), device_(device), notify_multiplier_(notify_multiplier) {}

  bool modern() const noexcept override { return true; }
  std::uint64_t device_features() noexcept override;
  void set_driver_features(std::uint64_t features) noexcept override;
  std::uint8_t status() noexcept override;
  void set_status(std::uint8_t status) noexcept override;
  std::uint16_t queue_size(std::uint16_t index) noexcept override;
  Result<void> enable_queue(std::uint16_t index, std::uint16_t size,
                            const RingAddresses& addresses) noexcept override;
  void notify(std::uint16_t index) noexcept override;
  Result<void> read_config(std::uint32_t offset, ByteSpan out) noexcept override;
  std::uint16_t read_config16(std::uint32_t offset) noexcept override;

 private:
  port::BarWindow common_;
  port::BarWindow notify_;
  port::BarWindow device_;
  std::uint32_t notify_multiplier_;
  std::array<std::uint32_t, kQueues> notify_offset_{};  // set by enable_queue
};

}  // namespace kedge::driver::virtio
