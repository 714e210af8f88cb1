// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// The marker in Kedge's own images: docs/image-marker.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "support/outcome.h"

namespace kedge::host {

inline constexpr std::size_t kMarkerBytesMax = 4096;

struct MarkedId {
  std::uint16_t vendor = 0;
  std::uint16_t device = 0;

  bool operator==(const MarkedId&) const = default;
};

// "1af4:1041"; neither number is zero.
Outcome<MarkedId> parse_pci_id(std::string_view text);

struct ImageMarker {
  std::string version;
  std::string configuration;
  std::string personality;  // "driver", "takeover", "both" or "application"
  bool run_time_choice = false;
  bool gives_rng = false;     // to a firmware that has no EFI_RNG
  std::vector<MarkedId> ids;  // of the NICs that the image has drivers for
};

// The first whole marker in an image. None in damaged ones, and in those of others.
std::optional<ImageMarker> find_image_marker(ByteView pe);

}  // namespace kedge::host
