// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// The story of a boot as a list of moments, read off the serial console's lines and their times.
#pragma once

#include <string>
#include <vector>

#include "support/clock.h"
#include "support/serial_log.h"

namespace kedge::host {

// A guest that repeats a milestone for ever does not make an endless list.
inline constexpr std::size_t kTimelineRepeatsMax = 16;

struct TimelineEvent {
  double at = 0;       // seconds since the VM's CPUs started
  std::string what;    // "kernel started"
  std::string detail;  // "6.1.0-56-amd64"; may be empty
};

// The milestones that the console shows: firmware, Kedge's or iPXE's banner, the firmware's own
// network boot, each DHCP answer, each download that a boot program reports, the kernel, its
// userland.
std::vector<TimelineEvent> timeline_from_serial(const SerialLog& serial, Instant started);

// Sorts by time and keeps the order of events of the same time.
void sort_timeline(std::vector<TimelineEvent>& events);

// One line per event: time, step since the event before, text.
std::string format_timeline(const std::vector<TimelineEvent>& events);

// "3.9 MB", "812 bytes"
std::string format_bytes(std::uint64_t bytes);
// "45.9 MB/s"; "-" when the time is too short to tell.
std::string format_rate(std::uint64_t bytes, double seconds);

}  // namespace kedge::host
