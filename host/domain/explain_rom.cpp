// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// The ROM of one interface: which file, what is in it, and which of its images the firmware runs.
#include <fmt/format.h>

#include "domain/explain.h"
#include "rom/rom_report.h"

namespace kedge::host {
namespace {

// A ROM given by arguments for QEMU itself: -global MODEL.romfile=X, -set device.ALIAS.romfile=X.
struct Override {
  std::string value;
  int line = 0;
};

std::optional<Override> argument_for(const Domain& domain, const InterfaceReport& report,
                                     std::string_view property) {
  std::optional<Override> found;
  for (std::size_t i = 0; i + 1 < domain.command_line.size(); ++i) {
    const std::string option = domain.command_line[i].value.value_or("");
    const std::string value = domain.command_line[i + 1].value.value_or("");
    const std::string place = option == "-global" ? report.model.qemu_device
                              : option == "-set" && !report.nic.alias.empty()
                                  ? "device." + report.nic.alias
                                  : std::string();
    const std::string prefix = fmt::format("{}.{}=", place, property);
    if (!place.empty() && value.starts_with(prefix)) {
      found = {.value = value.substr(prefix.size()), .line = domain.command_line[i + 1].line};
    }
  }
  return found;
}

void choose_rom(const Explanation& so_far, const HostFacts& host, InterfaceReport& report) {
  const RomElement& rom = report.nic.rom;
  const std::string line = fmt::format("XML line {}", rom.line);
  if (rom.enabled == false) {
    report.rom = {.text = "none", .source = line + ": <rom enabled='no'/>"};
    return;
  }
  report.place = rom.bar == false ? RomPlace::fw_cfg : RomPlace::bar;
  if (!rom.file.empty()) {
    report.rom_name = rom.file;
    report.rom = {.text = rom.file, .source = line};
  } else if (report.nic.type == "hostdev") {
    report.place = RomPlace::none;
    report.rom = {.text = "the device's own, which is not known here",
                  .source = fmt::format("XML line {}: a device of the host", report.nic.line)};
    return;
  } else {
    report.rom_name = report.model.rom;
    report.rom_is_default = true;
    report.rom = {.text = report.rom_name,
                  .source = report.model.known && report.model.is_pci
                                ? host.qemu_name() + report.model.source.substr(4)
                                : report.model.source};
  }
  if (const auto file = argument_for(so_far.domain, report, "romfile")) {
    report.rom_name = file->value;
    report.rom_is_default = false;
    report.rom = {.text = file->value, .source = fmt::format("XML line {}: romfile", file->line)};
  }
  if (const auto bar = argument_for(so_far.domain, report, "rombar");
      bar && (bar->value == "0" || bar->value == "off")) {
    report.place = RomPlace::fw_cfg;
  }
  if (report.rom_name.empty()) {
    report.place = RomPlace::none;
    report.rom.text = "none";
    return;
  }
  if (report.place == RomPlace::fw_cfg) {
    report.rom.text += ", not in the NIC but in fw_cfg, where only a BIOS looks";
    if (rom.bar == false) report.rom.source += fmt::format("; {}: <rom bar='off'/>", line);
  }
}

void read_rom(const HostFacts& host, InterfaceReport& report) {
  if (report.rom_name.empty()) return;
  if (!host.files_are_here) {
    report.inside.push_back({.text = "not known", .source = "the file is on another machine"});
    return;
  }
  const auto file = host.find_rom(report.rom_name);
  if (!file) {
    report.inside.push_back({.text = "not found: QEMU does not start without it",
                             .source = "looked in QEMU's data directories (-L help)"});
    return;
  }
  report.rom_file = file->string();
  auto content = read_rom_content(*file);
  if (!content) {
    report.inside.push_back(
        {.text = "damaged",
         .source = fmt::format("{}: {}", report.rom_file, content.error().what)});
    return;
  }
  report.content = *std::move(content);
  for (const RomPart& part : report.content->parts) {
    Fact fact{.text = part.name(),
              .source = fmt::format("{}: offset {:#x}", report.rom_file, part.offset)};
    if (part.is_efi) {
      fact.text +=
          fmt::format(", UEFI {} for {}, personality {}", part.is_driver ? "driver" : "application",
                      machine_text(part.machine), personality_name(part.personality));
      if (!part.evidence.empty()) fact.source += ", " + part.evidence;
    } else {
      fact.text += ", for BIOS";
    }
    if (!part.damage.empty()) fact.text += ", damaged: " + part.damage;
    report.inside.push_back(std::move(fact));
  }
}

// The image that this firmware runs, or why it runs none.
void choose_image(const Explanation& so_far, InterfaceReport& report) {
  if (!report.content) return;
  const bool bios = so_far.firmware.kind == FirmwareKind::bios;
  const std::uint16_t machine = efi_machine(so_far.domain.architecture);
  if (!bios && report.place != RomPlace::bar) {
    report.run = {.text = "no, UEFI looks only into the NIC", .source = "rombar=0: no ROM BAR"};
    return;
  }
  for (const RomPart& part : report.content->parts) {
    const bool fits =
        bios ? !part.is_efi : part.is_efi && part.is_driver && part.machine == machine;
    if (!fits || !part.damage.empty()) continue;
    const bool deny = !bios && so_far.firmware.secure_boot == true && !part.is_signed &&
                      (!so_far.domain.is_x86() || so_far.domain.encrypted_memory);
    if (deny) {
      report.run = {.text = "no, Secure Boot refuses it: it is not signed",
                    .source = so_far.domain.encrypted_memory
                                  ? "OVMF refuses unsigned ROMs in encrypted guests"
                                  : "edk2's policy for ROMs on this architecture"};
      return;
    }
    report.runs = part;
    report.run = {.text = fmt::format("yes, the {} image", bios ? "BIOS" : "UEFI"),
                  .source = bios ? "the ROM has a BIOS image"
                                 : fmt::format("a driver for {}", machine_text(machine))};
    if (!bios && so_far.firmware.secure_boot == true) {
      report.run.source += "; OVMF runs ROMs on x86 unsigned, even with Secure Boot";
    }
    return;
  }
  const bool has_efi = report.content->has_efi();
  report.run = {.text = bios      ? "no, it has no image for a BIOS"
                        : has_efi ? fmt::format("no, it has no UEFI driver for {}",
                                                so_far.domain.architecture)
                                  : "no, it has only an image for a BIOS",
                .source = report.rom_file};
}

}  // namespace

void explain_rom(const Explanation& so_far, const HostFacts& host, InterfaceReport& report) {
  choose_rom(so_far, host, report);
  read_rom(host, report);
  choose_image(so_far, report);
}

}  // namespace kedge::host
