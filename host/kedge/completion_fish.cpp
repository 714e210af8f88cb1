// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// fish's script: a `complete` for each option and value, on the condition that its command is the
// one being typed.
#include <fmt/format.h>

#include "kedge/completion.h"
#include "kedge/completion_text.h"

namespace kedge::host {
namespace {

// In fish's single quotes, \ escapes itself and the quote.
std::string quote(std::string_view text) {
  std::string quoted = "'";
  for (const char character : text) {
    if (character == '\'' || character == '\\') quoted += '\\';
    quoted += character;
  }
  return quoted + "'";
}

std::string value_switches(const CompletionValues& values, const std::string& program) {
  std::string words = fmt::format("{}", fmt::join(values.words, " "));
  if (!values.list.empty()) {
    words +=
        fmt::format(" ({} __complete {} (commandline -opc)[2..] (commandline -ct) 2>/dev/null)",
                    program, values.list);
  }
  if (values.directories) words += " (__fish_complete_directories)";
  std::string switches = values.files ? " -F" : " -f";
  if (!words.empty()) switches += " -a " + quote(words);
  return switches;
}

struct Script {
  std::string program;
  std::string paths;  // cases that descend into a subcommand
  std::string lines;
};

void add_command(Script& script, const CompletionCommand& command, const std::string& path) {
  const std::string start =
      fmt::format("complete -c {0} -n {1}", script.program,
                  quote(fmt::format("__{}_command_is {}", script.program, path)));
  for (const CompletionOption& option : command.options) {
    script.lines += start;
    if (!option.short_name.empty()) script.lines += " -s " + option.short_name;
    if (!option.long_name.empty()) script.lines += " -l " + option.long_name;
    if (option.takes_value) script.lines += " -r" + value_switches(option.values, script.program);
    script.lines += " -d " + quote(option.description) + "\n";
  }
  for (const CompletionValues& argument : command.arguments) {
    script.lines += start + value_switches(argument, script.program) + "\n";
  }
  for (const CompletionCommand& child : command.commands) {
    const std::string child_path = path + " " + child.name;
    script.lines += start + " -a " + child.name + " -d " + quote(child.description) + "\n";
    script.paths += " " + quote(child_path);
    add_command(script, child, child_path);
  }
}

}  // namespace

std::string fish_completion(const CompletionCommand& program) {
  Script script{.program = program.name, .paths = {}, .lines = {}};
  add_command(script, program, program.name);
  std::string text =
      fmt::format("# fish completion of {0}, made by `{0} completion fish`\n\n", program.name);
  text += fmt::format(
      "function __{0}_command_is\n"
      "    set -l command {0}\n"
      "    set -l words (commandline -opc)\n"
      "    set -e words[1]\n"
      "    for word in $words\n"
      "        if contains -- \"$command $word\"{1}\n"
      "            set command \"$command $word\"\n"
      "        end\n"
      "    end\n"
      "    test \"$command\" = \"$argv\"\n"
      "end\n\n"
      "complete -c {0} -f\n",
      program.name, script.paths);
  return text + script.lines;
}

}  // namespace kedge::host
