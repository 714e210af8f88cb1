// SPDX-License-Identifier: BSD-2-Clause-Patent
// Small type-safe formatting: "{}", "{:x}", "{:08x}", "{:>10}", "{:<10}", "{:c}", "{{", "}}".
//
// Not {fmt} or std::format: those cost 32 KiB and more of text in the firmware (docs/adr/0003).
// The number of placeholders is checked when the program is compiled.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/error.h"

namespace kedge {

/// Where formatted text goes, piece by piece.
class TextSink {
 public:
  virtual void append(std::string_view text) noexcept = 0;

 protected:
  ~TextSink() = default;
};

/// Appends to a std::string.
class StringSink final : public TextSink {
 public:
  explicit StringSink(std::string& target) noexcept : target_(target) {}
  void append(std::string_view text) noexcept override { target_.append(text); }

 private:
  std::string& target_;
};

/// Fills a fixed buffer; text that does not fit is cut off.
class BufferSink final : public TextSink {
 public:
  explicit BufferSink(std::span<char> buffer) noexcept : buffer_(buffer) {}
  void append(std::string_view text) noexcept override {
    const std::size_t count =
        text.size() < buffer_.size() - size_ ? text.size() : buffer_.size() - size_;
    std::memcpy(buffer_.data() + size_, text.data(), count);
    size_ += count;
  }
  std::string_view text() const noexcept { return {buffer_.data(), size_}; }

 private:
  std::span<char> buffer_;
  std::size_t size_ = 0;
};

/// The digits of `number` to the base 10 or 16, in `buffer`; valid as long as that.
constexpr std::size_t kDigitsMax = 20;  // 2^64 - 1 in decimal
std::string_view digits_of(std::uint64_t number, unsigned base, std::span<char, kDigitsMax> buffer,
                           std::string_view alphabet = "0123456789abcdef") noexcept;

namespace format_detail {

struct Spec {
  char align = 0;  // '<', '>' or 0 for the type's own
  bool zero = false;
  std::uint8_t width = 0;
  char type = 0;  // 'x', 'X', 'c', 'd', 's' or 0
};

/// One argument, type-erased.
struct Argument {
  enum class Type : std::uint8_t {
    signed_integer,
    unsigned_integer,
    character,
    boolean,
    text,
    custom
  };
  Type type;
  union {
    std::int64_t signed_value;
    std::uint64_t unsigned_value;
    struct {
      const char* data;
      std::size_t size;
    } text;
    struct {
      const void* object;
      void (*format)(TextSink&, const void*);
    } custom;
  };
};

void format(TextSink& sink, std::string_view pattern, std::span<const Argument> arguments) noexcept;

template <class T>
concept CustomFormatted = requires(TextSink& sink, const T& value) { format_value(sink, value); };

template <class T>
Argument make_argument(const T& value) noexcept {
  Argument argument;
  if constexpr (std::is_same_v<T, bool>) {
    argument.type = Argument::Type::boolean;
    argument.unsigned_value = value ? 1 : 0;
  } else if constexpr (std::is_same_v<T, char>) {
    argument.type = Argument::Type::character;
    argument.unsigned_value = static_cast<unsigned char>(value);
  } else if constexpr (std::signed_integral<T>) {
    argument.type = Argument::Type::signed_integer;
    argument.signed_value = value;
  } else if constexpr (std::unsigned_integral<T>) {
    argument.type = Argument::Type::unsigned_integer;
    argument.unsigned_value = value;
  } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
    const std::string_view text = value;
    argument.type = Argument::Type::text;
    argument.text = {text.data(), text.size()};
  } else {
    static_assert(CustomFormatted<T>,
                  "give the type a function format_value(TextSink&, const T&) in its namespace");
    argument.type = Argument::Type::custom;
    argument.custom = {&value, [](TextSink& sink, const void* object) {
                         format_value(sink, *static_cast<const T*>(object));
                       }};
  }
  return argument;
}

consteval std::size_t count_placeholders(std::string_view pattern) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '{') {
      if (i + 1 < pattern.size() && pattern[i + 1] == '{') {
        ++i;
        continue;
      }
      ++count;
      while (i < pattern.size() && pattern[i] != '}') ++i;
      if (i == pattern.size()) return static_cast<std::size_t>(-1);
    } else if (pattern[i] == '}') {
      ++i;  // "}}"
    }
  }
  return count;
}

inline void placeholder_count_does_not_match_the_arguments() {}

}  // namespace format_detail

/// A pattern whose placeholders were counted against the argument types at compile time.
template <class... Args>
class FormatPattern {
 public:
  template <class S>
    requires std::is_convertible_v<const S&, std::string_view>
  consteval FormatPattern(const S& pattern) : pattern_(pattern) {  // NOLINT: implicit by design
    if (format_detail::count_placeholders(pattern_) != sizeof...(Args)) {
      format_detail::placeholder_count_does_not_match_the_arguments();
    }
  }
  std::string_view text() const noexcept { return pattern_; }

 private:
  std::string_view pattern_;
};

/// Formats into a sink.
template <class... Args>
void format_to(TextSink& sink, FormatPattern<std::type_identity_t<Args>...> pattern,
               const Args&... args) noexcept {
  if constexpr (sizeof...(Args) == 0) {
    format_detail::format(sink, pattern.text(), {});
  } else {
    const format_detail::Argument arguments[] = {format_detail::make_argument(args)...};
    format_detail::format(sink, pattern.text(), arguments);
  }
}

/// Formats into a new string.
template <class... Args>
std::string format(FormatPattern<std::type_identity_t<Args>...> pattern, const Args&... args) {
  std::string result;
  StringSink sink(result);
  format_to(sink, pattern, args...);
  return result;
}

/// Writes "text (detail) <- context (K-1a032040)"; the shape a person sees.
void format_value(TextSink& sink, const Error& error) noexcept;

}  // namespace kedge
