// SPDX-License-Identifier: BSD-2-Clause-Patent
// Commands for settings: set, clear, show, inc, read.
#include "script/interpreter.h"
#include "script/settings_errors.h"

namespace kedge::script {
namespace {

using Outcome = async::Task<Result<void>>;

/// Says which setting and which type a value did not fit.
Error explain(Invocation& invocation, const Word& name, const Error& error) noexcept {
  const Result<SettingName> parsed = parse_setting_name(name.text);
  if (error == err::settings_unknown_type) {
    return invocation.complain(name, format("{} has an unknown type", name.text),
                               err::settings_unknown_type);
  }
  if (error == err::settings_bad_value && parsed) {
    const NamedSetting* named = find_named_setting(parsed->key);
    const SettingType type =
        parsed->type.value_or(named != nullptr ? named->type : SettingType::string);
    return invocation.complain(name, format("the value is no {}", setting_type_name(type)),
                               err::settings_bad_value);
  }
  return error;
}

Outcome run_set(Invocation& invocation) noexcept {
  const Word& name = invocation.arguments()[0];
  const std::string value = invocation.joined(1);
  const Result<void> outcome = invocation.environment.settings.set(name.text, value);
  if (!outcome) co_return explain(invocation, name, outcome.error());
  co_return {};
}
constexpr CommandSpec kSet{
    "give a setting a value", "<setting>[:<type>] [<value>...]", 1, kAnyNumber, {}, run_set};

Outcome run_clear(Invocation& invocation) noexcept {
  const Word& name = invocation.arguments()[0];
  const Result<void> outcome = invocation.environment.settings.clear(name.text);
  if (!outcome) co_return explain(invocation, name, outcome.error());
  co_return {};
}
constexpr CommandSpec kClear{"take a setting's value away", "<setting>", 1, 1, {}, run_clear};

constexpr OptionSpec kShowOptions[] = {{'q', "quiet", OptionKind::flag, "print the value only"}};

Outcome run_show(Invocation& invocation) noexcept {
  const Word& name = invocation.arguments()[0];
  SettingsTree& settings = invocation.environment.settings;
  const Result<FoundSetting> found = settings.fetch(name.text);
  if (!found) co_return explain(invocation, name, found.error());
  const Result<std::string> text = format_setting(found->type, found->raw);
  if (!text) co_return explain(invocation, name, text.error());
  port::Console& console = invocation.environment.console;
  if (invocation.has(0)) {
    format_to(console, "{}\n", *text);
  } else {
    format_to(console, "{} = {}\n", found->full_name(), *text);
  }
  co_return {};
}
constexpr CommandSpec kShow{"print a setting, where it is from, and its type",
                            "<setting>[:<type>]",
                            1,
                            1,
                            kShowOptions,
                            run_show};

Outcome run_inc(Invocation& invocation) noexcept {
  const Word& name = invocation.arguments()[0];
  std::int64_t step = 1;
  if (invocation.arguments().size() > 1) {
    const Word& word = invocation.arguments()[1];
    const Result<std::int64_t> number = parse_number(word.text);
    if (!number) co_return invocation.complain(word, format("\"{}\" is no number", word.text));
    step = *number;
  }
  SettingsTree& settings = invocation.environment.settings;
  // What does not exist, or is no number, counts as zero.
  std::int64_t value = 0;
  SettingType type = SettingType::int32;
  if (const Result<FoundSetting> found = settings.fetch(name.text); found.ok()) {
    const Result<std::int64_t> number = setting_number(found->type, found->raw);
    if (number) {
      value = *number;
      type = found->type;
    }
  }
  if (__builtin_add_overflow(value, step, &value)) {
    co_return explain(invocation, name, fail(err::settings_bad_value));
  }
  const Result<void> outcome = settings.set(name.text, format("{}", value), type);
  if (!outcome) co_return explain(invocation, name, outcome.error());
  co_return {};
}
constexpr CommandSpec kInc{"add to a number", "<setting> [<number>]", 1, 2, {}, run_inc};

Outcome run_read(Invocation& invocation) noexcept {
  const Word& name = invocation.arguments()[0];
  SettingsTree& settings = invocation.environment.settings;
  KEDGE_CO_TRY(const std::optional<std::string> text,
               co_await invocation.interpreter.editor().read({}, settings.text(name.text), false));
  if (!text) co_return fail(err::async_cancelled);
  const Result<void> outcome = settings.set(name.text, *text);
  if (!outcome) co_return explain(invocation, name, outcome.error());
  co_return {};
}
constexpr CommandSpec kRead{"ask for a setting's value", "<setting>[:<type>]", 1, 1, {}, run_read};

constexpr CommandName kCommands[] = {
    {"clear", &kClear}, {"inc", &kInc}, {"read", &kRead}, {"set", &kSet}, {"show", &kShow}};

}  // namespace

CommandTable setting_commands() noexcept {
  return kCommands;
}

}  // namespace kedge::script
