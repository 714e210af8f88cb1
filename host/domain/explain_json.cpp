// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "domain/explain_json.h"

namespace kedge::host {
namespace {

using nlohmann::json;

json fact(const Fact& fact) {
  return {{"text", fact.text}, {"source", fact.source}};
}

json text_or_null(const std::string& text) {
  return text.empty() ? json() : json(text);
}

json bool_or_null(std::optional<bool> value) {
  return value ? json(*value) : json();
}

std::string_view place_name(RomPlace place) {
  switch (place) {
    case RomPlace::bar:
      return "bar";
    case RomPlace::fw_cfg:
      return "fw_cfg";
    case RomPlace::none:
      break;
  }
  return "none";
}

json vlans_or_null(const std::vector<wire::VlanTag>& vlans) {
  if (vlans.empty()) return {};
  json all = json::array();
  for (const wire::VlanTag& vlan : vlans)
    all.push_back({{"id", vlan.id}, {"priority", vlan.priority}});
  return all;
}

json json_interface(const InterfaceReport& report) {
  json inside = json::array();
  for (const Fact& one : report.inside) inside.push_back(fact(one));
  return {{"number", report.nic.number},
          {"line", report.nic.line},
          {"mac", text_or_null(report.nic.mac)},
          {"model", report.nic.model},
          {"rom",
           {{"name", text_or_null(report.rom_name)},
            {"file", text_or_null(report.rom_file)},
            {"place", place_name(report.place)},
            {"source", report.rom.source}}},
          {"inside", std::move(inside)},
          {"rom_runs", report.runs.has_value()},
          {"rom_runs_because", fact(report.run)},
          {"personality", text_or_null(report.personality)},
          {"driver", report.driver},
          {"driver_because", fact(report.driver_fact)},
          {"boots", boot_stack_name(report.stack)},
          {"boots_because", fact(report.verdict)},
          {"vlans", vlans_or_null(report.vlans)},
          {"vlans_because", fact(report.vlans_fact)}};
}

}  // namespace

json json_explanation(const Explanation& e) {
  json result = {{"domain", e.domain.name},
                 {"type", e.domain.type},
                 {"architecture", e.domain.architecture},
                 {"machine", e.domain.machine},
                 {"qemu", e.host}};
  result["firmware"] = {
      {"kind", firmware_kind_name(e.firmware.kind)},
      {"file", text_or_null(e.firmware.file)},
      {"chosen", fact(e.firmware.chosen)},
      {"content", fact(e.firmware.content)},
      {"version", e.firmware.image ? text_or_null(e.firmware.image->version) : json()},
      {"secure_boot", bool_or_null(e.firmware.secure_boot)},
      {"secure_boot_because", fact(e.firmware.secure_boot_fact)},
      {"variables", text_or_null(e.firmware.variables_file)},
      {"options", e.firmware_options}};
  result["interfaces"] = json::array();
  for (const InterfaceReport& report : e.interfaces) {
    result["interfaces"].push_back(json_interface(report));
  }
  result["boot"] = json::array();
  for (const BootStep& step : e.boot) {
    result["boot"].push_back({{"text", step.text},
                              {"source", step.source},
                              {"interface", step.interface == 0 ? json() : json(step.interface)}});
  }
  result["warnings"] = json::array();
  for (const Warning& warning : e.warnings) {
    result["warnings"].push_back(
        {{"id", warning.id},
         {"interface", warning.interface == 0 ? json() : json(warning.interface)},
         {"text", warning.text},
         {"advice", warning.advice},
         {"source", warning.source}});
  }
  result["notes"] = e.notes;
  return result;
}

}  // namespace kedge::host
