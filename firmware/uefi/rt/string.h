// SPDX-License-Identifier: BSD-2-Clause-Patent
// The part of <string.h> and <stdlib.h> that lwIP, Mbed TLS and libc++'s headers call.
// Templates over nothing and inline, so that the host can test them under their own names.
#pragma once

#include <cstddef>

namespace kedge::uefi::rt {

inline std::size_t string_length(const char* text) noexcept {
  std::size_t length = 0;
  while (text[length] != 0) ++length;
  return length;
}

inline std::size_t string_length(const char* text, std::size_t count_max) noexcept {
  std::size_t length = 0;
  while (length < count_max && text[length] != 0) ++length;
  return length;
}

inline int string_compare(const char* first, const char* second, std::size_t count_max) noexcept {
  for (std::size_t i = 0; i < count_max; ++i) {
    const auto a = static_cast<unsigned char>(first[i]);
    const auto b = static_cast<unsigned char>(second[i]);
    if (a != b) return a < b ? -1 : 1;
    if (a == 0) return 0;
  }
  return 0;
}

/// The first `byte` among `count` bytes, or nullptr.
inline const void* find_byte(const void* area, int byte, std::size_t count) noexcept {
  const auto* bytes = static_cast<const unsigned char*>(area);
  for (std::size_t i = 0; i < count; ++i) {
    if (bytes[i] == static_cast<unsigned char>(byte)) return bytes + i;
  }
  return nullptr;
}

/// strchr: the terminating zero can be found, too.
inline const char* find_first(const char* text, int character) noexcept {
  for (;; ++text) {
    if (*text == static_cast<char>(character)) return text;
    if (*text == 0) return nullptr;
  }
}

/// strrchr: the terminating zero can be found, too.
inline const char* find_last(const char* text, int character) noexcept {
  const char* found = nullptr;
  for (;; ++text) {
    if (*text == static_cast<char>(character)) found = text;
    if (*text == 0) return found;
  }
}

inline const char* find_text(const char* text, const char* wanted) noexcept {
  const std::size_t length = string_length(wanted);
  for (;; ++text) {
    if (string_compare(text, wanted, length) == 0) return text;
    if (*text == 0) return nullptr;
  }
}

/// strncpy: pads with zeros, and does not terminate what does not fit.
inline void copy_padded(char* target, const char* source, std::size_t count) noexcept {
  std::size_t i = 0;
  for (; i < count && source[i] != 0; ++i) target[i] = source[i];
  for (; i < count; ++i) target[i] = 0;
}

/// atoi; numbers that do not fit saturate.
inline int to_integer(const char* text) noexcept {
  constexpr long long kMax = 0x7FFFFFFF;
  while (*text == ' ' || (*text >= '\t' && *text <= '\r')) ++text;
  const bool negative = *text == '-';
  if (*text == '-' || *text == '+') ++text;
  long long value = 0;
  for (; *text >= '0' && *text <= '9'; ++text) {
    value = value * 10 + (*text - '0');
    if (value > kMax) value = negative ? kMax + 1 : kMax;
  }
  return static_cast<int>(negative ? -value : value);
}

}  // namespace kedge::uefi::rt
