// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// What the scripts have in common: values, and bash's script, which interprets a table of its own
// by `case`. Those of zsh and fish are in completion_zsh.cpp and completion_fish.cpp.
#include "kedge/completion.h"

#include <fmt/format.h>

#include "kedge/completion_text.h"

namespace kedge::host {
namespace {

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

void add_alternative(CompletionValues& values, std::string_view alternative) {
  if (alternative == "FILE") {
    values.files = true;
  } else if (alternative == "DIR") {
    values.directories = true;
  } else if (alternative == "DOMAIN") {
    values.list = "domains";
  } else if (alternative == "ALIAS") {
    values.list = "interfaces";
  } else if (alternative.starts_with("DEVICE")) {
    values.list = "devices";
  } else if (!alternative.empty() && (alternative.front() < 'A' || alternative.front() > 'Z')) {
    values.words.emplace_back(alternative);
  }
}

// The assignments that the script makes for a value: what compgen is asked for.
std::string bash_values(const CompletionValues& values) {
  std::string text;
  if (!values.words.empty()) {
    text += fmt::format(" words+={}",
                        shell_quote(" " + fmt::format("{}", fmt::join(values.words, " "))));
  }
  if (values.files) text += " paths=-f";
  if (values.directories && !values.files) text += " paths=-d";
  if (!values.list.empty()) text += " list=" + values.list;
  return text;
}

struct BashTables {
  std::string descent;    // a word leads to a subcommand, or is an option that waits for its value
  std::string values;     // of options
  std::string options;    // of commands
  std::string arguments;  // of commands: subcommands and positional arguments
};

void add_bash_command(BashTables& tables, const CompletionCommand& command,
                      const std::string& path) {
  std::string options;
  for (const CompletionOption& option : command.options) {
    const std::vector<std::string> names = option_names(option);
    for (const std::string& name : names) options += " " + name;
    if (!option.takes_value || names.empty()) continue;
    const std::string key = path + " " + names.front();
    for (const std::string& name : names) {
      tables.descent +=
          fmt::format("      {}) option={} ;;\n", shell_quote(fmt::format("{} {}", path, name)),
                      shell_quote(key));
    }
    if (const std::string values = bash_values(option.values); !values.empty()) {
      tables.values += fmt::format("      {}){} ;;\n", shell_quote(key), values);
    }
  }
  tables.options += fmt::format("      {}) words={} ;;\n", shell_quote(path), shell_quote(options));
  std::string arguments;
  for (const CompletionValues& argument : command.arguments) arguments += bash_values(argument);
  std::string commands;
  for (const CompletionCommand& child : command.commands) commands += " " + child.name;
  if (!commands.empty()) arguments += " words+=" + shell_quote(commands);
  if (!arguments.empty()) {
    tables.arguments += fmt::format("      {}){} ;;\n", shell_quote(path), arguments);
  }
  for (const CompletionCommand& child : command.commands) {
    const std::string child_path = path + " " + child.name;
    const std::string quoted = shell_quote(child_path);
    tables.descent += fmt::format("      {}) command={} ;;\n", quoted, quoted);
    add_bash_command(tables, child, child_path);
  }
}

// COMP_WORDBREAKS has '=' and ':', so that --option=value arrives as three words, and a:b too, of
// which each is a part of the option's value.
constexpr const char* kBashStart =
    R"(  local command={0} current=${{COMP_WORDS[COMP_CWORD]}} word i
  local option='' value_of='' words='' paths='' list=''
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${{COMP_WORDS[i]}}
    [[ $word == '=' ]] && continue
    if [[ $word == ':' ]]; then
      option=$value_of
      continue
    fi
    value_of=$option
    if [[ $option ]]; then
      option=''
      continue
    fi
    case "$command $word" in
)";

// Names of libvirt's may have blanks and colons. bash has divided the line at the colons, and puts
// what is offered behind the last one.
constexpr const char* kBashEnd = R"(  local IFS=$' \t\n'
  mapfile -t COMPREPLY < <(
    compgen -W "$words" -- "$current"
    [[ $paths ]] && compgen "$paths" -- "$current"
  )
  if [[ $list ]]; then
    local line=${COMP_LINE:0:COMP_POINT}
    local typed=${line##*[ =]}
    local -a typed_words
    read -ra typed_words <<<"${line//=/ }"
    [[ $typed ]] || typed_words+=('')
    while IFS= read -r word; do
      [[ $word == "$typed"* ]] && COMPREPLY+=("${word#"${typed%"$current"}"}")
    done < <("${COMP_WORDS[0]}" __complete "$list" "${typed_words[@]:1}" 2>/dev/null)
  fi
  if [[ $paths ]]; then compopt -o filenames 2>/dev/null; fi
  return 0
}
)";

}  // namespace

CompletionValues completion_values(std::string_view type_name) {
  CompletionValues values;
  const std::vector<std::string_view> parts = split(type_name, ':');
  values.name = parts.front();
  for (const std::string_view part : parts) {
    if (part.starts_with('{') && part.ends_with('}')) {
      for (const std::string_view word : split(part.substr(1, part.size() - 2), ',')) {
        values.words.emplace_back(word);
      }
    } else if (part.find(' ') == std::string_view::npos) {  // "INT in [1 - 64]" are no words
      for (const std::string_view alternative : split(part, '|')) {
        add_alternative(values, alternative);
      }
    }
  }
  return values;
}

std::vector<std::string> option_names(const CompletionOption& option) {
  std::vector<std::string> names;
  if (!option.long_name.empty()) names.push_back("--" + option.long_name);
  if (!option.short_name.empty()) names.push_back("-" + option.short_name);
  return names;
}

std::string shell_quote(std::string_view text) {
  std::string quoted = "'";
  for (const char character : text) {
    if (character == '\'') {
      quoted += "'\\''";
    } else {
      quoted += character;
    }
  }
  return quoted + "'";
}

std::string bash_completion(const CompletionCommand& program) {
  BashTables tables;
  add_bash_command(tables, program, program.name);
  std::string script = fmt::format(
      "# bash completion of {0}, made by `{0} completion bash`\n_{0}() {{\n", program.name);
  script += fmt::format(kBashStart, shell_quote(program.name));
  script += tables.descent + "    esac\n  done\n";
  script += "  if [[ $current == '=' ]]; then current=''; fi\n";
  script += "  if [[ $option ]]; then\n    case \"$option\" in\n" + tables.values + "    esac\n";
  script += "  elif [[ $current == -* ]]; then\n    case \"$command\" in\n" + tables.options;
  script += "    esac\n  else\n    case \"$command\" in\n" + tables.arguments + "    esac\n  fi\n";
  script += kBashEnd;
  return script + fmt::format("complete -F _{0} {0}\n", program.name);
}

}  // namespace kedge::host
