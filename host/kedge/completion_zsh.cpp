// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// zsh's script: a function for each command, which calls _arguments (zshcompsys(1)).
#include <fmt/format.h>

#include <algorithm>

#include "kedge/completion.h"
#include "kedge/completion_text.h"

namespace kedge::host {
namespace {

// For the parts of _arguments' specifications, which end at : and ].
std::string escape(std::string_view text) {
  std::string escaped;
  for (const char character : text) {
    if (std::string_view(":[]\\").find(character) != std::string_view::npos) escaped += '\\';
    escaped += character;
  }
  return escaped;
}

// The leading blank keeps _arguments from adding arguments of compadd. `path` is the command whose
// values these are, as "domain_set".
std::string action(const CompletionValues& values, const std::string& program,
                   const std::string& path) {
  if (!values.list.empty()) {
    return fmt::format(" _{}_list {} {} {}", program, values.list, path.substr(0, path.find('_')),
                       values.files ? "files" : "");
  }
  const char* const paths = values.files ? "_files" : values.directories ? "_files -/" : "";
  if (values.words.empty()) return *paths == '\0' ? " " : paths;
  const std::string words = fmt::format("{}", fmt::join(values.words, " "));
  if (*paths == '\0') return "(" + escape(words) + ")";
  return fmt::format(" _{}_or_files {}", program, escape(words));
}

std::string value_part(const CompletionValues& values, const std::string& program,
                       const std::string& path) {
  return ":" + escape(values.name) + ":" + action(values, program, path);
}

void add_option(std::string& script, const CompletionOption& option, const std::string& program,
                const std::string& path) {
  const std::vector<std::string> names = option_names(option);
  const std::string others = fmt::format("({})", fmt::join(names, " "));
  for (const std::string& name : names) {
    std::string specification = option.repeats ? "*" : others;
    specification += name;
    if (option.takes_value) specification += name.starts_with("--") ? "=" : "+";
    specification += "[" + escape(option.description) + "]";
    if (option.takes_value) specification += value_part(option.values, program, path);
    script += " \\\n    " + shell_quote(specification);
  }
}

void add_command(std::string& script, const CompletionCommand& command, const std::string& function,
                 const std::string& program) {
  for (const CompletionCommand& child : command.commands) {
    add_command(script, child, function + "_" + child.name, program);
  }
  script += fmt::format("\n{}() {{\n", function);
  if (!command.commands.empty()) {
    script += "  local context curcontext=\"$curcontext\" state line\n  typeset -A opt_args\n";
  }
  script += "  _arguments -C";
  const std::string path = function.substr(std::min(function.size(), program.size() + 2));
  for (const CompletionOption& option : command.options) {
    add_option(script, option, program, path);
  }
  for (const CompletionValues& argument : command.arguments) {
    script += " \\\n    " + shell_quote("*" + value_part(argument, program, path));
  }
  if (command.commands.empty()) {
    script += "\n}\n";
    return;
  }
  script += " \\\n    '1:command:->command' \\\n    '*::argument:->argument' && return\n";
  script += "  case $state in\n    command)\n      local -a commands=(\n";
  for (const CompletionCommand& child : command.commands) {
    script += "        " + shell_quote(escape(child.name) + ":" + child.description) + "\n";
  }
  script += "      )\n      _describe command commands\n      ;;\n";
  script += "    argument)\n      case $words[1] in\n";
  for (const CompletionCommand& child : command.commands) {
    script += fmt::format("        {0}) {1}_{0} ;;\n", child.name, function);
  }
  script += "      esac\n      ;;\n  esac\n}\n";
}

}  // namespace

std::string zsh_completion(const CompletionCommand& program) {
  std::string script = fmt::format(
      "#compdef {0}\n# zsh completion of {0}, made by `{0} completion zsh`\n\n", program.name);
  script += fmt::format(
      "_{}_or_files() {{\n"
      "  _alternative \"words:word:($*)\" 'files:file:_files'\n}}\n\n",
      program.name);
  // $words is the innermost command with its arguments; $2 is the command that it belongs to.
  script += fmt::format(
      "_{0}_list() {{\n"
      "  local -a found\n"
      "  local result=1\n"
      "  found=(\"${{(@f)$(_call_program values {0} __complete $1 $2 "
      "${{(q)words[1,CURRENT]}} 2>/dev/null)}}\")\n"
      "  [[ -n $found ]] && compadd -a found && result=0\n"
      "  [[ $3 == files ]] && _files && result=0\n"
      "  return result\n}}\n",
      program.name);
  add_command(script, program, "_" + program.name, program.name);
  // Sourced, the file defines the completion; found in fpath, it is the completion.
  return script + fmt::format(
                      "\nif [[ $funcstack[1] == _{0} ]]; then\n  _{0} \"$@\"\nelse\n"
                      "  compdef _{0} {0}\nfi\n",
                      program.name);
}

}  // namespace kedge::host
