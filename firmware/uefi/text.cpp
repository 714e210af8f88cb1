// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/text.h"

#include <cstdint>

namespace kedge::uefi {
namespace {

void append_utf8(std::string& text, char32_t c) noexcept {
  const auto put = [&](std::uint32_t byte) { text.push_back(static_cast<char>(byte)); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xc0 | c >> 6);
    put(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    put(0xe0 | c >> 12);
    put(0x80 | (c >> 6 & 0x3f));
    put(0x80 | (c & 0x3f));
  } else {
    put(0xf0 | c >> 18);
    put(0x80 | (c >> 12 & 0x3f));
    put(0x80 | (c >> 6 & 0x3f));
    put(0x80 | (c & 0x3f));
  }
}

}  // namespace

char32_t decode_utf8(std::string_view& text) noexcept {
  const auto first = static_cast<unsigned char>(text.front());
  text.remove_prefix(1);
  if (first < 0x80) return first;
  // RFC 3629 3: the lead byte gives the length; overlong forms and surrogates are malformed.
  const unsigned more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
  if (first < 0xc2 || first > 0xf4 || text.size() < more) return kReplacement;
  char32_t value = first & (0x3fU >> more);
  for (unsigned i = 0; i < more; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xc0) != 0x80) return kReplacement;
    value = value << 6 | (next & 0x3f);
  }
  constexpr char32_t kSmallest[] = {0, 0x80, 0x800, 0x10000};
  if (value < kSmallest[more] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000)) {
    return kReplacement;
  }
  text.remove_prefix(more);
  return value;
}

char32_t decode_utf16(std::u16string_view& text) noexcept {
  const char16_t first = text.front();
  text.remove_prefix(1);
  if (first < 0xd800 || first >= 0xe000) return first;
  if (first >= 0xdc00 || text.empty()) return kReplacement;
  const char16_t second = text.front();
  if (second < 0xdc00 || second >= 0xe000) return kReplacement;
  text.remove_prefix(1);
  return 0x10000 + (static_cast<char32_t>(first - 0xd800) << 10) + (second - 0xdc00);
}

std::u16string to_utf16(std::string_view text) noexcept {
  std::u16string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const char32_t c = decode_utf8(text);
    if (c < 0x10000) {
      result.push_back(static_cast<char16_t>(c));
    } else {
      result.push_back(static_cast<char16_t>(0xd800 + ((c - 0x10000) >> 10)));
      result.push_back(static_cast<char16_t>(0xdc00 + ((c - 0x10000) & 0x3ff)));
    }
  }
  return result;
}

std::string to_utf8(std::u16string_view text) noexcept {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) append_utf8(result, decode_utf16(text));
  return result;
}

std::string to_utf8(const CHAR16* text, std::size_t limit) noexcept {
  if (text == nullptr) return {};
  std::size_t length = 0;
  while (length < limit && text[length] != 0) ++length;
  return to_utf8(std::u16string_view(reinterpret_cast<const char16_t*>(text), length));
}

}  // namespace kedge::uefi
