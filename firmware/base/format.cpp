// SPDX-License-Identifier: BSD-2-Clause-Patent
// The one non-template part of formatting, so that each call site stays small.
#include "base/format.h"

namespace kedge {

std::string_view digits_of(std::uint64_t number, unsigned base, std::span<char, kDigitsMax> buffer,
                           std::string_view alphabet) noexcept {
  std::size_t start = kDigitsMax;
  do {
    buffer[--start] = alphabet[number % base];
    number /= base;
  } while (number != 0);
  return {buffer.data() + start, kDigitsMax - start};
}

namespace format_detail {
namespace {

Spec parse_spec(std::string_view text) noexcept {
  Spec spec;
  std::size_t i = 0;
  if (i < text.size() && text[i] == ':') ++i;
  if (i < text.size() && (text[i] == '<' || text[i] == '>')) spec.align = text[i++];
  if (i < text.size() && text[i] == '0') {
    spec.zero = true;
    ++i;
  }
  for (; i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i) {
    spec.width = static_cast<std::uint8_t>(spec.width * 10 + (text[i] - '0'));
  }
  if (i < text.size()) spec.type = text[i];
  return spec;
}

void repeat(TextSink& sink, char character, std::size_t count) noexcept {
  for (; count > 0; --count) sink.append({&character, 1});
}

void put_padded(TextSink& sink, const Spec& spec, std::string_view text, char own_align) noexcept {
  const std::size_t padding = spec.width > text.size() ? spec.width - text.size() : 0;
  const bool right = (spec.align != 0 ? spec.align : own_align) == '>';
  if (right) repeat(sink, ' ', padding);
  sink.append(text);
  if (!right) repeat(sink, ' ', padding);
}

void put_integer(TextSink& sink, const Spec& spec, std::uint64_t magnitude,
                 bool negative) noexcept {
  char buffer[1 + kDigitsMax];
  const unsigned radix = spec.type == 'x' || spec.type == 'X' ? 16 : 10;
  const std::string_view digits =
      digits_of(magnitude, radix, std::span(buffer).last<kDigitsMax>(),
                spec.type == 'X' ? "0123456789ABCDEF" : "0123456789abcdef");
  if (spec.zero) {
    if (negative) sink.append("-");
    const std::size_t used = digits.size() + (negative ? 1 : 0);
    repeat(sink, '0', spec.width > used ? spec.width - used : 0);
    sink.append(digits);
    return;
  }
  char* const start = buffer + sizeof(buffer) - digits.size() - (negative ? 1 : 0);
  if (negative) *start = '-';
  put_padded(sink, spec, {start, buffer + sizeof(buffer)}, '>');
}

void put_argument(TextSink& sink, const Spec& spec, const Argument& argument) noexcept {
  switch (argument.type) {
    case Argument::Type::signed_integer: {
      const bool negative = argument.signed_value < 0;
      const auto bits = static_cast<std::uint64_t>(argument.signed_value);
      return put_integer(sink, spec, negative ? 0 - bits : bits, negative);
    }
    case Argument::Type::unsigned_integer:
      return put_integer(sink, spec, argument.unsigned_value, false);
    case Argument::Type::character: {
      const char character = static_cast<char>(argument.unsigned_value);
      return put_padded(sink, spec, {&character, 1}, '<');
    }
    case Argument::Type::boolean:
      return put_padded(sink, spec, argument.unsigned_value != 0 ? "true" : "false", '<');
    case Argument::Type::text:
      return put_padded(sink, spec, {argument.text.data, argument.text.size}, '<');
    case Argument::Type::custom:
      return argument.custom.format(sink, argument.custom.object);
  }
}

}  // namespace

void format(TextSink& sink, std::string_view pattern,
            std::span<const Argument> arguments) noexcept {
  std::size_t next = 0;
  while (!pattern.empty()) {
    const std::size_t brace = pattern.find_first_of("{}");
    if (brace == std::string_view::npos) return sink.append(pattern);
    if (brace > 0) sink.append(pattern.substr(0, brace));
    pattern.remove_prefix(brace);
    if (pattern.size() > 1 && pattern[1] == pattern[0]) {  // "{{" or "}}"
      sink.append(pattern.substr(0, 1));
      pattern.remove_prefix(2);
      continue;
    }
    const std::size_t end = pattern.find('}');
    if (end == std::string_view::npos) return;
    if (pattern[0] == '{' && next < arguments.size()) {
      put_argument(sink, parse_spec(pattern.substr(1, end - 1)), arguments[next++]);
    }
    pattern.remove_prefix(end + 1);
  }
}

}  // namespace format_detail

void format_value(TextSink& sink, const Error& error) noexcept {
  sink.append(error.site().text);
  if (error.detail() != 0) format_to(sink, " ({})", error.detail());
  if (const char* context = error.context()) format_to(sink, " <- {}", std::string_view(context));
  format_to(sink, " (K-{:08x})", error.code());
}

}  // namespace kedge
