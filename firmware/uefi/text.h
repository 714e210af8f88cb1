// SPDX-License-Identifier: BSD-2-Clause-Patent
// UTF-8 inside, UTF-16 at the firmware's boundary.
#pragma once

#include <string>
#include <string_view>

#include "uefi/raw.h"

namespace kedge::uefi {

/// Stands for what cannot be represented.
inline constexpr char32_t kReplacement = 0xfffd;

/// Takes the next character off the front of `text`, which must not be empty. Malformed input
/// yields kReplacement and always advances.
char32_t decode_utf8(std::string_view& text) noexcept;
char32_t decode_utf16(std::u16string_view& text) noexcept;

std::u16string to_utf16(std::string_view text) noexcept;
std::string to_utf8(std::u16string_view text) noexcept;
/// Of a string of the firmware, up to `limit` units; empty for nullptr.
std::string to_utf8(const CHAR16* text, std::size_t limit) noexcept;

/// The firmware's own view of a string; it must end in zero, which std::u16string guarantees.
inline CHAR16* raw(const std::u16string& text) noexcept {
  static_assert(sizeof(CHAR16) == sizeof(char16_t));
  return const_cast<CHAR16*>(reinterpret_cast<const CHAR16*>(text.c_str()));
}

}  // namespace kedge::uefi
