// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// The VLANs of one interface: those that Kedge's option names for the boots that Kedge runs.
#include <fmt/format.h>

#include "domain/explain.h"
#include "domain/kedge_options.h"

namespace kedge::host {
namespace {

// Whoever gives the option in vain will look for its VLANs on the wire.
std::string why_in_vain(const InterfaceReport& report, const KedgeOption& option) {
  return fmt::format(
      "interface {}: the option vlan from {} does nothing in the personality driver: the "
      "firmware's own VLAN configuration counts there",
      report.nic.number, option.source);
}

}  // namespace

void explain_vlans(const Explanation& so_far, InterfaceReport& report) {
  if (!report.runs || report.runs->producer != "Kedge") return;
  const VariableStore* const store =
      so_far.firmware.variables ? &*so_far.firmware.variables : nullptr;
  const auto options = kedge_options(so_far.domain, store);
  const KedgeOption* const option = find_option(options, "vlan", report.nic.mac);
  if (option == nullptr) return;
  if (report.personality == "driver") report.note = why_in_vain(report, *option);
  if (report.personality != "takeover" && report.personality != "both") return;
  report.vlans_fact = {.text = "not known: the option's file was not read",
                       .source = option->source};
  if (!option->value) return;
  report.vlans = parse_vlans(*option->value).value_or(std::vector<wire::VlanTag>());
  report.vlans_fact.text = vlans_text(report.vlans);
  if (report.stack == BootStack::both) {
    report.vlans_fact.text += "; the firmware's own stack has VLANs of its own";
  }
}

}  // namespace kedge::host
