// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <CLI/CLI.hpp>

namespace kedge::host {

// `kedge domain set`, a subcommand of `domain`.
void add_domain_set_command(CLI::App& domain, int& exit_code);

}  // namespace kedge::host
