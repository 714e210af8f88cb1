// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/rt/c_format.h"

#include <cstdint>

#include "uefi/rt/string.h"

namespace kedge::uefi::rt {
namespace {

struct Output {
  char* target;
  std::size_t size;
  std::size_t length = 0;

  void put(char character) noexcept {
    if (length + 1 < size) target[length] = character;
    ++length;
  }
  void put(const char* text, std::size_t count) noexcept {
    for (std::size_t i = 0; i < count; ++i) put(text[i]);
  }
  void repeat(char character, long count) noexcept {
    for (; count > 0; --count) put(character);
  }
};

// Widths come from the pattern, which is a constant of the library that calls; the limit keeps a
// mistake finite.
constexpr int kWidthMax = 1024;

struct Directive {
  bool left = false;
  bool zero = false;
  bool alternate = false;
  char sign = 0;
  int width = 0;
  int precision = -1;
  int length = 0;  // -2 hh, -1 h, 0 int, 1 l, 2 ll, z, t, j
};

// What va_arg needs, by reference to one list.
struct Arguments {
  std::va_list list;

  int integer() noexcept { return va_arg(list, int); }
  std::int64_t signed_value(int length) noexcept {
    if (length == 2) return va_arg(list, long long);
    if (length == 1) return va_arg(list, long);
    const int value = va_arg(list, int);
    if (length == -1) return static_cast<short>(value);
    if (length == -2) return static_cast<signed char>(value);
    return value;
  }
  std::uint64_t unsigned_value(int length) noexcept {
    if (length == 2) return va_arg(list, unsigned long long);
    if (length == 1) return va_arg(list, unsigned long);
    const unsigned value = va_arg(list, unsigned);
    if (length == -1) return static_cast<unsigned short>(value);
    if (length == -2) return static_cast<unsigned char>(value);
    return value;
  }
  void* pointer() noexcept { return va_arg(list, void*); }
};

int parse_number(const char*& at) noexcept {
  int value = 0;
  for (; *at >= '0' && *at <= '9'; ++at) {
    if (value < kWidthMax) value = value * 10 + (*at - '0');
  }
  return value < kWidthMax ? value : kWidthMax;
}

// Everything between '%' and the conversion letter.
Directive parse_directive(const char*& at, Arguments& arguments) noexcept {
  Directive directive;
  for (;; ++at) {
    if (*at == '-')
      directive.left = true;
    else if (*at == '0')
      directive.zero = true;
    else if (*at == '#')
      directive.alternate = true;
    else if (*at == '+')
      directive.sign = '+';
    else if (*at == ' ')
      directive.sign = directive.sign == '+' ? '+' : ' ';
    else
      break;
  }
  if (*at == '*') {
    ++at;
    directive.width = arguments.integer();
    if (directive.width < 0) {
      directive.left = true;
      directive.width = directive.width < -kWidthMax ? kWidthMax : -directive.width;
    }
    if (directive.width > kWidthMax) directive.width = kWidthMax;
  } else {
    directive.width = parse_number(at);
  }
  if (*at == '.') {
    ++at;
    if (*at == '*') {
      ++at;
      directive.precision = arguments.integer();
    } else {
      directive.precision = parse_number(at);
    }
    if (directive.precision > kWidthMax) directive.precision = kWidthMax;
  }
  if (at[0] == 'h') {
    directive.length = at[1] == 'h' ? -2 : -1;
    at += at[1] == 'h' ? 2 : 1;
  } else if (at[0] == 'l') {
    directive.length = at[1] == 'l' ? 2 : 1;
    at += at[1] == 'l' ? 2 : 1;
  } else if (*at == 'z' || *at == 't' || *at == 'j') {
    directive.length = 2;
    ++at;
  }
  return directive;
}

void put_number(Output& output, const Directive& directive, std::uint64_t value, unsigned base,
                bool capitals, char sign) noexcept {
  char digits[24];
  int count = 0;
  const char* const names = capitals ? "0123456789ABCDEF" : "0123456789abcdef";
  const bool is_zero = value == 0;
  for (; value != 0; value /= base) digits[count++] = names[value % base];
  // C 7.21.6.1: a zero with precision zero has no digits at all.
  if (count == 0 && directive.precision != 0) digits[count++] = '0';

  int zeros = directive.precision > count ? directive.precision - count : 0;
  const bool hex_prefix = directive.alternate && base == 16 && !is_zero;
  if (directive.alternate && base == 8 && zeros == 0 && (count == 0 || digits[count - 1] != '0'))
    zeros = 1;
  const int prefix = (sign != 0 ? 1 : 0) + (hex_prefix ? 2 : 0);
  int padding = directive.width - prefix - zeros - count;
  if (padding > 0 && directive.zero && !directive.left && directive.precision < 0) {
    zeros += padding;
    padding = 0;
  }
  if (!directive.left) output.repeat(' ', padding);
  if (sign != 0) output.put(sign);
  if (hex_prefix) output.put(capitals ? "0X" : "0x", 2);
  output.repeat('0', zeros);
  while (count > 0) output.put(digits[--count]);
  if (directive.left) output.repeat(' ', padding);
}

void put_text(Output& output, const Directive& directive, const char* text) noexcept {
  if (text == nullptr) text = "(null)";
  const std::size_t length =
      directive.precision < 0 ? string_length(text)
                              : string_length(text, static_cast<std::size_t>(directive.precision));
  const long padding = directive.width - static_cast<long>(length);
  if (!directive.left) output.repeat(' ', padding);
  output.put(text, length);
  if (directive.left) output.repeat(' ', padding);
}

// False for a conversion that is not known.
bool put_conversion(Output& output, const Directive& directive, char conversion,
                    Arguments& arguments) noexcept {
  switch (conversion) {
    case 'd':
    case 'i': {
      const std::int64_t value = arguments.signed_value(directive.length);
      const auto magnitude =
          value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
      put_number(output, directive, magnitude, 10, false, value < 0 ? '-' : directive.sign);
      return true;
    }
    case 'u':
      put_number(output, directive, arguments.unsigned_value(directive.length), 10, false, 0);
      return true;
    case 'o':
      put_number(output, directive, arguments.unsigned_value(directive.length), 8, false, 0);
      return true;
    case 'x':
      put_number(output, directive, arguments.unsigned_value(directive.length), 16, false, 0);
      return true;
    case 'X':
      put_number(output, directive, arguments.unsigned_value(directive.length), 16, true, 0);
      return true;
    case 'p': {
      Directive hex = directive;
      hex.alternate = true;
      put_number(output, hex, reinterpret_cast<std::uintptr_t>(arguments.pointer()), 16, false, 0);
      return true;
    }
    case 'c': {
      const char text[2] = {static_cast<char>(arguments.integer()), 0};
      Directive one = directive;
      one.precision = -1;
      if (text[0] != 0) {
        put_text(output, one, text);
      } else {
        output.put(0);
      }
      return true;
    }
    case 's':
      put_text(output, directive, static_cast<const char*>(arguments.pointer()));
      return true;
    case '%':
      output.put('%');
      return true;
    default:
      return false;
  }
}

}  // namespace

int c_format(char* target, std::size_t size, const char* pattern, std::va_list list) noexcept {
  Output output{target, size};
  Arguments arguments;
  va_copy(arguments.list, list);
  bool known = true;
  for (const char* at = pattern; known && *at != 0;) {
    const char character = *at++;
    if (character != '%') {
      output.put(character);
      continue;
    }
    const Directive directive = parse_directive(at, arguments);
    known = put_conversion(output, directive, *at, arguments);
    if (known) ++at;
  }
  va_end(arguments.list);
  if (size > 0) target[output.length < size ? output.length : size - 1] = 0;
  return known ? static_cast<int>(output.length) : -1;
}

}  // namespace kedge::uefi::rt
