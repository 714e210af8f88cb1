// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "script/key_code.h"

#include "script/setting_type.h"
#include "script/settings_errors.h"

namespace kedge::script {
namespace {

using port::Key;

struct Sequence {
  std::uint8_t number;
  char final;
  char32_t key;
};

// ECMA-48 cursor keys, and the numbers that the VT220 gave its function keys.
constexpr Sequence kSequences[] = {
    {0, 'A', Key::kUp},
    {0, 'B', Key::kDown},
    {0, 'C', Key::kRight},
    {0, 'D', Key::kLeft},
    {0, 'H', Key::kHome},
    {0, 'F', Key::kEnd},
    {1, '~', Key::kHome},
    {3, '~', Key::kDelete},
    {4, '~', Key::kEnd},
    {5, '~', Key::kPageUp},
    {6, '~', Key::kPageDown},
    {11, '~', Key::kFunction1},
    {12, '~', Key::kFunction1 + 1},
    {13, '~', Key::kFunction1 + 2},
    {14, '~', Key::kFunction1 + 3},
    {15, '~', Key::kFunction1 + 4},
    {17, '~', Key::kFunction1 + 5},
    {18, '~', Key::kFunction1 + 6},
    {19, '~', Key::kFunction1 + 7},
    {20, '~', Key::kFunction1 + 8},
    {21, '~', Key::kFunction1 + 9},
    {23, '~', Key::kFunction1 + 10},
    {24, '~', Key::kFunction1 + 11},
};

}  // namespace

Result<port::Key> parse_key(std::string_view text) noexcept {
  if (text.size() == 1) return Key{static_cast<unsigned char>(text[0])};
  KEDGE_TRY(const std::int64_t number, parse_number(text));
  if (number > 0 && number <= 0xff) return Key{static_cast<char32_t>(number)};
  for (const Sequence& sequence : kSequences) {
    if (number == ((sequence.number + 1) << 8 | sequence.final)) return Key{sequence.key};
  }
  return fail(err::settings_bad_value);
}

}  // namespace kedge::script
