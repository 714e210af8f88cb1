// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/fw_cfg_mmio.h"

#include <algorithm>

namespace kedge::uefi {
namespace {

// docs/specs/fw_cfg.rst, "Guest-side Register Locations".
constexpr std::uint64_t kData = 0;
constexpr std::uint64_t kSelector = 8;

constexpr std::uint16_t big_endian(std::uint16_t value) noexcept {
  return std::endian::native == std::endian::little ? std::byteswap(value) : value;
}

}  // namespace

void MmioFwCfg::select(std::uint16_t key) noexcept {
  if (!place_.has_value()) place_ = find_fw_cfg(*firmware_);
  if (place_.has_value()) memory_->write16(place_->address + kSelector, big_endian(key));
}

void MmioFwCfg::read(ByteSpan out) noexcept {
  if (!place_.has_value()) {
    std::ranges::fill(out, std::byte{0});
    return;
  }
  // A wide read gives as many of the item's bytes, in their order: fewer exits to the hypervisor.
  while (out.size() >= sizeof(std::uint64_t)) {
    const std::uint64_t word = memory_->read64(place_->address + kData);
    std::memcpy(out.data(), &word, sizeof(word));
    out = out.subspan(sizeof(word));
  }
  for (std::byte& byte : out) byte = std::byte{memory_->read8(place_->address + kData)};
}

}  // namespace kedge::uefi
