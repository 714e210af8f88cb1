// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "driver/virtio_net/legacy_transport.h"

namespace kedge::driver::virtio {

namespace {

/// There is no generation: reads are repeated until two agree (4.1.4.10).
constexpr int kConfigTries = 16;

}  // namespace

std::uint64_t LegacyTransport::device_features() noexcept {
  return hw::read(registers_, LegacyCfg::device_features);
}

void LegacyTransport::set_driver_features(std::uint64_t features) noexcept {
  hw::write(registers_, LegacyCfg::driver_features, static_cast<std::uint32_t>(features));
}

std::uint8_t LegacyTransport::status() noexcept {
  return hw::read(registers_, LegacyCfg::device_status);
}

void LegacyTransport::set_status(std::uint8_t status) noexcept {
  hw::write(registers_, LegacyCfg::device_status, status);
}

std::uint16_t LegacyTransport::queue_size(std::uint16_t index) noexcept {
  hw::write(registers_, LegacyCfg::queue_select, index);
  return hw::read(registers_, LegacyCfg::queue_size);
}

Result<void> LegacyTransport::enable_queue(std::uint16_t index, std::uint16_t,
                                           const RingAddresses& addresses) noexcept {
  const std::uint64_t page =
      static_cast<std::uint64_t>(addresses.descriptors) >> LegacyCfg::kPageShift;
  if (page > UINT32_MAX) return fail(err::virtio_address_too_high, index);
  hw::write(registers_, LegacyCfg::queue_select, index);
  hw::write(registers_, LegacyCfg::queue_address, static_cast<std::uint32_t>(page));
  return {};
}

void LegacyTransport::notify(std::uint16_t index) noexcept {
  hw::write(registers_, LegacyCfg::queue_notify, index);
}

Result<void> LegacyTransport::read_config(std::uint32_t offset, ByteSpan out) noexcept {
  bool settled = false;
  for (int turn = 0; turn < kConfigTries && !settled; ++turn) {
    settled = turn > 0;
    for (std::size_t i = 0; i < out.size(); ++i) {
      const auto value = static_cast<std::byte>(
          registers_.read8(device_config_ + offset + static_cast<std::uint32_t>(i)));
      if (out[i] != value) settled = false;
      out[i] = value;
    }
  }
  if (!settled) return fail(err::virtio_bad_config, offset);
  return {};
}

std::uint16_t LegacyTransport::read_config16(std::uint32_t offset) noexcept {
  return registers_.read16(device_config_ + offset);
}

}  // namespace kedge::driver::virtio
