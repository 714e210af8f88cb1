// SPDX-License-Identifier: BSD-2-Clause-Patent
// Commands: how they are described, and what a running one sees.
//
// A command is a row in a table (commands.h) with a coroutine. Options are parsed from its
// description, and --help is written from it.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "script/environment.h"
#include "script/lexer.h"
#include "script/script_errors.h"

namespace kedge::script {

class Interpreter;
class Invocation;

enum class OptionKind : std::uint8_t { flag, text, number, milliseconds };

struct OptionSpec {
  char letter;
  std::string_view name;
  OptionKind kind;
  std::string_view help;
};

struct CommandSpec {
  std::string_view summary;
  std::string_view arguments;  ///< "<uri|image> [<arguments>...]"
  std::size_t arguments_min;
  std::size_t arguments_max;
  std::span<const OptionSpec> options;
  async::Task<Result<void>> (*run)(Invocation& invocation) noexcept;
};

/// A name of a command; several names may mean the same one.
struct CommandName {
  std::string_view name;
  const CommandSpec* spec;
};

inline constexpr std::size_t kOptionsMax = 8;
inline constexpr std::size_t kAnyNumber = kWordsMax;

/// What a person should be told about a wrong command, beside the error itself.
struct Complaint {
  Place place;       ///< the word that is wrong
  std::string text;  ///< empty: the error's own text says it all
};

/// One run of a command: its words after expansion, taken apart. Lives as long as the command runs.
class Invocation {
 public:
  Invocation(Interpreter& interpreter, Environment& environment, std::span<const Word> words,
             const CommandSpec& spec) noexcept
      : interpreter(interpreter), environment(environment), words_(words), spec_(spec) {}

  Interpreter& interpreter;
  Environment& environment;

  /// Takes options and arguments apart. Errors: script_usage, with a complaint.
  Result<void> parse() noexcept;

  std::string_view name() const noexcept { return words_[0].text; }
  const CommandSpec& spec() const noexcept { return spec_; }
  bool wants_help() const noexcept { return wants_help_; }
  /// All words, the command's name first.
  std::span<const Word> words() const noexcept { return words_; }
  /// What stands after the options.
  std::span<const Word> arguments() const noexcept { return arguments_; }
  /// The arguments from `first` on, with single spaces between.
  std::string joined(std::size_t first) const;

  /// Options, by their index in the description.
  bool has(std::size_t option) const noexcept { return values_[option].given; }
  std::string_view text(std::size_t option) const noexcept { return values_[option].text; }
  /// The value, or `fallback` when the option was not given.
  std::int64_t number(std::size_t option, std::int64_t fallback) const noexcept {
    return has(option) ? values_[option].number : fallback;
  }
  std::optional<Duration> duration(std::size_t option) const noexcept {
    if (!has(option)) return std::nullopt;
    return Duration::milliseconds(values_[option].number);
  }

  /// Explains what is wrong with `word`: `co_return invocation.complain(word, "not a number");`
  Error complain(const Word& word, std::string text,
                 const ErrorSite& site = err::script_usage) noexcept;
  /// The same for words whose own text is no use: points to the command.
  Error complain(std::string text, const ErrorSite& site = err::script_usage) noexcept {
    return complain(words_[0], std::move(text), site);
  }
  const std::optional<Complaint>& complaint() const noexcept { return complaint_; }

 private:
  struct Value {
    bool given = false;
    std::string_view text;
    std::int64_t number = 0;
  };
  Result<void> parse_long(std::size_t& next) noexcept;
  Result<void> parse_letters(std::size_t& next) noexcept;
  Result<void> take_value(std::size_t option, std::string_view text, const Word& word) noexcept;
  const Word* next_word(std::size_t& next) const noexcept;

  std::span<const Word> words_;
  std::span<const Word> arguments_;
  const CommandSpec& spec_;
  std::array<Value, kOptionsMax> values_{};
  bool wants_help_ = false;
  std::optional<Complaint> complaint_;
};

/// "chain [--replace] ... <uri|image>", one line per option.
void write_usage(TextSink& sink, std::string_view name, const CommandSpec& spec) noexcept;

/// The best of `candidates` for a misspelt `word`, or nothing when none is close.
class Suggestion {
 public:
  explicit Suggestion(std::string_view word) noexcept : word_(word) {}
  void consider(std::string_view candidate) noexcept;
  /// "; did you mean chain?", or nothing; `prefix` stands before the name.
  std::string text(std::string_view prefix = {}) const;

 private:
  std::string_view word_;
  std::string_view best_;
  std::size_t distance_ = SIZE_MAX;
};

}  // namespace kedge::script
