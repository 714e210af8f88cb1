// SPDX-License-Identifier: BSD-2-Clause-Patent
// Setting types: how the raw bytes of a setting are written as text, and read back from it.
//
// The names and forms are those of iPXE's script language; real scripts depend on them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace kedge::script {

/// The bytes of a setting as DHCP would carry them: integers big-endian, strings without NUL.
using RawValue = std::string;

enum class SettingType : std::uint8_t {
  string,
  uristring,  ///< percent-encoded, for use inside a URI
  ipv4,       ///< one address, or a list with spaces between
  ipv6,
  int8,
  int16,
  int32,
  uint8,  ///< unsigned integers are written in hexadecimal
  uint16,
  uint32,
  hex,       ///< 52:54:00
  hexhyp,    ///< 52-54-00
  hexraw,    ///< 525400
  base64,    ///< RFC 4648 4
  uuid,      ///< RFC 9562 text form, bytes in the order of the text
  guid,      ///< the same, first three fields little-endian as in UEFI
  busdevfn,  ///< 0000:00:1f.3
  dnssl,     ///< DNS search list (RFC 3397), names with spaces between
};

/// Longest raw value and longest text of one.
inline constexpr std::size_t kSettingBytesMax = 16 * 1024;
inline constexpr std::size_t kSettingTextMax = 64 * 1024;

std::optional<SettingType> find_setting_type(std::string_view name) noexcept;
std::string_view setting_type_name(SettingType type) noexcept;
constexpr bool is_integer_type(SettingType type) noexcept {
  return type >= SettingType::int8 && type <= SettingType::uint32;
}

/// Errors: settings_bad_value, settings_too_large.
Result<RawValue> parse_setting(SettingType type, std::string_view text) noexcept;
/// Errors: settings_bad_value when the bytes make no sense for the type.
Result<std::string> format_setting(SettingType type, const RawValue& raw) noexcept;

/// The value of an integer setting of any length up to 8 significant bytes. A value of another type
/// counts when its text is a number. Errors: settings_bad_value.
Result<std::int64_t> setting_number(SettingType type, const RawValue& raw) noexcept;
/// Decimal or 0x hexadecimal, with an optional sign; the whole text. Errors: settings_bad_value.
Result<std::int64_t> parse_number(std::string_view text) noexcept;

}  // namespace kedge::script
