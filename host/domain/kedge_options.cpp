// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "domain/kedge_options.h"

#include <fmt/format.h>

#include "domain/vlan_list.h"

namespace kedge::host {
namespace {

enum Strength : std::uint8_t { kVariable = 1, kOemString, kFwCfg };

std::string trimmed(std::string_view text) {
  constexpr std::string_view kBlanks(" \t\r\n\0", 5);
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return std::string(text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1));
}

bool is_mac(std::string_view text) {
  constexpr std::size_t kMacTextBytes = 17;
  if (text.size() != kMacTextBytes) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool digit = std::string_view("0123456789abcdefABCDEF").contains(text[i]);
    if (i % 3 == 2 ? text[i] != ':' : !digit) return false;
  }
  return true;
}

// `key` is "NAME", "MAC:NAME" or "MAC/NAME".
void add(std::vector<KedgeOption>& options, Strength strength, std::string_view key,
         const std::optional<std::string>& value, std::string source) {
  constexpr std::size_t kMacTextBytes = 17;
  KedgeOption option{
      .strength = strength, .mac = {}, .name = {}, .value = value, .source = std::move(source)};
  if (value) option.value = trimmed(*value);
  const bool has_mac = key.size() > kMacTextBytes && is_mac(key.substr(0, kMacTextBytes)) &&
                       (key[kMacTextBytes] == ':' || key[kMacTextBytes] == '/');
  if (has_mac) {
    for (const char c : key.substr(0, kMacTextBytes)) {
      option.mac += c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    key.remove_prefix(kMacTextBytes + 1);
  }
  option.name = key;
  if (option.value && option.value->empty()) return;  // as good as not there
  options.push_back(std::move(option));
}

void add_oem_string(std::vector<KedgeOption>& options, std::string_view text, std::string source) {
  text = text.substr(0, text.find('\0'));
  const std::string trimmed_text = trimmed(text);
  text = trimmed_text;
  if (!text.starts_with(kKedgeOemPrefix)) return;
  text.remove_prefix(kKedgeOemPrefix.size());
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) return;
  add(options, kOemString, text.substr(0, equals), std::string(text.substr(equals + 1)),
      std::move(source));
}

// The value of `key` in QEMU's "key=value,key=value", where a comma in a value is doubled.
std::optional<std::string> option_value(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    std::string item;
    std::size_t at = 0;
    for (; at < text.size(); ++at) {
      if (text[at] == ',') {
        if (at + 1 >= text.size() || text[at + 1] != ',') break;
        ++at;
      }
      item += text[at];
    }
    text.remove_prefix(std::min(text.size(), at + 1));
    if (item.size() > key.size() && item.starts_with(key) && item[key.size()] == '=') {
      return item.substr(key.size() + 1);
    }
  }
  return std::nullopt;
}

void add_command_line(std::vector<KedgeOption>& options, const Domain& domain) {
  for (std::size_t i = 0; i + 1 < domain.command_line.size(); ++i) {
    const std::string option = domain.command_line[i].value.value_or("");
    const std::string value = domain.command_line[i + 1].value.value_or("");
    const std::string source =
        fmt::format("argument {} (XML line {})", option, domain.command_line[i + 1].line);
    if (option == "-fw_cfg" && domain.kedge_reads_fw_cfg()) {
      std::string name = option_value(value, "name").value_or("");
      if (name.empty()) name = value.substr(0, value.find(','));  // "NAME,string=..."
      if (!name.starts_with(kKedgeFwCfgPrefix)) continue;
      add(options, kFwCfg, std::string_view(name).substr(kKedgeFwCfgPrefix.size()),
          option_value(value, "string"), source);
    } else if (option == "-smbios" && option_value(value, "type") == "11") {
      add_oem_string(options, option_value(value, "value").value_or(""), source);
    }
  }
}

}  // namespace

bool fw_cfg_entry_can_have(std::string_view value) {
  return !value.contains(',');
}

bool is_personality(std::string_view value) {
  return value == "driver" || value == "takeover" || value == "both";
}

bool is_malformed(const KedgeOption& option) {
  if (!option.value) return false;
  if (option.name == "personality") return !is_personality(*option.value);
  return option.name == "vlan" && !parse_vlans(*option.value);
}

std::vector<KedgeOption> kedge_options(const Domain& domain, const VariableStore* store) {
  std::vector<KedgeOption> options;
  for (const GuestText& entry : domain.fw_cfg) {
    const std::string_view name = entry.name;
    if (!domain.kedge_reads_fw_cfg()) break;
    if (!name.starts_with(kKedgeFwCfgPrefix)) continue;
    add(options, kFwCfg, name.substr(kKedgeFwCfgPrefix.size()), entry.value,
        fmt::format("fw_cfg file {} (XML line {})", name, entry.line));
  }
  // Without <smbios mode='sysinfo'/> QEMU is not given them.
  for (const GuestText& entry : domain.oem_strings) {
    if (!domain.smbios_from_sysinfo) break;
    add_oem_string(options, entry.value.value_or(""),
                   fmt::format("SMBIOS OEM string (XML line {})", entry.line));
  }
  add_command_line(options, domain);
  if (store == nullptr) return options;
  const EfiGuid vendor = parse_guid(kKedgeVariableVendor);
  for (const EfiVariable& variable : store->variables) {
    if (variable.vendor != vendor) continue;
    add(options, kVariable, variable.name, variable.data,
        fmt::format("EFI variable {} (offset {:#x} of the variable store)", variable.name,
                    variable.offset));
  }
  return options;
}

const KedgeOption* find_option(const std::vector<KedgeOption>& options, std::string_view name,
                               std::string_view mac) {
  // As the firmware does: a malformed value counts as absent, a stronger channel is stronger
  // whatever it speaks of, and within a channel one NIC's word precedes that for all.
  const KedgeOption* best = nullptr;
  for (const KedgeOption& option : options) {
    if (option.name != name || (!option.mac.empty() && option.mac != mac)) continue;
    if (is_malformed(option)) continue;
    const bool better =
        best == nullptr || option.strength > best->strength ||
        (option.strength == best->strength && !option.mac.empty() && best->mac.empty());
    if (better) best = &option;
  }
  return best;
}

}  // namespace kedge::host
