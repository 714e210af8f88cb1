// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// `kedge completion`: the completion script of a shell, from the commands as CLI11 knows them.
#include <fmt/format.h>

#include <memory>
#include <string>

#include "kedge/commands.h"
#include "kedge/completion.h"
#include "kedge/completion_live.h"

namespace kedge::host {
namespace {

constexpr const char* kExamples = R"(
Examples:
  Complete in this shell, and in all of this user's:
    source <(kedge completion bash)
    kedge completion bash >~/.local/share/bash-completion/completions/kedge
    kedge completion zsh >~/.zfunc/_kedge       (a directory of fpath)
    kedge completion fish >~/.config/fish/completions/kedge.fish

Packages install these files.)";

CompletionOption describe_option(const CLI::Option& option) {
  CompletionOption described;
  if (!option.get_lnames().empty()) described.long_name = option.get_lnames().front();
  if (!option.get_snames().empty()) described.short_name = option.get_snames().front();
  described.description = option.get_description();
  described.takes_value = option.get_items_expected_max() > 0;
  described.repeats = option.get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll;
  if (described.takes_value) described.values = completion_values(option.get_type_name());
  return described;
}

// The positional arguments without a check are paths, or names of what a path can be of.
CompletionValues describe_argument(const CLI::Option& option) {
  CompletionValues values = completion_values(option.get_type_name());
  values.name = option.get_name(true);
  if (values.words.empty()) values.files = true;  // a domain's XML, too
  return values;
}

CompletionCommand describe(const CLI::App& app) {
  CompletionCommand command{.name = app.get_name(), .description = app.get_description()};
  for (const CLI::Option* const option : app.get_options()) {
    if (option->get_group().empty()) continue;  // hidden from the help as well
    if (option->nonpositional()) {
      command.options.push_back(describe_option(*option));
    } else {
      command.arguments.push_back(describe_argument(*option));
    }
  }
  for (const CLI::App* const child : app.get_subcommands([](const CLI::App*) { return true; })) {
    command.commands.push_back(describe(*child));
  }
  return command;
}

std::string script_for(const std::string& shell, const CompletionCommand& program) {
  if (shell == "zsh") return zsh_completion(program);
  if (shell == "fish") return fish_completion(program);
  return bash_completion(program);
}

}  // namespace

int run_complete(const CLI::App& application, const std::vector<std::string>& arguments) {
  if (arguments.empty()) return 0;
  const std::vector<std::string> words(arguments.begin() + 1, arguments.end());
  const NamedDomain named = find_domain(describe(application), words);
  for (const std::string& value : live_values(arguments.front(), named, words)) {
    fmt::print("{}\n", value);
  }
  return 0;
}

void add_completion_command(CLI::App& application) {
  const auto shell = std::make_shared<std::string>();
  CLI::App* const command =
      application.add_subcommand("completion", "Prints what completes this command in a shell.");
  command->footer(kExamples);
  command->add_option("SHELL", *shell, "bash, zsh or fish")
      ->check(CLI::IsMember({"bash", "zsh", "fish"}))
      ->required();
  command->callback(
      [shell, &application] { fmt::print("{}", script_for(*shell, describe(application))); });
}

}  // namespace kedge::host
