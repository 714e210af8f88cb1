// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "script/command.h"

#include <algorithm>

#include "script/setting_type.h"

namespace kedge::script {
namespace {

constexpr std::size_t kSuggestionBytesMax = 32;

/// Insertions, deletions and changes that make one word of the other; words longer than any name of
/// ours are infinitely far away.
std::size_t edit_distance(std::string_view a, std::string_view b) noexcept {
  if (a.size() > kSuggestionBytesMax || b.size() > kSuggestionBytesMax) return SIZE_MAX;
  std::array<std::size_t, kSuggestionBytesMax + 1> row{};
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({changed, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

std::string_view value_name(OptionKind kind) noexcept {
  switch (kind) {
    case OptionKind::text:
      return " <text>";
    case OptionKind::number:
      return " <number>";
    case OptionKind::milliseconds:
      return " <ms>";
    default:
      return "";
  }
}

bool is_digit(char character) noexcept {
  return character >= '0' && character <= '9';
}

}  // namespace

void Suggestion::consider(std::string_view candidate) noexcept {
  const std::size_t distance = edit_distance(word_, candidate);
  // More than a third wrong is another word.
  if (distance >= distance_ || distance > 2 || distance * 3 > candidate.size() + 1) return;
  distance_ = distance;
  best_ = candidate;
}

std::string Suggestion::text(std::string_view prefix) const {
  return best_.empty() ? std::string() : format("; did you mean {}{}?", prefix, best_);
}

Error Invocation::complain(const Word& word, std::string text, const ErrorSite& site) noexcept {
  complaint_ = Complaint{word.place, std::move(text)};
  return fail(site);
}

std::string Invocation::joined(std::size_t first) const {
  std::string text;
  for (std::size_t i = first; i < arguments_.size(); ++i) {
    if (i > first) text += ' ';
    text += arguments_[i].text;
  }
  return text;
}

const Word* Invocation::next_word(std::size_t& next) const noexcept {
  return next < words_.size() ? &words_[next++] : nullptr;
}

Result<void> Invocation::take_value(std::size_t option, std::string_view text,
                                    const Word& word) noexcept {
  Value& value = values_[option];
  value.given = true;
  value.text = text;
  const OptionKind kind = spec_.options[option].kind;
  if (kind == OptionKind::flag || kind == OptionKind::text) return {};
  const Result<std::int64_t> number = parse_number(text);
  if (!number || (kind == OptionKind::milliseconds && *number < 0)) {
    return complain(word,
                    format("\"{}\" is no {} for --{}", text,
                           kind == OptionKind::milliseconds ? "number of milliseconds" : "number",
                           spec_.options[option].name));
  }
  value.number = *number;
  return {};
}

Result<void> Invocation::parse_long(std::size_t& next) noexcept {
  const Word& word = words_[next++];
  const std::string_view whole = std::string_view(word.text).substr(2);
  const std::size_t equals = whole.find('=');
  const std::string_view name = whole.substr(0, equals);
  if (name == "help") {
    wants_help_ = true;
    return {};
  }
  Suggestion suggestion(name);
  for (std::size_t i = 0; i < spec_.options.size(); ++i) {
    const OptionSpec& option = spec_.options[i];
    if (option.name != name) {
      suggestion.consider(option.name);
      continue;
    }
    const bool attached = equals != std::string_view::npos;
    if (option.kind == OptionKind::flag) {
      if (attached) return complain(word, format("--{} takes no value", name));
      return take_value(i, {}, word);
    }
    if (attached) return take_value(i, whole.substr(equals + 1), word);
    const Word* value = next_word(next);
    if (value == nullptr) return complain(word, format("--{} needs a value", name));
    return take_value(i, value->text, *value);
  }
  return complain(word, format("unknown option --{}{}", name, suggestion.text("--")));
}

Result<void> Invocation::parse_letters(std::size_t& next) noexcept {
  const Word& word = words_[next++];
  for (std::size_t i = 1; i < word.text.size(); ++i) {
    const char letter = word.text[i];
    const auto option = std::find_if(spec_.options.begin(), spec_.options.end(),
                                     [&](const OptionSpec& spec) { return spec.letter == letter; });
    if (option == spec_.options.end()) {
      if (letter != 'h' && letter != '?')
        return complain(word, format("unknown option -{}", letter));
      wants_help_ = true;
      return {};
    }
    const auto index = static_cast<std::size_t>(option - spec_.options.begin());
    if (option->kind == OptionKind::flag) {
      KEDGE_CHECK(take_value(index, {}, word));
      continue;
    }
    // The rest of the word is the value, or else the next word.
    if (i + 1 < word.text.size()) {
      return take_value(index, std::string_view(word.text).substr(i + 1), word);
    }
    const Word* value = next_word(next);
    if (value == nullptr) return complain(word, format("-{} needs a value", letter));
    return take_value(index, value->text, *value);
  }
  return {};
}

Result<void> Invocation::parse() noexcept {
  KEDGE_ASSERT(spec_.options.size() <= kOptionsMax);
  std::size_t next = 1;
  // Options end at the first word that is none: what follows belongs to the image that is started.
  while (next < words_.size() && words_[next].text.size() > 1 && words_[next].text[0] == '-') {
    const std::string_view text = words_[next].text;
    if (text == "--") {
      ++next;
      break;
    }
    if (is_digit(text[1])) break;  // a negative number
    KEDGE_CHECK(text[1] == '-' ? parse_long(next) : parse_letters(next));
    if (wants_help_) return {};
  }
  arguments_ = words_.subspan(next);
  if (arguments_.size() < spec_.arguments_min) {
    return complain(words_.back(), format("too few arguments, expected {}", spec_.arguments));
  }
  if (arguments_.size() > spec_.arguments_max) {
    return complain(arguments_[spec_.arguments_max],
                    spec_.arguments.empty()
                        ? std::string("too many arguments, expected none")
                        : format("too many arguments, expected {}", spec_.arguments));
  }
  return {};
}

void write_usage(TextSink& sink, std::string_view name, const CommandSpec& spec) noexcept {
  format_to(sink, "{}: {}\n  {}", name, spec.summary, name);
  for (const OptionSpec& option : spec.options) {
    format_to(sink, " [--{}{}]", option.name, value_name(option.kind));
  }
  format_to(sink, "{}{}\n", spec.arguments.empty() ? "" : " ", spec.arguments);
  for (const OptionSpec& option : spec.options) {
    format_to(sink, "  -{}, --{}{}  {}\n", option.letter, option.name, value_name(option.kind),
              option.help);
  }
}

}  // namespace kedge::script
