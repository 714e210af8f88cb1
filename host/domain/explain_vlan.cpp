// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// The VLANs of one interface: those of the boots that Kedge runs, by its option or by what the
// firmware has stored.
#include <fmt/format.h>

#include "base/bytes.h"
#include "domain/explain.h"
#include "domain/kedge_options.h"

namespace kedge::host {
namespace {

// UEFI specification 27.1: EFI_VLAN_CONFIG_PROTOCOL. edk2 keeps its VLANs in a variable of this
// vendor, which is named by the MAC address and consists of tag control information.
constexpr std::string_view kVlanConfigVendor = "9e23d768-d2f3-4366-9fc3-3a7aba864374";

std::string variable_name(std::string_view mac) {
  std::string name;
  for (const char c : mac) {
    if (c != ':') name += c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return name;
}

std::vector<wire::VlanTag> vlans_in(const EfiVariable& variable) {
  wire::VlanList vlans;
  for (ByteReader reader(std::as_bytes(std::span(variable.data)));
       reader.remaining() >= sizeof(std::uint16_t);) {
    const auto tag = wire::VlanTag::from_control_information(reader.le16());
    if (tag.id <= wire::VlanTag::kIdMax) (void)vlans.set(tag);
  }
  return {vlans.tags().begin(), vlans.tags().end()};
}

void take_from_option(const KedgeOption& option, InterfaceReport& report) {
  report.vlans_fact = {.text = "not known: the option's file was not read",
                       .source = option.source};
  if (!option.value) return;
  report.vlans = parse_vlans(*option.value).value_or(std::vector<wire::VlanTag>());
  report.vlans_fact.text = vlans_text(report.vlans);
  if (report.stack == BootStack::both) {
    report.vlans_fact.text += "; the firmware's own stack has VLANs of its own";
  }
}

void take_from_firmware(const Explanation& so_far, InterfaceReport& report) {
  if (!so_far.firmware.variables) return;
  const std::string name = variable_name(report.nic.mac);
  const EfiVariable* const variable = so_far.firmware.variables->find(name, kVlanConfigVendor);
  if (variable == nullptr) return;
  report.vlans = vlans_in(*variable);
  if (report.vlans.empty()) return;
  report.vlans_fact = {
      .text = vlans_text(report.vlans) + ", from the firmware's VLAN configuration",
      .source = fmt::format("EFI variable {} (offset {:#x} of the variable store)", name,
                            variable->offset)};
}

}  // namespace

void explain_vlans(const Explanation& so_far, InterfaceReport& report) {
  if (!report.runs || report.runs->producer != "Kedge") return;
  const auto options = options_of(so_far);
  const KedgeOption* const option = find_option(options, "vlan", report.nic.mac);
  if (report.personality == "driver") {
    // Whoever gives the option in vain will look for its VLANs on the wire.
    if (option != nullptr) {
      report.note = fmt::format(
          "the option vlan from {} does nothing for boots over this NIC in the personality driver: "
          "the firmware's own VLAN configuration counts there",
          option->source);
    }
    return;
  }
  const bool known = report.personality == "takeover" || report.personality == "both";
  if (!known && report.personality != "unknown") return;
  if (option != nullptr) {
    take_from_option(*option, report);
  } else {
    take_from_firmware(so_far, report);
  }
  if (!known && !report.vlans_fact.text.empty()) {
    report.vlans_fact.text += "; only if Kedge boots, which is not known";
  }
}

}  // namespace kedge::host
