// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "support/timeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "support/pattern.h"

namespace kedge::host {
namespace {

enum class Repeat : std::uint8_t { first_only, every };

// Detail is the pattern's first group, if it has one.
struct Milestone {
  std::string_view pattern;
  std::string_view what;
  Repeat repeat;
};

constexpr std::array kMilestones = {
    Milestone{R"(>>\s*Start (PXE over IPv[46]|HTTP Boot over IPv[46]))",
              "firmware's own network boot", Repeat::every},
    Milestone{R"(^Kedge (\S+))", "Kedge", Repeat::every},
    Milestone{R"(^iPXE (\S+) -- )", "iPXE", Repeat::every},
    // Kedge: "net0: DHCP ... ok 10.0.2.15/24 gateway 10.0.2.2"; iPXE: "Configuring (net0 ...)...
    // ok".
    Milestone{R"(\bDHCP\b.*\bok\b\s*(.*))", "DHCP answered", Repeat::every},
    Milestone{R"(^Configuring \((.*)\)\.+ ok)", "DHCP answered", Repeat::every},
    Milestone{R"(Station IP address is (\S+))", "DHCP answered", Repeat::every},
    Milestone{R"(^EFI stub: )", "kernel's EFI stub", Repeat::first_only},
    Milestone{R"(\bLinux version (\S+))", "kernel started", Repeat::first_only},
    Milestone{R"(Run (/\S+) as init process)", "userland started", Repeat::first_only},
    Milestone{R"(Kernel panic - not syncing: (.*))", "kernel panic", Repeat::first_only},
};

}  // namespace

std::vector<TimelineEvent> timeline_from_serial(const SerialLog& serial, Instant started) {
  std::vector<TimelineEvent> events;
  for (const SerialLine& line : serial.lines()) {
    if (line.text.empty()) continue;
    events.push_back(
        {.at = seconds(line.begun - started), .what = "firmware's first output", .detail = {}});
    break;
  }
  for (const Milestone& milestone : kMilestones) {
    const Pattern pattern = Pattern::must_compile(milestone.pattern);
    std::size_t count = 0;
    SerialCursor cursor;
    while (count < kTimelineRepeatsMax) {
      const auto match = serial.search(pattern, cursor);
      if (!match) break;
      const auto& groups = match->match.groups;
      std::string detail = groups.size() > 1 ? groups[1] : std::string();
      // A line that is redrawn over and over is one event.
      const bool repeated = !events.empty() && count > 0 && events.back().what == milestone.what &&
                            events.back().detail == detail;
      if (!repeated) {
        events.push_back({.at = seconds(match->at - started),
                          .what = std::string(milestone.what),
                          .detail = std::move(detail)});
        ++count;
      }
      if (milestone.repeat == Repeat::first_only) break;
    }
  }
  sort_timeline(events);
  return events;
}

void sort_timeline(std::vector<TimelineEvent>& events) {
  // Insertion: the list is short, and libstdc++ 12's stable_sort warns about itself.
  for (auto next = events.begin(); next != events.end(); ++next) {
    const auto place =
        std::ranges::upper_bound(events.begin(), next, next->at, {}, &TimelineEvent::at);
    std::rotate(place, next, next + 1);
  }
}

std::string format_timeline(const std::vector<TimelineEvent>& events) {
  std::string text;
  double before = 0;
  for (const TimelineEvent& event : events) {
    text += fmt::format("{:9.3f} s  {:>+9.3f}  {}{}{}\n", event.at, event.at - before, event.what,
                        event.detail.empty() ? "" : "  ", event.detail);
    before = event.at;
  }
  return text;
}

std::string format_bytes(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 4> kUnits = {"kB", "MB", "GB", "TB"};
  if (bytes < 1000) return fmt::format("{} bytes", bytes);
  auto value = static_cast<double>(bytes) / 1000;
  std::size_t unit = 0;
  while (value >= 999.95 && unit + 1 < kUnits.size()) {
    value /= 1000;
    ++unit;
  }
  return fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::string format_rate(std::uint64_t bytes, double seconds) {
  constexpr double kShortest = 0.001;
  if (seconds < kShortest) return "-";
  return fmt::format(
      "{}/s", format_bytes(static_cast<std::uint64_t>(static_cast<double>(bytes) / seconds)));
}

}  // namespace kedge::host
