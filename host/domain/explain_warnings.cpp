// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// What is known to fail. Each warning has an id that scripts can rely on.
#include <fmt/format.h>

#include <algorithm>

#include "domain/explain.h"
#include "domain/kedge_options.h"
#include "rom/option_rom.h"

namespace kedge::host {
namespace {

class Warnings {
 public:
  Warnings(const Explanation& so_far, const HostFacts& host) : so_far_(so_far), host_(host) {}

  std::vector<Warning> find() {
    for (const InterfaceReport& report : so_far_.interfaces) {
      check_rom(report);
      check_driver(report);
      check_size(report);
      check_bar(report);
      check_order(report);
    }
    check_options();
    return std::move(found_);
  }

 private:
  void add(std::string id, int interface, std::string text, std::string advice,
           std::string source) {
    found_.push_back({.id = std::move(id),
                      .interface = interface,
                      .text = std::move(text),
                      .advice = std::move(advice),
                      .source = std::move(source)});
  }

  bool is_uefi() const { return so_far_.firmware.kind == FirmwareKind::uefi; }
  bool is_bios() const { return so_far_.firmware.kind == FirmwareKind::bios; }
  // It is among the boot options.
  bool is_to_boot(int number) const {
    return std::ranges::any_of(so_far_.boot,
                               [number](const BootStep& step) { return step.interface == number; });
  }

  void check_rom(const InterfaceReport& report) {
    const int number = report.nic.number;
    if (report.rom_name.empty() || !host_.files_are_here) return;
    if (report.rom_file.empty()) {
      add("rom-missing", number,
          fmt::format("the ROM {} is not there: QEMU will not start", report.rom_name),
          "install it, name another (--rom FILE), or do without (--rom off)", report.rom.source);
      return;
    }
    if (!report.content || !report.content->problems.empty()) {
      add("rom-damaged", number, fmt::format("the ROM {} is damaged", report.rom_file),
          fmt::format("`kedge rom verify {}` says more", report.rom_file),
          report.content ? report.content->problems.front() : report.inside.back().source);
      if (!report.content) return;
    }
    if (report.runs || report.place == RomPlace::none) return;
    const RomContent& content = *report.content;
    if (is_bios() && !content.has_bios()) {
      add("rom-only-uefi", number,
          "the ROM has no image for a BIOS, and this domain starts with one",
          "use UEFI (<os firmware='efi'>), or a ROM with a BIOS image", report.rom_file);
    } else if (is_uefi() && report.place == RomPlace::bar && !content.has_efi()) {
      add("rom-only-bios", number,
          "the ROM has only an image for a BIOS, and this domain starts with UEFI",
          "use a ROM with a UEFI driver", report.rom_file);
    } else if (is_uefi() && report.place == RomPlace::bar) {
      const bool refused = report.run.text.contains("Secure Boot");
      if (refused) {
        add("secure-boot-refuses-rom", number,
            "Secure Boot refuses the ROM, because it is not signed",
            report.model.virtio
                ? "the firmware's own driver takes the NIC; to make that plain: --rom off"
                : "sign the ROM, or use firmware without enrolled keys",
            report.run.source);
      } else if (!report.rom_is_default || report.driver != "firmware") {
        // QEMU gives x86's ROM to NICs of all machines: nobody has asked for it there.
        add("rom-other-machine", number,
            fmt::format("the ROM has no UEFI driver for {}", so_far_.domain.architecture),
            "use a ROM for this architecture, or a virtio NIC with --rom off", report.rom_file);
      }
    }
  }

  void check_driver(const InterfaceReport& report) {
    if (!is_uefi()) return;
    const int number = report.nic.number;
    if (report.driver == "none" && is_to_boot(number)) {
      add("no-driver", number, "the firmware has no driver for this NIC and no ROM brings one",
          "give it a ROM (--rom default, --rom FILE), or use model virtio",
          report.driver_fact.source);
    }
    if (lacks_random(so_far_) && report.stack == BootStack::nobody && report.driver != "none") {
      add("no-random", number,
          "the firmware's network stack does not start: it has no random numbers",
          "add <rng model='virtio'> (--rng), a CPU model with RDRAND, or a ROM of Kedge",
          report.verdict.source);
    }
  }

