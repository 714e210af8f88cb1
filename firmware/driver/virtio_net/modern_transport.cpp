// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "driver/virtio_net/modern_transport.h"

namespace kedge::driver::virtio {

namespace {

/// How often a read is repeated while the device changes its configuration under it.
constexpr int kConfigTries = 16;

constexpr std::uint32_t low(port::DeviceAddress address) noexcept {
  return static_cast<std::uint32_t>(static_cast<std::uint64_t>(address));
}
constexpr std::uint32_t high(port::DeviceAddress address) noexcept {
  return static_cast<std::uint32_t>(static_cast<std::uint64_t>(address) >> 32);
}

}  // namespace

std::uint64_t ModernTransport::device_features() noexcept {
  hw::write(common_, CommonCfg::device_feature_select, 0);
  const std::uint64_t low_half = hw::read(common_, CommonCfg::device_feature);
  hw::write(common_, CommonCfg::device_feature_select, 1);
  return low_half | static_cast<std::uint64_t>(hw::read(common_, CommonCfg::device_feature)) << 32;
}

void ModernTransport::set_driver_features(std::uint64_t features) noexcept {
  hw::write(common_, CommonCfg::driver_feature_select, 0);
  hw::write(common_, CommonCfg::driver_feature, static_cast<std::uint32_t>(features));
  hw::write(common_, CommonCfg::driver_feature_select, 1);
  hw::write(common_, CommonCfg::driver_feature, static_cast<std::uint32_t>(features >> 32));
}

std::uint8_t ModernTransport::status() noexcept {
  return hw::read(common_, CommonCfg::device_status);
}

void ModernTransport::set_status(std::uint8_t status) noexcept {
  hw::write(common_, CommonCfg::device_status, status);
}

std::uint16_t ModernTransport::queue_size(std::uint16_t index) noexcept {
  hw::write(common_, CommonCfg::queue_select, index);
  return hw::read(common_, CommonCfg::queue_size);
}

// 4.1.5.1.3. The queue stays selected from queue_size() on, but that is no contract.
Result<void> ModernTransport::enable_queue(std::uint16_t index, std::uint16_t size,
                                           const RingAddresses& addresses) noexcept {
  KEDGE_ASSERT(index < kQueues);
  hw::write(common_, CommonCfg::queue_select, index);
  const std::uint64_t offset =
      static_cast<std::uint64_t>(hw::read(common_, CommonCfg::queue_notify_off)) *
      notify_multiplier_;
  if (!notify_.holds(offset, 2)) return fail(err::virtio_bad_notify_address, index);
  notify_offset_[index] = static_cast<std::uint32_t>(offset);
  hw::write(common_, CommonCfg::queue_size, size);
  // 64-bit fields are written as two halves (4.1.3.1).
  hw::write(common_, CommonCfg::queue_desc_lo, low(addresses.descriptors));
  hw::write(common_, CommonCfg::queue_desc_hi, high(addresses.descriptors));
  hw::write(common_, CommonCfg::queue_driver_lo, low(addresses.driver_area));
  hw::write(common_, CommonCfg::queue_driver_hi, high(addresses.driver_area));
  hw::write(common_, CommonCfg::queue_device_lo, low(addresses.device_area));
  hw::write(common_, CommonCfg::queue_device_hi, high(addresses.device_area));
  hw::write(common_, CommonCfg::queue_enable, 1);
  return {};
}

void ModernTransport::notify(std::uint16_t index) noexcept {
  notify_.write16(notify_offset_[index], index);  // 4.1.5.2, without NOTIFICATION_DATA
}

Result<void> ModernTransport::read_config(std::uint32_t offset, ByteSpan out) noexcept {
  if (!device_.holds(offset, static_cast<std::uint32_t>(out.size()))) {
    return fail(err::virtio_bad_config, offset);
  }
  for (int turn = 0; turn < kConfigTries; ++turn) {
    const std::uint8_t before = hw::read(common_, CommonCfg::config_generation);
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] = static_cast<std::byte>(device_.read8(offset + static_cast<std::uint32_t>(i)));
    }
    if (hw::read(common_, CommonCfg::config_generation) == before) return {};
  }
  return fail(err::virtio_bad_config, offset);
}

std::uint16_t ModernTransport::read_config16(std::uint32_t offset) noexcept {
  return device_.holds(offset, 2) ? device_.read16(offset) : std::uint16_t{0};
}

}  // namespace kedge::driver::virtio
