// SPDX-License-Identifier: BSD-2-Clause-Patent
// VlanTag: what marks a frame as one of a virtual LAN (IEEE 802.1Q, 9.6).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/format.h"

namespace kedge::wire {

struct VlanTag {
  static constexpr std::uint16_t kIdMax = 4094;
  static constexpr std::uint8_t kPriorityMax = 7;
  /// In a frame: kType, then the control information.
  static constexpr std::uint16_t kType = 0x8100;
  static constexpr std::size_t kBytes = 4;

  std::uint16_t id = 0;  ///< 0: none, the frame has at most a priority
  std::uint8_t priority = 0;

  /// Such frames have no tag.
  constexpr bool is_none() const noexcept { return id == 0 && priority == 0; }
  constexpr std::uint16_t control_information() const noexcept {
    return static_cast<std::uint16_t>(priority << 13 | id);
  }
  static constexpr VlanTag from_control_information(std::uint16_t value) noexcept {
    return {static_cast<std::uint16_t>(value & 0xfff), static_cast<std::uint8_t>(value >> 13)};
  }
  friend constexpr bool operator==(const VlanTag&, const VlanTag&) noexcept = default;
};

/// "42", or "42:5" with a priority.
void format_value(TextSink& sink, const VlanTag& tag) noexcept;

/// VLANs in the order in which they are tried, each id once.
class VlanList {
 public:
  static constexpr std::size_t kMax = 16;

  /// Reads "42", "42:5" or several of them with commas between; 0 is the network without tags.
  /// Errors: wire_bad_vlan, also for more than kMax, and for an id that comes twice.
  static Result<VlanList> parse(std::string_view text) noexcept;

  bool empty() const noexcept { return count_ == 0; }
  std::span<const VlanTag> tags() const noexcept { return std::span(tags_).first(count_); }
  /// nullptr when there is none with this id.
  const VlanTag* find(std::uint16_t id) const noexcept;
  /// At the end, or in the place of the one with its id. False when there is no room.
  bool set(const VlanTag& tag) noexcept;
  /// False when there is none with this id.
  bool remove(std::uint16_t id) noexcept;

 private:
  std::array<VlanTag, kMax> tags_{};
  std::uint8_t count_ = 0;
};

}  // namespace kedge::wire
