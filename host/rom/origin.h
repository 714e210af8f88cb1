// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Who made an image, which version it is, and what its driver does with the boot: findings with the
// bytes that they rest on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rom/image_marker.h"
#include "rom/pe_facts.h"

namespace kedge::host {

enum class Personality : std::uint8_t {
  takeover,         // offers LoadFile: the driver's own network stack runs the boot
  driver,           // the lowest level only: the firmware's network stack runs the boot
  run_time_choice,  // Kedge's option ROMs: decided by the host's settings at run time
  application,      // no driver; something has to start it
  unknown,
};
// "takeover", "driver", "run-time choice", "application", "unknown".
std::string_view personality_name(Personality personality);
// What that means, in a sentence for people.
std::string_view personality_meaning(Personality personality);

struct Origin {
  std::string producer;  // empty when it is not known
  std::string version;   // empty when it is not known
  Personality personality = Personality::unknown;
  std::string default_personality;    // what a run-time choice is without settings
  std::optional<ImageMarker> marker;  // of Kedge's images
  std::vector<std::string> evidence;
};

Origin origin_of_pe(ByteView pe, const PeFacts& facts);
// Of BIOS images, which have no personality.
Origin origin_of_bios(ByteView image);

}  // namespace kedge::host
