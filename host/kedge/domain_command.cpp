// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// `kedge domain`: what a libvirt domain will boot through.
#include <fmt/format.h>

#include <memory>
#include <utility>

#include "domain/domain_input.h"
#include "domain/explain_json.h"
#include "kedge/commands.h"
#include "kedge/domain_set_command.h"

namespace kedge::host {
namespace {

constexpr int kExitWarnings = 1;    // explain: there are warnings
constexpr int kExitCannotRead = 3;  // no such file or domain, no connection
constexpr int kExitBad = 4;         // the XML is damaged or of no QEMU domain

constexpr const char* kExamples = R"(
Examples:
  Who boots this VM, and through which driver?
    kedge domain explain maas-node1
  The same for a file, and for one on another machine:
    kedge domain explain maas-node1.xml
    kedge domain explain --connect qemu+ssh://host/system maas-node1
  Let the firmware's own network stack boot, in place of the ROM in the NIC:
    kedge domain set maas-node1 --rom off
  Fails when something is known to fail, for scripts:
    kedge domain explain --json maas-node1 | jq -r '.warnings[].id'

DOMAIN is a file with its XML, - for standard input, or a name on the connection.

Exit codes: 0 all is well; 1 there are warnings; 2 wrong usage; 3 a file, a domain or the connection
  cannot be read; 4 the XML is damaged or of no QEMU domain. The manual page is kedge-domain(1).)";

struct Arguments {
  std::string domain;
  std::string connect;
  bool json = false;
};

int say_failure(const Failure& error, int exit_code) {
  fmt::print(stderr, "kedge: {}\n", error.what);
  if (!error.advice.empty()) fmt::print(stderr, "kedge: {}\n", error.advice);
  return exit_code;
}

int run_explain(const Arguments& arguments) {
  const auto input =
      read_domain_input(arguments.domain, arguments.connect, LibvirtConnection::Access::read);
  if (!input) return say_failure(input.error(), kExitCannotRead);
  auto domain = parse_domain(input->xml);
  if (!domain) {
    domain.error().what = fmt::format("{}: {}", arguments.domain, domain.error().what);
    return say_failure(domain.error(), kExitBad);
  }
  const HostFacts facts = host_of(*input, *domain);
  const Explanation explanation = explain(*std::move(domain), facts);
  if (arguments.json) {
    constexpr int kIndent = 2;
    fmt::print("{}\n", json_explanation(explanation)
                           .dump(kIndent, ' ', false, nlohmann::json::error_handler_t::replace));
  } else {
    fmt::print("{}", format_explanation(explanation));
  }
  return explanation.warnings.empty() ? 0 : kExitWarnings;
}

CLI::App* add_subcommand(CLI::App& domain, Arguments& arguments, const char* name,
                         const char* text) {
  CLI::App* const command = domain.add_subcommand(name, text);
  command->add_option("DOMAIN", arguments.domain, "A file, - or a domain's name")
      ->type_name("DOMAIN")
      ->required();
  command->add_option("-c,--connect", arguments.connect, "The connection (default: qemu:///system)")
      ->type_name("URI");
  return command;
}

}  // namespace

void add_domain_command(CLI::App& application, int& exit_code) {
  CLI::App* const domain = application.add_subcommand(
      "domain", "Explains what a libvirt domain will boot through, and changes it.");
  domain->footer(kExamples);
  domain->require_subcommand(1);
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* const explain = add_subcommand(*domain, *arguments, "explain",
                                           "Which driver and whose network stack boots, and why");
  explain->add_flag("--json", arguments->json, "One object, for programs");
  explain->callback([arguments, &exit_code] { exit_code = run_explain(*arguments); });
  add_domain_set_command(*domain, exit_code);
}

}  // namespace kedge::host
