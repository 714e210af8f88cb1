// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "script/setting_codec.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "script/settings_errors.h"

namespace kedge::script {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::string_view kBase64Digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// RFC 1035 2.3.4
constexpr std::size_t kLabelMax = 63;
constexpr std::size_t kNameMax = 255;
/// Text of a whole search list: bounds what compression can blow up.
constexpr std::size_t kNameListTextMax = 4096;

constexpr int hex_digit(char character) noexcept {
  if (character >= '0' && character <= '9') return character - '0';
  if (character >= 'a' && character <= 'f') return character - 'a' + 10;
  if (character >= 'A' && character <= 'F') return character - 'A' + 10;
  return -1;
}

/// The byte that two digits at `position` stand for, or -1.
int hex_pair(std::string_view text, std::size_t position) noexcept {
  if (position + 2 > text.size()) return -1;
  const int high = hex_digit(text[position]);
  const int low = hex_digit(text[position + 1]);
  return high < 0 || low < 0 ? -1 : high << 4 | low;
}

constexpr bool is_unreserved(char character) noexcept {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
         (character >= '0' && character <= '9') || character == '-' || character == '.' ||
         character == '_' || character == '~';
}

/// Little-endian order of the first three fields (4, 2 and 2 bytes); its own inverse.
void swap_uuid_fields(std::string& raw) noexcept {
  for (const auto [a, b] : {std::pair{0, 3}, {1, 2}, {4, 5}, {6, 7}}) {
    std::swap(raw[static_cast<std::size_t>(a)], raw[static_cast<std::size_t>(b)]);
  }
}

}  // namespace

std::string encode_hex(std::string_view raw, char separator) {
  std::string text;
  for (const char character : raw) {
    if (separator != '\0' && !text.empty()) text += separator;
    const auto byte = static_cast<unsigned char>(character);
    text += kHexDigits[byte >> 4];
    text += kHexDigits[byte & 0xf];
  }
  return text;
}

Result<std::string> decode_hex(std::string_view text) noexcept {
  std::string raw;
  const char separator = text.size() > 2 && (text[2] == ':' || text[2] == '-') ? text[2] : '\0';
  for (std::size_t i = 0; i < text.size();) {
    const int byte = hex_pair(text, i);
    if (byte < 0) return fail(err::settings_bad_value);
    raw += static_cast<char>(byte);
    i += 2;
    if (separator == '\0' || i == text.size()) continue;
    if (text[i] != separator || i + 1 == text.size()) return fail(err::settings_bad_value);
    ++i;
  }
  return raw;
}

std::string encode_base64(std::string_view raw) {
  std::string text;
  for (std::size_t i = 0; i < raw.size(); i += 3) {
    const std::size_t count = raw.size() - i < 3 ? raw.size() - i : 3;
    std::uint32_t bits = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      bits = bits << 8 | (j < count ? static_cast<unsigned char>(raw[i + j]) : 0U);
    }
    for (std::size_t j = 0; j < 4; ++j) {
      text += j <= count ? kBase64Digits[bits >> (18 - 6 * j) & 0x3f] : '=';
    }
  }
  return text;
}

Result<std::string> decode_base64(std::string_view text) noexcept {
  for (int padding = 0; padding < 2 && text.ends_with('='); ++padding) text.remove_suffix(1);
  std::string raw;
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char character : text) {
    const std::size_t digit = kBase64Digits.find(character);
    if (digit == std::string_view::npos) return fail(err::settings_bad_value);
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    raw += static_cast<char>(bits >> count & 0xff);
  }
  // A single digit is no byte, and left-over bits must be zero (RFC 4648 3.5).
  if (count == 6 || (bits & ((1U << count) - 1)) != 0) return fail(err::settings_bad_value);
  return raw;
}

std::string encode_percent(std::string_view raw) {
  std::string text;
  for (const char character : raw) {
    if (is_unreserved(character)) {
      text += character;
      continue;
    }
    const auto byte = static_cast<unsigned char>(character);
    text += '%';
    text += kHexDigits[byte >> 4];
    text += kHexDigits[byte & 0xf];
  }
  return text;
}

Result<std::string> decode_percent(std::string_view text) noexcept {
  std::string raw;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      raw += text[i];
      continue;
    }
    const int byte = hex_pair(text, i + 1);
    if (byte < 0) return fail(err::settings_bad_value);
    raw += static_cast<char>(byte);
    i += 2;
  }
  return raw;
}

Result<std::string> encode_uuid(std::string_view raw, bool swapped) noexcept {
  if (raw.size() != 16) return fail(err::settings_bad_value);
  std::string bytes(raw);
  if (swapped) swap_uuid_fields(bytes);
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += encode_hex(std::string_view(bytes).substr(i, 1), '\0');
  }
  return text;
}

Result<std::string> decode_uuid(std::string_view text, bool swapped) noexcept {
  if (text.size() != 36) return fail(err::settings_bad_value);
  std::string raw;
  for (std::size_t i = 0; i < text.size();) {
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (text[i++] != '-') return fail(err::settings_bad_value);
      continue;
    }
    const int byte = hex_pair(text, i);
    if (byte < 0) return fail(err::settings_bad_value);
    raw += static_cast<char>(byte);
    i += 2;
  }
  if (swapped) swap_uuid_fields(raw);
  return raw;
}

Result<std::string> encode_name_list(std::string_view names) noexcept {
  std::string raw;
  while (!names.empty()) {
    const std::size_t end = std::min(names.find(' '), names.size());
    std::string_view name = names.substr(0, end);
    names.remove_prefix(std::min(end + 1, names.size()));
    if (name.ends_with('.')) name.remove_suffix(1);
    if (name.empty()) continue;
    if (name.size() + 2 > kNameMax) return fail(err::settings_bad_value);
    while (!name.empty()) {
      const std::size_t dot = std::min(name.find('.'), name.size());
      if (dot == 0 || dot > kLabelMax) return fail(err::settings_bad_value);
      raw += static_cast<char>(dot);
      raw += name.substr(0, dot);
      name.remove_prefix(dot == name.size() ? dot : dot + 1);
    }
    raw += '\0';
  }
  return raw;
}

Result<std::string> decode_name_list(std::string_view raw) noexcept {
  std::string text;
  for (std::size_t next = 0; next < raw.size();) {
    if (!text.empty()) text += ' ';
    // `position` walks one name; the first pointer fixes where the next name of the list begins.
    std::size_t position = next;
    std::size_t lowest = next;
    bool jumped = false;
    for (bool first = true;;) {
      if (position >= raw.size()) return fail(err::settings_bad_value);
      const auto length = static_cast<unsigned char>(raw[position]);
      if ((length & 0xc0) == 0xc0) {
        if (position + 1 >= raw.size()) return fail(err::settings_bad_value);
        const std::size_t target = static_cast<std::size_t>(length & 0x3f) << 8 |
                                   static_cast<unsigned char>(raw[position + 1]);
        // Pointers go strictly back, so that following them ends.
        if (target >= lowest) return fail(err::settings_bad_value);
        if (!jumped) next = position + 2;
        jumped = true;
        position = lowest = target;
        continue;
      }
      if (length > kLabelMax || position + 1 + length > raw.size()) {
        return fail(err::settings_bad_value);
      }
      ++position;
      if (length == 0) break;
      if (!first) text += '.';
      first = false;
      text += raw.substr(position, length);
      position += length;
      if (text.size() > kNameListTextMax) return fail(err::settings_too_large);
    }
    if (!jumped) next = position;
  }
  return text;
}

}  // namespace kedge::script
