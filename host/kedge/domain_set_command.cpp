// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// `kedge domain set`: changes what a libvirt domain will boot through.
#include "kedge/domain_set_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

#include "domain/domain_change.h"
#include "domain/domain_store.h"
#include "domain/explain.h"
#include "domain/explain_json.h"
#include "domain/text_diff.h"
#include "domain/vlan_list.h"
#include "support/file.h"
#include "support/pattern.h"

namespace kedge::host {
namespace {

constexpr int kExitDeclined = 1;  // the person said no, or was not there to be asked
constexpr int kExitUsage = 2;
constexpr int kExitCannotRead = 3;  // no such file or domain, no connection
constexpr int kExitBad = 4;         // the XML is damaged, or the change was refused

constexpr std::size_t kScriptBytesMax = 64U << 10;  // Kedge's limit

constexpr const char* kExamples = R"(
Examples:
  Let the firmware's own network stack boot, in place of the ROM in the NIC:
    kedge domain set maas-node1 --rom off
  Kedge's ROM takes over on the second interface, and boots a script:
    kedge domain set maas-node1 --interface 2 --rom /usr/share/kedge/efi-virtio.rom \
          --personality takeover --url http://192.0.2.1/boot.ipxe
  It boots in VLAN 42, and where that fails, in VLAN 43:
    kedge domain set maas-node1 --vlan 42,43
  Look at the change without making it:
    kedge domain set maas-node1.xml --boot-order 1,vda --dry-run

Exit codes: 0 changed, or nothing to change; 1 not confirmed; 2 wrong usage; 3 a file, a domain or the
  connection cannot be read or written; 4 the XML is damaged, or the change was refused.)";

struct Arguments {
  std::string domain;
  std::string connect;
  DomainChange change;
  std::string rom;
  std::string personality;
  std::string url;
  std::string vlan;
  std::string script;
  std::string channel;
  bool yes = false;
  bool dry_run = false;
  bool json = false;
};

int say_failure(const Failure& error, int exit_code) {
  fmt::print(stderr, "kedge: {}\n", error.what);
  if (!error.advice.empty()) fmt::print(stderr, "kedge: {}\n", error.advice);
  return exit_code;
}

// Where a diff and questions go: the changed XML of standard input, and JSON, have standard output.
FILE* talk(const Arguments& arguments) {
  const bool from_input = arguments.domain == "-" && arguments.connect.empty();
  return from_input || arguments.json ? stderr : stdout;
}

// libvirt knows <rom enabled='no'/> since 4.3.
bool is_before_4_3(const std::string& version) {
  static const Pattern kVersion = Pattern::must_compile("^([0-9]+)\\.([0-9]+)\\.");
  const auto match = kVersion.search(version);
  if (!match) return false;
  const int major = std::atoi(match->groups[1].c_str());
  const int minor = std::atoi(match->groups[2].c_str());
  return major < 4 || (major == 4 && minor < 3);
}

// A URL becomes the script that boots it; a file's text is taken as it is.
Outcome<std::string> script_text(const std::string& script) {
  if (script == "none") return script;
  if (script.contains("://")) return "dhcp && chain " + script;
  KEDGE_HOST_TRY(std::string text, read_file_head(script, kScriptBytesMax + 1));
  if (text.size() > kScriptBytesMax) {
    return failure(fmt::format("{} has more than {} bytes", script, kScriptBytesMax));
  }
  return text;
}

Outcome<DomainChange> read_change(const Arguments& arguments, const DomainInput& input) {
  DomainChange change = arguments.change;
  if (!arguments.rom.empty()) {
    change.rom = arguments.rom;
    std::error_code ignored;
    const bool is_file = arguments.rom != "off" && arguments.rom != "default";
    if (is_file && std::filesystem::exists(arguments.rom, ignored)) {
      change.rom = std::filesystem::absolute(arguments.rom).lexically_normal().string();
    }
    change.rom_off_by_bar = input.connection && is_before_4_3(input.connection->libvirt_version());
  }
  if (!arguments.personality.empty()) change.personality = arguments.personality;
  if (!arguments.url.empty()) change.url = arguments.url;
  if (!arguments.vlan.empty()) change.vlan = arguments.vlan;
  if (!arguments.script.empty()) {
    KEDGE_HOST_TRY(change.script, script_text(arguments.script));
  }
  if (arguments.channel == "fwcfg") change.channel = OptionChannel::fw_cfg;
  if (arguments.channel == "smbios") change.channel = OptionChannel::smbios;
  return change;
}

// What the changed domain will boot through.
Outcome<Explanation> explain_changed(const DomainInput& input, const std::string& xml) {
  KEDGE_HOST_TRY(Domain domain, parse_domain(xml));
  const HostFacts facts = host_of(input, domain);
  return explain(std::move(domain), facts);
}

// The same in short.
void say_outcome(const Arguments& arguments, const Explanation& all) {
  for (const InterfaceReport& report : all.interfaces) {
    fmt::print(talk(arguments), "{}: {}\n", report.nic.name(), report.verdict.text);
    if (!report.vlans_fact.text.empty()) {
      fmt::print(talk(arguments), "  VLANs: {}\n", report.vlans_fact.text);
    }
    if (!report.note.empty()) fmt::print(talk(arguments), "  Note: {}\n", report.note);
  }
  if (!all.firmware_options.empty()) {
    fmt::print(talk(arguments),
               "The firmware keeps the order of the boot options it has stored and puts new ones "
               "first; `virsh start --reset-nvram` forgets them.\n");
  }
  for (const Warning& warning : all.warnings) {
    fmt::print(talk(arguments), "Warning: {}\n  {} [{}]\n", warning.text, warning.advice,
               warning.id);
  }
}

bool confirm(const Arguments& arguments) {
  if (arguments.yes) return true;
  if (isatty(STDIN_FILENO) == 0) {
    fmt::print(stderr, "kedge: not changed; --yes changes it without a question\n");
    return false;
  }
  fmt::print(talk(arguments), "Change it? [y/N] ");
  (void)std::fflush(talk(arguments));
  const int answer = std::getchar();
  return answer == 'y' || answer == 'Y';
}

// What has become of the change.
struct Result {
  bool changed = false;  // the domain, or the file
  std::string difference;
  std::string backup;
  std::optional<bool> running;  // of domains on a connection
  std::string xml;              // after the change
};

void print_json(const Result& result, const DomainInput& input) {
  nlohmann::json json = {
      {"changed", result.changed},
      {"diff", result.difference},
      {"backup", result.backup.empty() ? nlohmann::json() : nlohmann::json(result.backup)},
      {"running", result.running ? nlohmann::json(*result.running) : nlohmann::json()},
      {"xml", result.xml}};
  if (const auto after = explain_changed(input, result.xml))
    json["after"] = json_explanation(*after);
  constexpr int kIndent = 2;
  fmt::print("{}\n", json.dump(kIndent, ' ', false, nlohmann::json::error_handler_t::replace));
}

// Returns the exit code.
int finish(const Arguments& arguments, const DomainInput& input, const Result& result) {
  if (arguments.json) {
    print_json(result, input);
  } else if (!input.connection && input.file.empty() && !arguments.dry_run) {
    fmt::print("{}", result.xml);
  }
  return 0;
}

int store(const Arguments& arguments, const DomainInput& input, Result result) {
  if (!input.connection && input.file.empty()) return finish(arguments, input, result);
  const auto backup = input.connection
                          ? store_domain_definition(input, result.xml, default_backup_directory())
                          : store_domain_file(input.file, input.xml, result.xml);
  if (!backup) return say_failure(backup.error(), input.connection ? kExitBad : kExitCannotRead);
  result.changed = true;
  result.backup = backup->string();
  fmt::print(talk(arguments), "{}; what it was is in {}\n",
             input.connection ? "defined" : "written", result.backup);
  if (input.connection) {
    result.running = input.connection->is_running(arguments.domain).value_or(false);
  }
  if (result.running == true) {
    fmt::print(
        talk(arguments),
        "The domain is running. The change counts when it is started anew: shut it down and start "
        "it; a reboot from inside is not enough.\n");
  }
  return finish(arguments, input, result);
}

int run_set(const Arguments& arguments) {
  const auto input = read_domain_input(
      arguments.domain, arguments.connect,
      arguments.dry_run ? LibvirtConnection::Access::read : LibvirtConnection::Access::change);
  if (!input) return say_failure(input.error(), kExitCannotRead);
  if (input->connection && input->connection->has_saved_state(arguments.domain).value_or(false)) {
    return say_failure({.what = "the domain's memory is saved: its next start goes on from there "
                                "with its old definition, whatever is defined now",
                        .advice = "Start it and shut it down, or drop the saved state (virsh "
                                  "managedsave-remove)."},
                       kExitBad);
  }
  const auto change = read_change(arguments, *input);
  if (!change) return say_failure(change.error(), kExitCannotRead);
  auto changed = change_domain(input->xml, *change);
  if (!changed) {
    changed.error().what = fmt::format("{}: {}", arguments.domain, changed.error().what);
    return say_failure(changed.error(), kExitBad);
  }
  if (*changed == input->xml) {
    fmt::print(stderr, "kedge: nothing to change\n");
    return finish(arguments, *input, {.xml = *changed});
  }
  const Result result{.difference = unified_diff(input->xml, *changed, arguments.domain),
                      .xml = *changed};
  fmt::print(talk(arguments), "{}", result.difference);
  if (change->rom_off_by_bar) {
    fmt::print(
        talk(arguments),
        "libvirt before 4.3 has no <rom enabled='no'/>. With bar='off' a BIOS still runs the "
        "ROM, and the NIC cannot be plugged in while the domain runs.\n");
  }
  const auto validated = validate_domain_xml(*changed);
  if (!validated) return say_failure(validated.error(), kExitBad);
  fmt::print(talk(arguments), "{}\n", *validated);
  if (const auto after = explain_changed(*input, *changed)) say_outcome(arguments, *after);
  if (arguments.dry_run) return finish(arguments, *input, result);
  const bool asks = input->connection || !input->file.empty();
  if (asks && !confirm(arguments)) return kExitDeclined;
  return store(arguments, *input, result);
}

// For the command line's parser: what is wrong with the value; empty: nothing.
std::string fault_of_vlans(const std::string& value) {
  if (value == "none") return {};
  const auto vlans = parse_vlans(value);
  if (vlans) return {};
  return fmt::format("{}\n{}", vlans.error().what, vlans.error().advice);
}

bool asks_for_nothing(const Arguments& arguments) {
  return arguments.rom.empty() && arguments.personality.empty() && arguments.url.empty() &&
         arguments.vlan.empty() && arguments.script.empty() && !arguments.change.rng &&
         arguments.change.boot_order.empty();
}

}  // namespace

