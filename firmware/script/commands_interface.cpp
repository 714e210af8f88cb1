// SPDX-License-Identifier: BSD-2-Clause-Patent
// Commands for network interfaces and names: dhcp, ifopen, ifclose, ifstat, iflinkwait, route,
// nslookup.
#include "script/interpreter.h"
#include "script/script_errors.h"

namespace kedge::script {
namespace {

using Outcome = async::Task<Result<void>>;
using Chosen = Result<std::vector<std::size_t>>;

Result<std::size_t> find_interface(Invocation& invocation, const Word& word) noexcept {
  Interfaces& interfaces = invocation.environment.interfaces;
  std::string name = word.text;
  if (name == "netX") {
    if (const SettingBlock* block = invocation.environment.settings.find_block(name)) {
      name = block->name();
    }
  }
  std::string known;
  for (std::size_t i = 0; i < interfaces.count(); ++i) {
    const InterfaceInfo info = interfaces.describe(i);
    if (info.name == name) return i;
    known.append(known.empty() ? "" : ", ").append(info.name);
  }
  return invocation.complain(word,
                             format("no interface {}, there is {}", word.text,
                                    known.empty() ? "none" : std::string_view(known)),
                             err::script_no_interface);
}

/// The interfaces that a command is given, or all.
Chosen choose(Invocation& invocation) noexcept {
  std::vector<std::size_t> chosen;
  for (const Word& word : invocation.arguments()) {
    KEDGE_TRY(const std::size_t index, find_interface(invocation, word));
    chosen.push_back(index);
  }
  if (!invocation.arguments().empty()) return chosen;
  for (std::size_t i = 0; i < invocation.environment.interfaces.count(); ++i) chosen.push_back(i);
  if (chosen.empty()) return fail(err::script_no_interfaces);
  return chosen;
}

Outcome run_open(Invocation& invocation) noexcept {
  KEDGE_CO_TRY(const std::vector<std::size_t> chosen, choose(invocation));
  for (const std::size_t index : chosen) {
    KEDGE_CO_CHECK(co_await invocation.interpreter.interruptible(
        invocation.environment.interfaces.open(index)));
  }
  co_return {};
}
constexpr CommandSpec kOpen{
    "open network interfaces", "[<interface>...]", 0, kAnyNumber, {}, run_open};

Outcome run_close(Invocation& invocation) noexcept {
  KEDGE_CO_TRY(const std::vector<std::size_t> chosen, choose(invocation));
  for (const std::size_t index : chosen) invocation.environment.interfaces.close(index);
  co_return {};
}
constexpr CommandSpec kClose{
    "close network interfaces", "[<interface>...]", 0, kAnyNumber, {}, run_close};

void print_interface(port::Console& console, const InterfaceInfo& info) noexcept {
  format_to(console, "{}: {} using {} on {}{}{} ({})\n", info.name, info.mac, info.driver, info.bus,
            info.vlan.empty() ? "" : ", VLAN ", info.vlan, info.open ? "open" : "closed");
  format_to(console, "  link {}{}{}, TX {} ({} failed), RX {} ({} failed)\n",
            info.link_up ? "up" : "down", info.link_detail.empty() ? "" : ": ", info.link_detail,
            info.transmitted, info.transmit_errors, info.received, info.receive_errors);
  for (const std::string& address : info.addresses) format_to(console, "  {}\n", address);
}

Outcome run_ifstat(Invocation& invocation) noexcept {
  KEDGE_CO_TRY(const std::vector<std::size_t> chosen, choose(invocation));
  for (const std::size_t index : chosen) {
    print_interface(invocation.environment.console,
                    invocation.environment.interfaces.describe(index));
  }
  co_return {};
}
constexpr CommandSpec kIfstat{
    "show network interfaces", "[<interface>...]", 0, kAnyNumber, {}, run_ifstat};

enum ConfOption : std::size_t { kConfigurator, kConfTimeout };
constexpr OptionSpec kConfOptions[] = {
    {'c', "configurator", OptionKind::text, "only this one: dhcp, ipv6, ..."},
    {'t', "timeout", OptionKind::milliseconds, "give up after this time"}};

Outcome configure(Invocation& invocation, std::size_t index) noexcept {
  Interfaces& interfaces = invocation.environment.interfaces;
  const bool was_open = interfaces.describe(index).open;
  const ConfigureRequest request{.configurator = invocation.text(kConfigurator),
                                 .timeout = invocation.duration(kConfTimeout)};
  Result<void> outcome =
      co_await invocation.interpreter.interruptible(interfaces.configure(index, request));
  if (!outcome.ok() && !was_open) interfaces.close(index);
  co_return outcome;
}

/// One after the other until one succeeds: the interface with the server is seldom known. Why the
/// others failed is told by configure() itself.
Outcome run_ifconf(Invocation& invocation) noexcept {
  KEDGE_CO_TRY(const std::vector<std::size_t> chosen, choose(invocation));
  Result<void> outcome;
  for (const std::size_t index : chosen) {
    outcome = co_await configure(invocation, index);
    if (outcome.ok() || outcome.error().kind() == ErrorKind::cancelled) break;
  }
  co_return outcome;
}
constexpr CommandSpec kIfconf{"obtain addresses for a network interface",
                              "[<interface>...]",
                              0,
                              kAnyNumber,
                              kConfOptions,
                              run_ifconf};

constexpr OptionSpec kLinkOptions[] = {
    {'t', "timeout", OptionKind::milliseconds, "give up after this time"}};

Outcome run_iflinkwait(Invocation& invocation) noexcept {
  KEDGE_CO_TRY(const std::vector<std::size_t> chosen, choose(invocation));
  Result<void> outcome;
  for (const std::size_t index : chosen) {
    outcome = co_await invocation.interpreter.interruptible(
        invocation.environment.interfaces.wait_link(index, invocation.duration(0)));
    if (outcome.ok() || outcome.error().kind() == ErrorKind::cancelled) break;
  }
  co_return outcome;
}
constexpr CommandSpec kIflinkwait{"wait until a network interface has a link",
                                  "[<interface>...]",
                                  0,
                                  kAnyNumber,
                                  kLinkOptions,
                                  run_iflinkwait};

Outcome run_route(Invocation& invocation) noexcept {
  for (const std::string& line : invocation.environment.interfaces.routes()) {
    format_to(invocation.environment.console, "{}\n", line);
  }
  co_return {};
}
constexpr CommandSpec kRoute{"show the routing table", "", 0, 0, {}, run_route};

Outcome run_nslookup(Invocation& invocation) noexcept {
  const Word& setting = invocation.arguments()[0];
  const Word& name = invocation.arguments()[1];
  if (name.text.empty()) co_return invocation.complain(name, "the name expands to nothing");
  KEDGE_CO_TRY(const std::vector<wire::IpAddress> addresses,
               co_await invocation.interpreter.interruptible(
                   invocation.environment.interfaces.resolve(name.text)));
  const wire::IpAddress& best = addresses.front();
  co_return invocation.environment.settings.set(
      setting.text, format("{}", best), best.is_v4() ? SettingType::ipv4 : SettingType::ipv6);
}
constexpr CommandSpec kNslookup{"look up a host name and put its address into a setting",
                                "<setting> <name>",
                                2,
                                2,
                                {},
                                run_nslookup};

constexpr CommandName kCommands[] = {
    {"dhcp", &kIfconf},           {"ifclose", &kClose}, {"ifconf", &kIfconf},
    {"iflinkwait", &kIflinkwait}, {"ifopen", &kOpen},   {"ifstat", &kIfstat},
    {"nslookup", &kNslookup},     {"route", &kRoute},
};

}  // namespace

CommandTable interface_commands() noexcept {
  return kCommands;
}

std::span<const CommandTable> standard_commands() noexcept {
  static const CommandTable tables[] = {control_commands(), setting_commands(), image_commands(),
                                        interface_commands()};
  return tables;
}

}  // namespace kedge::script
