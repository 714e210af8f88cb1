// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "kedge/completion_live.h"

#include <fmt/format.h>

#include <algorithm>

#include "domain/domain_input.h"
#include "kedge/completion_text.h"

namespace kedge::host {
namespace {

const CompletionOption* option_of(const CompletionCommand& command, const std::string& word) {
  const auto found = std::ranges::find_if(command.options, [&word](const auto& option) {
    const std::vector<std::string> names = option_names(option);
    return std::ranges::find(names, word) != names.end();
  });
  return found == command.options.end() ? nullptr : &*found;
}

void add_interfaces(const Domain& domain, std::vector<std::string>& values) {
  for (const DomainInterface& nic : domain.interfaces) {
    values.push_back(fmt::format("{}", nic.number));
    if (!nic.alias.empty()) values.push_back(nic.alias);
    if (!nic.mac.empty()) values.push_back(nic.mac);
  }
}

}  // namespace

NamedDomain find_domain(const CompletionCommand& program, const std::vector<std::string>& words) {
  NamedDomain named;
  const CompletionCommand* command = &program;
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    const std::string& word = words[i];
    const std::size_t equals = word.starts_with("--") ? word.find('=') : std::string::npos;
    const CompletionOption* const option = option_of(*command, word.substr(0, equals));
    if (option != nullptr && option->takes_value) {
      const std::string value = equals != std::string::npos ? word.substr(equals + 1) : words[++i];
      if (option->long_name == "connect" && i + 1 < words.size()) named.connect = value;
      continue;
    }
    if (word.starts_with('-') && word != "-") continue;
    const auto child = std::ranges::find(command->commands, word, &CompletionCommand::name);
    if (child != command->commands.end()) {
      command = &*child;
    } else if (named.name.empty()) {
      named.name = word;
    }
  }
  return named;
}

std::vector<std::string> live_values(const std::string& list, const NamedDomain& named,
                                     const std::vector<std::string>& words) {
  if (list == "domains") {
    const auto connection = LibvirtConnection::open(named.connect, LibvirtConnection::Access::read);
    return connection ? connection->domain_names() : std::vector<std::string>();
  }
  if (named.name.empty() || named.name == "-") return {};
  const auto input = read_domain_input(named.name, named.connect, LibvirtConnection::Access::read);
  if (!input) return {};
  const auto domain = parse_domain(input->xml);
  if (!domain) return {};
  std::vector<std::string> values;
  add_interfaces(*domain, values);
  if (list != "devices") return values;
  for (const DomainDevice& device : domain->devices) {
    // "disk vda (/var/lib/...)"
    const std::size_t begin = device.what.find(' ') + 1;
    if (device.kind == "disk" || device.kind == "cdrom" || device.kind == "floppy") {
      values.push_back(device.what.substr(begin, device.what.find(' ', begin) - begin));
    }
  }
  const std::string& typed = words.empty() ? named.name : words.back();
  const std::string before = typed.substr(0, typed.rfind(',') + 1);
  for (std::string& value : values) value.insert(0, before);
  return values;
}

}  // namespace kedge::host
