// SPDX-License-Identifier: BSD-2-Clause-Patent
// Commands that steer scripts and talk to the person: echo, goto, exit, prompt, sleep, help, ...
#include "script/interpreter.h"
#include "script/key_code.h"
#include "script/script_errors.h"
#include "script/setting_type.h"

namespace kedge::script {
namespace {

using Outcome = async::Task<Result<void>>;

constexpr OptionSpec kEchoOptions[] = {{'n', "n", OptionKind::flag, "do not end the line"}};

Outcome run_echo(Invocation& invocation) noexcept {
  const std::string text = invocation.joined(0);
  invocation.environment.console.append(text);
  if (!invocation.has(0)) invocation.environment.console.append("\n");
  co_return {};
}
constexpr CommandSpec kEcho{"print text", "[<text>...]", 0, kAnyNumber, kEchoOptions, run_echo};

Outcome run_exit(Invocation& invocation) noexcept {
  std::int64_t status = 0;
  if (!invocation.arguments().empty()) {
    const Word& word = invocation.arguments()[0];
    const Result<std::int64_t> number = parse_number(word.text);
    if (!number) {
      co_return invocation.complain(word, format("\"{}\" is no number for a status", word.text));
    }
    status = *number;
  }
  invocation.interpreter.stop();
  if (status != 0) co_return fail(err::script_exit, static_cast<std::uint32_t>(status));
  co_return {};
}
constexpr CommandSpec kExit{"end this script, or the shell", "[<status>]", 0, 1, {}, run_exit};

Outcome run_goto(Invocation& invocation) noexcept {
  const Word& label = invocation.arguments()[0];
  const Result<void> outcome = invocation.interpreter.go_to(label.text);
  if (!outcome && outcome.error() == err::script_no_label) {
    co_return invocation.complain(label, format("no label :{} in this script", label.text),
                                  err::script_no_label);
  }
  co_return outcome;
}
constexpr CommandSpec kGoto{"go on at a label of this script", "<label>", 1, 1, {}, run_goto};

Outcome run_isset(Invocation& invocation) noexcept {
  if (invocation.arguments()[0].text.empty()) co_return fail(err::script_false);
  co_return {};
}
constexpr CommandSpec kIsset{"succeed unless the text is empty", "<text>", 1, 1, {}, run_isset};

Outcome run_iseq(Invocation& invocation) noexcept {
  const std::span<const Word> words = invocation.arguments();
  if (words[0].text != words[1].text) co_return fail(err::script_false);
  co_return {};
}
constexpr CommandSpec kIseq{"succeed if both texts are equal", "<text> <text>", 2, 2, {}, run_iseq};

Outcome run_sleep(Invocation& invocation) noexcept {
  const Word& word = invocation.arguments()[0];
  const Result<std::int64_t> seconds = parse_number(word.text);
  if (!seconds || *seconds < 0) {
    co_return invocation.complain(word, format("\"{}\" is no number of seconds", word.text));
  }
  co_return co_await invocation.interpreter.interruptible(
      async::sleep_for(Duration::seconds(*seconds)));
}
constexpr CommandSpec kSleep{"wait", "<seconds>", 1, 1, {}, run_sleep};

enum PromptOption : std::size_t { kPromptKey, kPromptTimeout };
constexpr OptionSpec kPromptOptions[] = {
    {'k', "key", OptionKind::text, "the key to wait for, as a character or a number"},
    {'t', "timeout", OptionKind::milliseconds, "give up after this time; 0: never"}};

Outcome run_prompt(Invocation& invocation) noexcept {
  std::optional<port::Key> wanted;
  if (invocation.has(kPromptKey)) {
    const Result<port::Key> key = parse_key(invocation.text(kPromptKey));
    if (!key) {
      co_return invocation.complain(format("\"{}\" is no key", invocation.text(kPromptKey)));
    }
    wanted = *key;
  }
  const Duration timeout = invocation.duration(kPromptTimeout).value_or(Duration());
  const Instant deadline =
      timeout == Duration() ? Instant::never() : co_await async::current_time() + timeout;
  port::Console& console = invocation.environment.console;
  const std::string text = invocation.joined(0);
  console.append(text);
  const Result<port::Key> pressed = co_await invocation.interpreter.input().read_key(deadline);
  if (!text.empty()) console.rewrite_line("");
  if (!pressed) {
    co_return pressed.error().kind() == ErrorKind::timed_out ? fail(err::script_key_timeout)
                                                             : pressed.error();
  }
  if (wanted && pressed->code == wanted->code) co_return {};
  if (pressed->code == port::Key::kCtrlC) co_return fail(err::async_cancelled);
  if (wanted) co_return fail(err::script_other_key);
  co_return {};
}
constexpr CommandSpec kPrompt{"wait for a key", "[<text>...]",  0,
                              kAnyNumber,       kPromptOptions, run_prompt};

Outcome run_time(Invocation& invocation) noexcept {
  const Instant start = co_await async::current_time();
  const std::span<const Word> words = invocation.arguments();
  Result<void> outcome = co_await invocation.interpreter.run_command(words);
  const std::int64_t ms = (co_await async::current_time() - start).count_ms();
  format_to(invocation.environment.console, "{}: {}.{:03} s\n", words[0].text, ms / 1000,
            ms % 1000);
  co_return outcome;
}
constexpr CommandSpec kTime{
    "tell how long a command takes", "<command>...", 1, kAnyNumber, {}, run_time};

Outcome run_shell(Invocation& invocation) noexcept {
  return invocation.interpreter.run_shell();
}
constexpr CommandSpec kShell{"start an interactive command line", "", 0, 0, {}, run_shell};

void list_commands(Invocation& invocation) noexcept {
  constexpr std::size_t kColumn = 14;
  port::Console& console = invocation.environment.console;
  const std::size_t per_line = console.columns() / kColumn;
  for (const CommandTable& table : invocation.interpreter.commands()) {
    std::size_t count = 0;
    for (const CommandName& entry : table) {
      if (count != 0 && count % per_line == 0) console.append("\n");
      format_to(console, "{:<14}", entry.name);
      ++count;
    }
    console.append("\n\n");
  }
  console.append("help <command> explains one of them.\n");
}

Outcome run_help(Invocation& invocation) noexcept {
  if (invocation.arguments().empty()) {
    list_commands(invocation);
    co_return {};
  }
  const Word& word = invocation.arguments()[0];
  const CommandSpec* spec = invocation.interpreter.find_command(word.text);
  if (spec == nullptr) {
    Suggestion suggestion(word.text);
    for (const CommandTable& table : invocation.interpreter.commands()) {
      for (const CommandName& entry : table) suggestion.consider(entry.name);
    }
    co_return invocation.complain(word, format("no command {}{}", word.text, suggestion.text()),
                                  err::script_unknown_command);
  }
  write_usage(invocation.environment.console, word.text, *spec);
  co_return {};
}
constexpr CommandSpec kHelp{"list the commands, or explain one", "[<command>]", 0, 1, {}, run_help};

enum RebootOption : std::size_t { kRebootWarm, kRebootSetup };
constexpr OptionSpec kRebootOptions[] = {
    {'w', "warm", OptionKind::flag, "keep what survives a warm reset"},
    {'s', "setup", OptionKind::flag, "go to the firmware's setup"}};

Outcome run_reboot(Invocation& invocation) noexcept {
  using Reset = port::Power::Reset;
  const Reset kind = invocation.has(kRebootSetup)  ? Reset::firmware_setup
                     : invocation.has(kRebootWarm) ? Reset::warm
                                                   : Reset::cold;
  co_return invocation.environment.power.reboot(kind);
}
constexpr CommandSpec kReboot{"restart the machine", "", 0, 0, kRebootOptions, run_reboot};

Outcome run_poweroff(Invocation& invocation) noexcept {
  co_return invocation.environment.power.power_off();
}
constexpr CommandSpec kPoweroff{"switch the machine off", "", 0, 0, {}, run_poweroff};

constexpr CommandName kCommands[] = {
    {"echo", &kEcho},     {"exit", &kExit},   {"goto", &kGoto},         {"help", &kHelp},
    {"iseq", &kIseq},     {"isset", &kIsset}, {"poweroff", &kPoweroff}, {"prompt", &kPrompt},
    {"reboot", &kReboot}, {"shell", &kShell}, {"sleep", &kSleep},       {"time", &kTime},
};

}  // namespace

CommandTable control_commands() noexcept {
  return kCommands;
}

}  // namespace kedge::script
