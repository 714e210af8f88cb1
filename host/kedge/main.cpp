// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// The `kedge` command: one program, a subcommand per job.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "kedge/commands.h"

namespace kedge {

void assertion_failed(const char* expression, const char* file, int line) noexcept {
  fmt::print(stderr, "{}:{}: assertion failed: {}\n", file, line, expression);
  std::abort();
}

}  // namespace kedge

namespace {

constexpr int kExitUsage = 2;
constexpr int kExitInternal = 70;  // sysexits.h: internal software error

int run(int argc, char** argv) {
  CLI::App application("Kedge's host tools: UEFI network boot, from the machine that serves it.",
                       "kedge");
  application.set_version_flag("--version", std::string("kedge ") + KEDGE_HOST_VERSION);
  application.require_subcommand(1);
  application.footer(
      "`kedge COMMAND --help` explains a command. Manual pages: kedge(1), "
      "kedge-domain(1), kedge-rom(1), kedge-vm(1).");
  int exit_code = 0;
  kedge::host::add_domain_command(application, exit_code);
  kedge::host::add_rom_command(application, exit_code);
  kedge::host::add_vm_command(application, exit_code);
  kedge::host::add_completion_command(application);
  // Words of an unfinished line are for no parser.
  if (argc > 1 && std::string_view(argv[1]) == "__complete") {
    return kedge::host::run_complete(application, {argv + 2, argv + argc});
  }
  try {
    application.parse(argc, argv);
  } catch (const CLI::ParseError& error) {  // how CLI11 ends --help as well as mistakes
    return application.exit(error) == 0 ? 0 : kExitUsage;
  }
  return exit_code;
}

}  // namespace

int main(int argc, char** argv) {
  try {  // the libraries at our edges may throw: allocation, JSON, file systems
    return run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "kedge: internal error: {}\n", error.what());
    return kExitInternal;
  }
}
