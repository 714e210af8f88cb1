// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// `kedge domain`: what a libvirt domain will boot through.
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

#include "domain/explain_json.h"
#include "domain/libvirt_connection.h"
#include "kedge/commands.h"
#include "support/file.h"

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

// A domain's XML, and where it comes from.
struct Input {
  std::string xml;
  std::optional<LibvirtConnection> connection;  // none: a file or standard input
};

Outcome<std::string> read_standard_input() {
  std::string text;
  constexpr std::size_t kStep = 65536;
  while (text.size() <= kXmlBytesMax) {
    const std::size_t done = text.size();
    text.resize(done + kStep);
    const ssize_t got = read(STDIN_FILENO, text.data() + done, kStep);
    text.resize(done + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got < 0) return errno_failure("cannot read standard input");
    if (got == 0) break;
  }
  return text;
}

Outcome<Input> read_input(const Arguments& arguments, LibvirtConnection::Access access) {
  std::error_code ignored;
  Input input;
  if (arguments.connect.empty() && arguments.domain == "-") {
    KEDGE_HOST_TRY(input.xml, read_standard_input());
    return input;
  }
  if (arguments.connect.empty() &&
      (std::filesystem::exists(arguments.domain, ignored) || arguments.domain.ends_with(".xml"))) {
    KEDGE_HOST_TRY(input.xml, read_file_head(arguments.domain, kXmlBytesMax + 1));
    return input;
  }
  KEDGE_HOST_TRY(input.connection, LibvirtConnection::open(arguments.connect, access));
  KEDGE_HOST_TRY(input.xml, input.connection->domain_xml(arguments.domain));
  return input;
}

HostFacts facts_for(const Input& input, const Domain& domain) {
  if (!input.connection) return local_host(domain.architecture);
  HostFacts facts = input.connection->is_local() ? local_host(domain.architecture) : remote_host();
  if (std::string version = input.connection->qemu_version(); !version.empty()) {
    facts.qemu_version = std::move(version);
  }
  return facts;
}

Outcome<Domain> parse_domain(const std::string& xml) {
  KEDGE_HOST_TRY(const XmlDocument document, XmlDocument::parse(xml));
  return read_domain(document);
}

int run_explain(const Arguments& arguments) {
  const auto input = read_input(arguments, LibvirtConnection::Access::read);
  if (!input) return say_failure(input.error(), kExitCannotRead);
  auto domain = parse_domain(input->xml);
  if (!domain) {
    domain.error().what = fmt::format("{}: {}", arguments.domain, domain.error().what);
    return say_failure(domain.error(), kExitBad);
  }
  const HostFacts facts = facts_for(*input, *domain);
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
  command->add_option("DOMAIN", arguments.domain, "A file, - or a domain's name")->required();
  command->add_option("-c,--connect", arguments.connect, "The connection (default: qemu:///system)")
      ->type_name("URI");
  return command;
}

}  // namespace

void add_domain_command(CLI::App& application, int& exit_code) {
  CLI::App* const domain =
      application.add_subcommand("domain", "Explains what a libvirt domain will boot through.");
  domain->footer(kExamples);
  domain->require_subcommand(1);
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* const explain = add_subcommand(*domain, *arguments, "explain",
                                           "Which driver and whose network stack boots, and why");
  explain->add_flag("--json", arguments->json, "One object, for programs");
  explain->callback([arguments, &exit_code] { exit_code = run_explain(*arguments); });
}

}  // namespace kedge::host
