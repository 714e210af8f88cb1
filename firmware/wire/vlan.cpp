// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "wire/vlan.h"

#include <algorithm>
#include <optional>

#include "wire/http_text.h"
#include "wire/wire_errors.h"

namespace kedge::wire {
namespace {

std::optional<VlanTag> parse_vlan(std::string_view text) noexcept {
  const std::size_t colon = text.find(':');
  const auto id = http_text::parse_decimal(text.substr(0, colon));
  if (!id.has_value() || *id > VlanTag::kIdMax) return std::nullopt;
  VlanTag tag{static_cast<std::uint16_t>(*id), 0};
  if (colon == std::string_view::npos) return tag;
  const auto priority = http_text::parse_decimal(text.substr(colon + 1));
  if (!priority.has_value() || *priority > VlanTag::kPriorityMax) return std::nullopt;
  tag.priority = static_cast<std::uint8_t>(*priority);
  return tag;
}

}  // namespace

void format_value(TextSink& sink, const VlanTag& tag) noexcept {
  format_to(sink, "{}", tag.id);
  if (tag.priority != 0) format_to(sink, ":{}", tag.priority);
}

Result<VlanList> VlanList::parse(std::string_view text) noexcept {
  VlanList list;
  for (;;) {
    const std::size_t comma = text.find(',');
    const std::optional<VlanTag> tag = parse_vlan(text.substr(0, comma));
    const bool is_new = tag.has_value() && list.find(tag->id) == nullptr;
    if (!is_new || !list.set(*tag)) return fail(err::wire_bad_vlan);
    if (comma == std::string_view::npos) return list;
    text.remove_prefix(comma + 1);
  }
}

const VlanTag* VlanList::find(std::uint16_t id) const noexcept {
  for (const VlanTag& tag : tags()) {
    if (tag.id == id) return &tag;
  }
  return nullptr;
}

bool VlanList::set(const VlanTag& tag) noexcept {
  const VlanTag* const known = find(tag.id);
  const std::size_t place =
      known == nullptr ? count_ : static_cast<std::size_t>(known - tags_.data());
  if (place == kMax) return false;
  if (known == nullptr) ++count_;
  tags_[place] = tag;
  return true;
}

bool VlanList::remove(std::uint16_t id) noexcept {
  const VlanTag* const known = find(id);
  if (known == nullptr) return false;
  VlanTag* const place = tags_.data() + (known - tags_.data());
  std::copy(place + 1, tags_.data() + count_, place);
  --count_;
  return true;
}

}  // namespace kedge::wire
