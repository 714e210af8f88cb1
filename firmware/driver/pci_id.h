// SPDX-License-Identifier: BSD-2-Clause-Patent
// PciId: what a driver's list of supported functions consists of.
#pragma once

#include <cstdint>

namespace kedge::driver {

struct PciId {
  std::uint16_t vendor;
  std::uint16_t device;

  friend constexpr bool operator==(const PciId&, const PciId&) noexcept = default;
};

}  // namespace kedge::driver
