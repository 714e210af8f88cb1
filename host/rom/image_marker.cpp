// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "rom/image_marker.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace kedge::host {
namespace {

constexpr std::string_view kMagic = "KEDGE-IMAGE/1 ";
constexpr std::size_t kIdsMax = 512;

// Takes what stands before `separator`, and the separator.
std::string_view take_until(std::string_view& text, char separator) {
  const std::string_view word = text.substr(0, text.find(separator));
  text.remove_prefix(std::min(text.size(), word.size() + 1));
  return word;
}

std::optional<ImageMarker> parse_marker(std::string_view line) {
  if (!std::ranges::all_of(line, [](char c) { return c >= ' ' && c <= '~'; })) return std::nullopt;
  ImageMarker marker;
  while (!line.empty()) {
    std::string_view value = take_until(line, ' ');
    const std::string_view key = take_until(value, '=');
    if (key == "version") marker.version = value;
    if (key == "configuration") marker.configuration = value;
    if (key == "personality") marker.personality = value;
    if (key == "choice") marker.run_time_choice = value == "run-time";
    while (key == "gives" && !value.empty()) marker.gives_rng |= take_until(value, ',') == "rng";
    while (key == "ids" && !value.empty()) {
      const auto id = parse_pci_id(take_until(value, ','));
      if (!id || marker.ids.size() == kIdsMax) return std::nullopt;
      marker.ids.push_back(*id);
    }
  }
  if (marker.version.empty() || marker.personality.empty()) return std::nullopt;
  return marker;
}

}  // namespace

Outcome<MarkedId> parse_pci_id(std::string_view text) {
  constexpr std::size_t kIdBytes = 9;
  const auto number = [text](std::size_t at, std::uint16_t& value) {
    const char* const end = text.data() + at + 4;
    return std::from_chars(text.data() + at, end, value, 16).ptr == end && value != 0;
  };
  MarkedId id;
  if (text.size() != kIdBytes || text[4] != ':' || !number(0, id.vendor) || !number(5, id.device)) {
    return failure(fmt::format("'{}' is no PCI id", text), "Write it as 1af4:1041.");
  }
  return id;
}

std::optional<ImageMarker> find_image_marker(ByteView pe) {
  const std::string_view text = as_text(pe);
  for (std::size_t at = text.find(kMagic); at != std::string_view::npos;
       at = text.find(kMagic, at + kMagic.size())) {
    const std::string_view rest = text.substr(at + kMagic.size(), kMarkerBytesMax);
    const std::size_t end = rest.find('\0');
    if (end == std::string_view::npos) continue;
    if (auto marker = parse_marker(rest.substr(0, end))) return marker;
  }
  return std::nullopt;
}

}  // namespace kedge::host
