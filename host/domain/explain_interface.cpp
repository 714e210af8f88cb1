// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// One interface: who drives the NIC, and whose network stack boots from it.
#include <fmt/format.h>

#include "domain/explain.h"
#include "domain/kedge_options.h"

namespace kedge::host {
namespace {

// What a run-time choice comes to in this domain.
void decide_personality(const Explanation& so_far, InterfaceReport& report) {
  const RomPart& part = *report.runs;
  report.personality = personality_name(part.personality);
  if (part.personality != Personality::run_time_choice) return;
  const auto options = options_of(so_far);
  const KedgeOption* const option = find_option(options, "personality", report.nic.mac);
  if (option != nullptr) {
    report.personality = option->value.value_or("unknown");
    report.run.source +=
        fmt::format("; personality {} from {}", report.personality, option->source);
    return;
  }
  report.personality = part.default_personality.empty() ? "unknown" : part.default_personality;
  report.run.source +=
      part.default_personality.empty()
          ? "; no channel sets its personality"
          : fmt::format("; personality {} is the ROM's default, as no channel sets it",
                        report.personality);
}

// Why the firmware's own network stack does not start, with the source; nothing when it does.
std::optional<Fact> why_no_stack(const Explanation& so_far) {
  const auto& image = so_far.firmware.image;
  if (image && !image->has_network()) {
    return Fact{.text = "the firmware has no network stack",
                .source = so_far.firmware.content.source};
  }
  if (lacks_random(so_far) && so_far.rng_giver == 0) {
    return Fact{.text = "the firmware's network stack does not start without random numbers",
                .source = fmt::format("{}; no <rng>; {}", so_far.firmware.content.source,
                                      so_far.random.source)};
  }
  return std::nullopt;
}

// Where the random numbers come from that the firmware does not have.
std::string given_random(const Explanation& so_far) {
  if (!lacks_random(so_far)) return {};
  return fmt::format(
      "; the firmware has no random numbers, the ROM of interface {} gives it some (from timing "
      "jitter, if that passes its tests)",
      so_far.rng_giver);
}

// The firmware's own network stack over this NIC, if it can start.
void boot_by_firmware(const Explanation& so_far, InterfaceReport& report, std::string_view driver) {
  if (const auto reason = why_no_stack(so_far)) {
    report.stack = BootStack::nobody;
    report.verdict = {.text = "nothing boots from it: " + reason->text, .source = reason->source};
    return;
  }
  const auto& image = so_far.firmware.image;
  report.stack = BootStack::firmware;
  std::string ways;
  if (image && image->has("UefiPxeBcDxe")) ways = "PXE";
  if (image && image->has("HttpBootDxe")) ways += ways.empty() ? "HTTP" : ", HTTP";
  report.verdict = {.text = fmt::format("the firmware's own network stack boots from it{}",
                                        ways.empty() ? "" : " (" + ways + ")"),
                    .source = std::string(driver) + given_random(so_far)};
}

// The ROM's own stack over this NIC, beside the firmware's if there is one and the ROM lets it.
void boot_by_rom(const Explanation& so_far, InterfaceReport& report) {
  const std::string name = report.runs->name();
  report.stack = BootStack::rom;
  report.verdict = {
      .text = fmt::format("{} boots from it with its own network stack; the firmware's PXE and "
                          "HTTP boot do not appear",
                          name),
      .source = report.runs->personality == Personality::takeover
                    ? report.runs->evidence
                    : "the personality, " + report.run.source};
  if (report.personality != "both") return;
  if (const auto reason = why_no_stack(so_far)) {
    report.verdict.text += ": " + reason->text;
    report.verdict.source += "; " + reason->source;
    return;
  }
  report.stack = BootStack::both;
  report.verdict.text =
      fmt::format("{} and the firmware's own stack each offer boot options", name);
  report.verdict.source += given_random(so_far);
}

void decide_uefi(const Explanation& so_far, InterfaceReport& report) {
  if (report.runs) {
    report.driver = "rom";
    report.driver_fact = {
        .text = fmt::format("the ROM's ({}){}", report.runs->name(),
                            report.model.virtio ? ", not the firmware's VirtioNetDxe" : ""),
        .source = "UEFI asks a device's own ROM first (Bus Specific Driver Override)"};
    decide_personality(so_far, report);
    if (report.personality == "driver") {
      boot_by_firmware(so_far, report, "the ROM's driver offers only the NIC");
    } else if (report.personality == "takeover" || report.personality == "both") {
      boot_by_rom(so_far, report);
    } else {
      report.stack = BootStack::unknown;
      report.verdict = {.text = "the ROM drives it; whose stack boots is not known",
                        .source = "the ROM does not tell its personality"};
    }
    return;
  }
  const bool unknown_rom =
      !report.rom_name.empty() && !report.content && report.place == RomPlace::bar;
  if (unknown_rom || (report.nic.type == "hostdev" && report.nic.rom.enabled != false)) {
    report.driver = "unknown";
    report.driver_fact = {.text = "not known", .source = "the ROM cannot be read"};
    report.verdict = {.text = "not known", .source = "it depends on the ROM"};
    return;
  }
  const bool built_in =
      report.model.virtio && (!so_far.firmware.image || so_far.firmware.image->has("VirtioNetDxe"));
  if (built_in) {
    report.driver = "firmware";
    report.driver_fact = {.text = "the firmware's VirtioNetDxe",
                          .source = so_far.firmware.image ? so_far.firmware.content.source
                                                          : "every known OVMF has it"};
    boot_by_firmware(so_far, report, "no ROM stands between");
    return;
  }
  report.driver = "none";
  report.stack = BootStack::nobody;
  report.driver_fact = {.text = "none", .source = "UEFI for VMs has drivers for virtio-net only"};
  report.verdict = {
      .text = "nothing boots from it: no ROM that runs, and no driver in the firmware",
      .source = report.driver_fact.source};
}

void decide_bios(InterfaceReport& report) {
  if (report.runs) {
    report.driver = "rom";
    report.stack = BootStack::rom;
    report.driver_fact = {.text = fmt::format("the ROM's ({})", report.runs->name()),
                          .source = "a BIOS has no NIC drivers of its own"};
    report.verdict = {.text = fmt::format("{} boots from it", report.runs->name()),
                      .source = report.run.source};
    return;
  }
  const bool unknown_rom = !report.rom_name.empty() && !report.content;
  report.driver = unknown_rom ? "unknown" : "none";
  report.stack = unknown_rom ? BootStack::unknown : BootStack::nobody;
  report.driver_fact = {.text = unknown_rom ? "not known" : "none",
                        .source = "a BIOS has no NIC drivers of its own"};
  report.verdict = {
      .text = unknown_rom ? "not known" : "nothing boots from it: there is no BIOS image",
      .source = report.driver_fact.source};
}

}  // namespace

std::string_view boot_stack_name(BootStack stack) {
  switch (stack) {
    case BootStack::rom:
      return "rom";
    case BootStack::firmware:
      return "firmware";
    case BootStack::both:
      return "both";
    case BootStack::nobody:
      return "nobody";
    case BootStack::unknown:
      break;
  }
  return "unknown";
}

bool lacks_random(const Explanation& so_far) {
  return so_far.firmware.image && so_far.firmware.image->stack_needs_random &&
         so_far.domain.rng_line == 0 && so_far.random.has == false;
}

void explain_interface(const Explanation& so_far, InterfaceReport& report) {
  switch (so_far.firmware.kind) {
    case FirmwareKind::uefi:
      decide_uefi(so_far, report);
      break;
    case FirmwareKind::bios:
      decide_bios(report);
      break;
    case FirmwareKind::none:
    case FirmwareKind::unknown:
      report.driver = "unknown";
      report.verdict = {.text = "not known", .source = "the firmware is not known"};
      break;
  }
}

}  // namespace kedge::host
