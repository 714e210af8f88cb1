// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Completion scripts for shells, from a description of a command and its subcommands.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kedge::host {

/// What can stand where a value is expected.
struct CompletionValues {
  std::string name = {};  // as the help calls it: FILE, off|default|FILE
  std::vector<std::string> words = {};
  bool files = false;
  bool directories = false;
  std::string list =
      {};  // what `kedge __complete` is asked for: "domains", "interfaces", "devices"
};

struct CompletionOption {
  std::string long_name = {};   // without --; may be empty
  std::string short_name = {};  // without -; may be empty
  std::string description = {};
  bool takes_value = false;
  bool repeats = false;
  CompletionValues values = {};
};

struct CompletionCommand {
  std::string name = {};
  std::string description = {};
  std::vector<CompletionOption> options = {};
  std::vector<CompletionValues> arguments = {};  // positional
  std::vector<CompletionCommand> commands = {};
};

/// Reads a type as CLI11 prints it in the help: alternatives are separated by |, of which FILE and
/// DIR are paths, DOMAIN, ALIAS and DEVICE are lists of libvirt's, others that start with a capital
/// letter are free text, and all others are words; :{a,b} are the words of a check.
CompletionValues completion_values(std::string_view type_name);

/// A script to be sourced by bash 4.4 or later; needs no bash-completion.
std::string bash_completion(const CompletionCommand& program);
/// A file for a directory of zsh's fpath, under the name _PROGRAM.
std::string zsh_completion(const CompletionCommand& program);
/// A file for one of fish's (3.0 or later) vendor_completions.d, under the name PROGRAM.fish.
std::string fish_completion(const CompletionCommand& program);

}  // namespace kedge::host