void add_domain_set_command(CLI::App& domain, int& exit_code) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* const set =
      domain.add_subcommand("set", "Changes it: ROM, personality, URL, VLANs, boot order");
  set->footer(kExamples);
  set->add_option("DOMAIN", arguments->domain, "A file, - or a domain's name")
      ->type_name("DOMAIN")
      ->required();
  set->add_option("-c,--connect", arguments->connect, "The connection (default: qemu:///system)")
      ->type_name("URI");
  set->add_option("-i,--interface", arguments->change.interfaces,
                  "The interface; may be repeated (default: all)")
      ->type_name("MAC|N|ALIAS")
      ->take_all()
      ->expected(1);
  set->add_option("--rom", arguments->rom, "No ROM, QEMU's, or this one")
      ->type_name("off|default|FILE");
  set->add_option("--personality", arguments->personality, "What Kedge's ROM does with the NIC")
      ->check(CLI::IsMember({"driver", "takeover", "both", "default"}));
  set->add_option("--url", arguments->url, "What Kedge's ROM boots")->type_name("URL|none");
  set->add_option("--vlan", arguments->vlan,
                  "In which VLANs Kedge's ROM boots, one after the other")
      ->type_name("VLANS|none")
      ->check(fault_of_vlans);
  set->add_option("--script", arguments->script, "The boot script of Kedge's ROM")
      ->type_name("URL|FILE|none");
  set->add_option("--channel", arguments->channel,
                  "How that reaches the ROM (default: fwcfg on x86 and aarch64, else smbios)")
      ->check(CLI::IsMember({"fwcfg", "smbios"}));
  set->add_flag("--rng", arguments->change.rng, "Add a random number generator if there is none");
  set->add_option("--boot-order", arguments->change.boot_order,
                  "Interfaces and disks, the first one first")
      ->type_name("DEVICE,...")
      ->delimiter(',')
      ->take_all()
      ->expected(1, 64);
  set->add_flag("-y,--yes", arguments->yes, "Do not ask");
  set->add_flag("--dry-run", arguments->dry_run, "Only show the change");
  set->add_flag("--json", arguments->json,
                "An object, for programs; what people read goes to standard error");
  set->callback([arguments, &exit_code] {
    if (asks_for_nothing(*arguments)) {
      fmt::print(stderr,
                 "kedge: nothing was asked for; `kedge domain set --help` shows what can be\n");
      exit_code = kExitUsage;
      return;
    }
    exit_code = run_set(*arguments);
  });
}

}  // namespace kedge::host
