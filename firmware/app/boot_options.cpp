// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "app/boot_options.h"

#include <algorithm>

#include "app/personality_errors.h"
#include "wire/uri.h"
#include "wire/wire_errors.h"

namespace kedge::app {
namespace {

constexpr std::size_t kMacTextBytes = 17;  // "52:54:00:12:34:56"

bool is_blank(char c) noexcept {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\0';
}

/// Files end in a newline, variables that C programs write in a zero.
std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  return text;
}

/// Control characters have no business in options, but scripts have lines and tabs.
bool is_text(std::string_view value) noexcept {
  return std::none_of(value.begin(), value.end(), [](char c) {
    return (c >= 0 && c < ' ' && c != '\n' && c != '\r' && c != '\t') || c == 0x7f;
  });
}

bool is_name(std::string_view name) noexcept {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == ':' || c == '/';
  });
}

struct Key {
  std::optional<wire::MacAddress> mac;
  std::string_view name;
};

Key split(std::string_view key) noexcept {
  if (key.size() <= kMacTextBytes || (key[kMacTextBytes] != ':' && key[kMacTextBytes] != '/')) {
    return {std::nullopt, key};
  }
  const Result<wire::MacAddress> mac = wire::MacAddress::parse(key.substr(0, kMacTextBytes));
  if (!mac.ok()) return {std::nullopt, key};
  return {*mac, key.substr(kMacTextBytes + 1)};
}

const ErrorSite* fault_of(std::string_view name, std::string_view value) noexcept {
  if (name == kPersonalityOption && !parse_personality(value)) return &err::personality_unknown;
  if (name == kVlanOption && !wire::VlanList::parse(value).ok()) return &err::wire_bad_vlan;
  if (name != kUrlOption) return nullptr;
  const Result<wire::Uri> uri = wire::Uri::parse(value);
  const bool is_whole = uri.ok() && uri->is_absolute() && uri->has_authority;
  return is_whole ? nullptr : &err::personality_bad_url;
}

}  // namespace

std::optional<Personality> parse_personality(std::string_view text) noexcept {
  if (text == "driver") return Personality::driver;
  if (text == "takeover") return Personality::takeover;
  if (text == "both") return Personality::both;
  return std::nullopt;
}

std::string_view channel_name(Channel channel) noexcept {
  switch (channel) {
    case Channel::variable:
      return "EFI variable";
    case Channel::smbios:
      return "SMBIOS OEM string";
    case Channel::fw_cfg:
      return "fw_cfg file";
  }
  return "";
}

std::size_t BootOptions::value_bytes_max(std::string_view key) noexcept {
  return split(key).name == kScriptOption ? kScriptBytesMax : kValueBytesMax;
}

void BootOptions::complain(const Entry& entry, std::string_view key,
                           const ErrorSite& site) noexcept {
  if (problems_.size() >= kProblemsMax) return;
  std::string shown(key.substr(0, kKeyBytesMax));
  // It goes to the screen.
  for (char& c : shown) {
    if (c < ' ' || c > '~') c = '?';
  }
  problems_.push_back({entry.mac, {entry.channel, std::move(shown), Error(site)}});
}

void BootOptions::add(Channel channel, std::string_view key, std::string_view value) noexcept {
  const Key parts = split(key);
  Entry entry{channel, parts.mac, {}, {}};
  if (key.size() > kKeyBytesMax || !is_name(parts.name)) {
    return complain(entry, key, err::personality_bad_name);
  }
  if (value.size() > value_bytes_max(key)) return complain(entry, key, err::personality_too_large);
  const std::string_view text = trimmed(value);
  if (text.empty()) return;  // as good as not there
  if (!is_text(text)) return complain(entry, key, err::personality_not_text);
  if (const ErrorSite* fault = fault_of(parts.name, text)) return complain(entry, key, *fault);
  if (entries_.size() >= kEntriesMax) return complain(entry, key, err::personality_too_many);
  entry.name = parts.name;
  entry.value = text;
  entries_.push_back(std::move(entry));
}

const BootOptions::Entry* BootOptions::find(std::string_view name,
                                            const wire::MacAddress& mac) const noexcept {
  // A stronger channel is stronger whatever it speaks of: the host's word about all NICs is not
  // overruled by what its guest has written about one.
  const Entry* best = nullptr;
  for (const Entry& entry : entries_) {
    if (entry.name != name || (entry.mac.has_value() && *entry.mac != mac)) continue;
    const bool is_better =
        best == nullptr || entry.channel > best->channel ||
        (entry.channel == best->channel && entry.mac.has_value() && !best->mac.has_value());
    if (is_better) best = &entry;
  }
  return best;
}

NicOptions BootOptions::resolve(const wire::MacAddress& mac, Personality fallback) const noexcept {
  NicOptions options;
  options.personality = fallback;
  const auto is_for_us = [&](const auto& item) {
    return !item.mac.has_value() || *item.mac == mac;
  };
  for (const Owned& owned : problems_) {
    if (is_for_us(owned)) options.problems.push_back(owned.problem);
  }
  for (const Entry& entry : entries_) {
    if (!is_for_us(entry) || find(entry.name, mac) != &entry) continue;
    if (entry.name == kPersonalityOption) {
      options.personality = parse_personality(entry.value).value_or(fallback);
    } else if (entry.name == kUrlOption) {
      options.url = entry.value;
    } else if (entry.name == kScriptOption) {
      options.script = entry.value;
    } else if (entry.name == kVlanOption) {
      if (const auto vlans = wire::VlanList::parse(entry.value); vlans.ok()) options.vlans = *vlans;
    } else {
      options.settings.push_back({entry.channel, entry.name, entry.value});
    }
  }
  return options;
}

}  // namespace kedge::app
