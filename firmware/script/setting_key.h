// SPDX-License-Identifier: BSD-2-Clause-Patent
// Names of settings: "net0.dhcp/66:string" taken apart, and the table of settings known by name.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "script/setting_type.h"

namespace kedge::script {

/// Numbers that name a setting within its block: a DHCP option (66), an option within an option
/// (175.1), or what another block makes of them (smbios/1.5.0).
struct SettingTag {
  static constexpr std::size_t kPartsMax = 8;
  std::array<std::uint32_t, kPartsMax> parts{};
  std::uint8_t count = 0;

  bool empty() const noexcept { return count == 0; }
  friend bool operator==(const SettingTag&, const SettingTag&) noexcept = default;
};

/// Which setting is meant, without its block. Two keys mean the same setting when their tags are
/// equal, or, without tags, their names.
struct SettingKey {
  std::string name;  ///< the known name if there is one, else as written
  SettingTag tag;    ///< empty: identified by its name

  bool same(const SettingKey& other) const noexcept {
    return tag.empty() ? other.tag.empty() && name == other.name : tag == other.tag;
  }
};

/// A setting that can be called by name.
struct NamedSetting {
  std::string_view name;
  SettingType type;
  /// DHCP option, or two numbers for an option in an option; zeros when the name is all there is.
  std::uint8_t option = 0;
  std::uint8_t suboption = 0;
  std::string_view description;
};

std::span<const NamedSetting> named_settings() noexcept;
const NamedSetting* find_named_setting(const SettingKey& key) noexcept;

/// A reference as a script writes it: [block/]name[:type]. Blocks are separated by '.' or '/'.
struct SettingName {
  std::string_view block;  ///< "net0.dhcp"; empty: the root
  SettingKey key;
  std::optional<SettingType> type;
};

inline constexpr std::size_t kSettingNameMax = 256;

/// Errors: settings_bad_name, settings_unknown_type. `block` points into `text`.
Result<SettingName> parse_setting_name(std::string_view text) noexcept;

/// The key of a name or a dotted number.
SettingKey make_setting_key(std::string_view name) noexcept;

}  // namespace kedge::script
