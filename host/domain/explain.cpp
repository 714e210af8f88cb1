// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "domain/explain.h"

#include <fmt/format.h>

#include "domain/device_path.h"

namespace kedge::host {
namespace {

// The change that people most often come for.
std::string hint_for(const Domain& domain, const InterfaceReport& report, FirmwareKind kind) {
  if (kind != FirmwareKind::uefi || !report.runs) return {};
  const bool takes_over = report.stack == BootStack::rom;
  if (report.runs->personality == Personality::run_time_choice) {
    return fmt::format("to change that: kedge domain set {} --interface {} --personality {}",
                       domain.name, report.nic.number, takes_over ? "driver" : "takeover");
  }
  if (takes_over && report.model.virtio) {
    return fmt::format(
        "to let the firmware's own stack boot: kedge domain set {} --interface {} --rom off",
        domain.name, report.nic.number);
  }
  return {};
}

void add_notes(const HostFacts& host, Explanation& so_far) {
  if (so_far.domain.live_dump) {
    so_far.notes.emplace_back(
        "this XML is of a running domain; what is defined for its next start may differ "
        "(virsh dumpxml --inactive)");
  }
  if (!host.files_are_here) {
    so_far.notes.emplace_back(
        "the domain runs on another machine: its ROMs, firmware and variables cannot be read here");
  }
  for (const InterfaceReport& report : so_far.interfaces) {
    if (!report.note.empty()) {
      so_far.notes.push_back(fmt::format("interface {}: {}", report.nic.number, report.note));
    }
  }
  for (const std::string& problem : host.descriptors.problems) {
    so_far.notes.push_back("firmware descriptor " + problem);
  }
  if (so_far.firmware.variables) {
    for (const std::string& problem : so_far.firmware.variables->problems) {
      so_far.notes.push_back(
          fmt::format("variable store {}: {}", so_far.firmware.variables_file, problem));
    }
  }
}

}  // namespace

Explanation explain(Domain domain, const HostFacts& host) {
  FirmwareReport firmware = explain_firmware(domain, host);
  return explain_with(std::move(domain), host, std::move(firmware));
}

std::vector<KedgeOption> options_of(const Explanation& so_far) {
  const auto& store = so_far.firmware.variables;
  return kedge_options(so_far.domain, store ? &*store : nullptr);
}

Explanation explain_with(Domain domain, const HostFacts& host, FirmwareReport firmware) {
  Explanation result{.domain = std::move(domain), .host = host.qemu_name()};
  result.firmware = std::move(firmware);
  result.random = cpu_random(result.domain, host.cpu_has_rdrand);
  for (const DomainInterface& nic : result.domain.interfaces) {
    InterfaceReport report{.nic = nic,
                           .model = nic_model(nic.model, nic.address_type, result.domain.machine)};
    explain_rom(result, host, report);
    // The firmware runs the ROMs of all devices before it boots from one; the first one gives.
    if (result.rng_giver == 0 && report.runs && report.runs->gives_rng) {
      result.rng_giver = nic.number;
    }
    result.interfaces.push_back(std::move(report));
  }
  for (InterfaceReport& report : result.interfaces) {
    explain_interface(result, report);
    explain_vlans(result, report);
    report.hint = hint_for(result.domain, report, result.firmware.kind);
  }
  result.boot = explain_boot_order(result);
  if (result.firmware.variables) {
    for (const BootOption& option : boot_options(*result.firmware.variables)) {
      result.firmware_options.push_back(option.text());
    }
  }
  result.warnings = find_warnings(result, host);
  add_notes(host, result);
  return result;
}

}  // namespace kedge::host
