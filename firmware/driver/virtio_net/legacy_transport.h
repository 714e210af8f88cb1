// SPDX-License-Identifier: BSD-2-Clause-Patent
// The legacy PCI interface of transitional devices: one block of registers in BAR 0 (4.1.4.10).
#pragma once

#include "driver/virtio_net/transport.h"
#include "port/bar_window.h"

namespace kedge::driver::virtio {

class LegacyTransport final : public Transport {
 public:
  LegacyTransport(port::BarWindow registers, std::uint32_t device_config) noexcept
      : registers_(registers), device_config_(device_config) {}

  bool modern() const noexcept override { return false; }
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
  port::BarWindow registers_;
  std::uint32_t device_config_;
};

}  // namespace kedge::driver::virtio
