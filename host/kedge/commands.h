// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// The subcommands of `kedge`. Each adds itself to the application; its callback stores the exit
// code.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace kedge::host {

// `kedge domain`
void add_domain_command(CLI::App& application, int& exit_code);
// `kedge rom`
void add_rom_command(CLI::App& application, int& exit_code);
// `kedge vm`
void add_vm_command(CLI::App& application, int& exit_code);
// `kedge completion`; describes the commands that are there when it runs
void add_completion_command(CLI::App& application);
// `kedge __complete LIST WORDS...`, which the scripts call: what is there at this moment for the
// last of the words.
int run_complete(const CLI::App& application, const std::vector<std::string>& arguments);

}  // namespace kedge::host
