// SPDX-License-Identifier: BSD-2-Clause-Patent
// What driver and device agreed on, in the terms of the queues.
#pragma once

#include "driver/virtio_net/net_header.h"
#include "driver/virtio_net/regs.h"

namespace kedge::driver::virtio {

struct Negotiated {
  std::uint64_t features = 0;
  bool modern = false;

  bool has(std::uint64_t feature) const noexcept { return (features & feature) != 0; }
  bool packed() const noexcept { return has(Feature::kRingPacked); }
  bool mergeable() const noexcept { return has(Feature::kMrgRxbuf); }
  /// 5.1.6.1
  std::uint16_t header_bytes() const noexcept {
    return modern || mergeable() ? NetHeader::kSize : NetHeader::kShortSize;
  }
  /// 5.1.6.6: whether the header needs a descriptor of its own.
  bool separate_header() const noexcept { return !modern && !has(Feature::kAnyLayout); }
};

}  // namespace kedge::driver::virtio
