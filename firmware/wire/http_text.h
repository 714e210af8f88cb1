// SPDX-License-Identifier: BSD-2-Clause-Patent
// Tokens, numbers and spaces of HTTP fields (RFC 9110 5.6), shared by the parsers of this folder.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace kedge::wire::http_text {

constexpr std::string_view kTokenSymbols = "!#$%&'*+-.^_`|~";

constexpr bool is_token_character(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         kTokenSymbols.find(c) != std::string_view::npos;
}
constexpr bool is_token(std::string_view text) noexcept {
  for (const char c : text) {
    if (!is_token_character(c)) return false;
  }
  return !text.empty();
}
/// Visible characters, spaces, tabs and bytes from 0x80 (RFC 9110 5.5).
constexpr bool is_field_value(std::string_view text) noexcept {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < ' ' && c != '\t') || byte == 0x7f) return false;
  }
  return true;
}
constexpr std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}
constexpr bool equals_ignoring_case(std::string_view text, std::string_view lower) noexcept {
  if (text.size() != lower.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c =
        text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] - 'A' + 'a') : text[i];
    if (c != lower[i]) return false;
  }
  return true;
}
/// For literals, whose length need not be counted in the image.
template <std::size_t n>
constexpr bool equals_ignoring_case(std::string_view text, const char (&lower)[n]) noexcept {
  return equals_ignoring_case(text, std::string_view(lower, n - 1));
}
/// Digits only, up to 2^63 - 1: no length or offset is larger.
inline std::optional<std::uint64_t> parse_decimal(std::string_view text) noexcept {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > INT64_MAX) {
    return std::nullopt;
  }
  return value;
}

}  // namespace kedge::wire::http_text