  // The size of the ROM's BAR is guest ABI: live migration wants it equal.
  void check_size(const InterfaceReport& report) {
    if (!report.content || report.rom_is_default || report.place != RomPlace::bar) return;
    const auto usual = host_.find_rom(report.model.rom);
    if (report.model.rom.empty() || !usual) return;
    std::error_code failed;
    const auto bytes = std::filesystem::file_size(*usual, failed);
    if (failed) return;
    const std::size_t bar = qemu_bar_bytes(bytes);
    if (bar == report.content->bar_bytes) return;
    add("migration-size", report.nic.number,
        fmt::format(
            "the ROM makes a BAR of {} KiB, QEMU's own ROM for this NIC one of {} KiB: live "
            "migration to or from domains with that fails",
            report.content->bar_bytes / 1024, bar / 1024),
        "pad the ROM (kedge rom build --size), or change the ROM only while no migration is meant",
        fmt::format("{}: {} bytes; {}: {} bytes", report.rom_file, report.content->bytes,
                    usual->string(), bytes));
  }

  void check_bar(const InterfaceReport& report) {
    if (report.nic.rom.bar != false || !is_bios() || report.rom_name.empty()) return;
    add("bar-off-bios", report.nic.number,
        "<rom bar='off'/> does not keep a BIOS from running the ROM: it is handed over by fw_cfg",
        "use <rom enabled='no'/> (--rom off)", fmt::format("XML line {}", report.nic.rom.line));
  }

  // Where the network is to boot, other NICs' ROMs only cost time and may take the boot over.
  void check_order(const InterfaceReport& report) {
    const bool some_boot =
        std::ranges::any_of(so_far_.boot, [](const BootStep& step) { return step.interface != 0; });
    if (!some_boot || is_to_boot(report.nic.number) || !report.runs) return;
    // Without this ROM the others would not boot.
    if (lacks_random(so_far_) && so_far_.rng_giver == report.nic.number) return;
    add("rom-not-to-boot", report.nic.number,
        "the ROM runs although this interface is not among the boot options",
        "take it away (--rom off)", report.rom.source);
  }

  void check_malformed(const KedgeOption& option) {
    if (!is_malformed(option)) return;
    if (option.name == "personality") {
      add("personality-unknown", 0,
          fmt::format("the personality \"{}\" does not exist and counts as not given",
                      *option.value),
          "driver, takeover or both", option.source);
      return;
    }
    const Failure fault = parse_vlans(*option.value).error();
    add("vlan-malformed", 0,
        fmt::format("the VLANs \"{}\" make no sense and count as not given: {}", *option.value,
                    fault.what),
        fault.advice, option.source);
  }

  void check_comma(const GuestText& entry) {
    if (!entry.value || fw_cfg_entry_can_have(*entry.value)) return;
    add("fw-cfg-comma", 0,
        fmt::format(
            "the fw_cfg file {} has a comma: libvirt hands it to QEMU as it is, which takes "
            "what follows for another option and does not start",
            entry.name),
        entry.name.starts_with(kKedgeFwCfgPrefix) ? "set it anew; an OEM string may have commas"
                                                  : "give the content as a file (file='...')",
        fmt::format("XML line {}", entry.line));
  }

  void check_options() {
    const auto options = options_of(so_far_);
    for (const KedgeOption& option : options) check_malformed(option);
    for (const GuestText& entry : so_far_.domain.fw_cfg) check_comma(entry);
    const bool read_by_somebody = std::ranges::any_of(so_far_.interfaces, [](const auto& report) {
      return !report.content || std::ranges::any_of(report.content->parts, [](const RomPart& part) {
        return part.producer == "Kedge";
      });
    });
    // The application reads the other options.
    const auto personality = std::ranges::find(options, "personality", &KedgeOption::name);
    if (personality != options.end() && !read_by_somebody) {
      add("option-unread", 0,
          "a personality is set, but no interface has a ROM of Kedge's to read it",
          "give the interface Kedge's ROM (--rom FILE)", personality->source);
    }
    const auto hidden = std::ranges::find_if(so_far_.domain.oem_strings, [](const auto& text) {
      return text.value.value_or("").starts_with(kKedgeOemPrefix);
    });
    if (hidden != so_far_.domain.oem_strings.end() && !so_far_.domain.smbios_from_sysinfo) {
      add("oem-strings-hidden", 0, "the OEM strings do not reach the guest",
          "add <smbios mode='sysinfo'/> to <os>", fmt::format("XML line {}", hidden->line));
    }
  }

  const Explanation& so_far_;
  const HostFacts& host_;
  std::vector<Warning> found_;
};

}  // namespace

std::vector<Warning> find_warnings(const Explanation& so_far, const HostFacts& host) {
  return Warnings(so_far, host).find();
}

}  // namespace kedge::host
