// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "domain/vlan_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>

namespace kedge::host {
namespace {

using wire::VlanList;
using wire::VlanTag;

std::string not_a_vlan(std::string_view text) {
  return fmt::format("\"{}\" is no VLAN: an ID from 0 to {}, with a priority from 0 to {}", text,
                     VlanTag::kIdMax, VlanTag::kPriorityMax);
}

// Of a list that the firmware refuses.
std::string fault_of(std::string_view text) {
  const auto count = static_cast<std::size_t>(std::ranges::count(text, ',')) + 1;
  if (count > VlanList::kMax)
    return fmt::format("{} VLANs are more than {}", count, VlanList::kMax);
  VlanList before;
  for (const auto one : std::views::split(text, ',')) {
    const auto vlan = VlanList::parse(std::string_view(one));
    if (!vlan.ok()) return not_a_vlan(std::string_view(one));
    const VlanTag& tag = vlan->tags().front();
    if (before.find(tag.id) != nullptr) return fmt::format("the VLAN {} is there twice", tag.id);
    (void)before.set(tag);
  }
  return not_a_vlan(text);
}

std::string vlan_text(const VlanTag& vlan) {
  std::string details = vlan.id == 0 ? "no VLAN" : "";
  if (vlan.priority != 0) {
    details += fmt::format("{}priority {}", details.empty() ? "" : ", ", vlan.priority);
  }
  return details.empty() ? fmt::format("{}", vlan.id) : fmt::format("{} ({})", vlan.id, details);
}

}  // namespace

Outcome<std::vector<VlanTag>> parse_vlans(std::string_view text) {
  const auto list = VlanList::parse(text);
  if (!list.ok()) {
    return failure(fault_of(text),
                   "Write ID or ID:PRIORITY, with commas and no blanks between several, such as "
                   "42 or 42:5,43.");
  }
  const auto tags = list->tags();
  return std::vector(tags.begin(), tags.end());
}

std::string vlans_text(const std::vector<VlanTag>& vlans) {
  std::string text;
  for (const VlanTag& vlan : vlans) text += (text.empty() ? "" : ", then ") + vlan_text(vlan);
  return text;
}

}  // namespace kedge::host
