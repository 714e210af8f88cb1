// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "rom/rom_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "rom/efi_compression.h"

namespace kedge::host {
namespace {

constexpr std::size_t kDevicesShown = 8;

std::string kib(std::size_t bytes) {
  return bytes % 1024 == 0 ? fmt::format("{} KiB", bytes / 1024)
                           : fmt::format("{:.1f} KiB", static_cast<double>(bytes) / 1024);
}

std::uint16_t subsystem_of(const ImageReport& report) {
  if (report.image.efi) return report.image.efi->subsystem;
  return report.pe ? static_cast<std::uint16_t>(report.pe->info.subsystem) : std::uint16_t{0};
}

std::string ids_text(const PciData& pci) {
  std::string text = fmt::format("{:04x}:{:04x}", pci.vendor, pci.device);
  std::size_t shown = 0;
  for (const std::uint16_t device : pci.more_devices) {
    if (device == pci.device) continue;
    if (shown++ == kDevicesShown) {
      return text + fmt::format(" and more ({} in its list)", pci.more_devices.size());
    }
    text += fmt::format(" {:04x}", device);
  }
  return text;
}

std::string marked_ids(const ImageMarker& marker) {
  std::string text;
  for (std::size_t i = 0; i < std::min(marker.ids.size(), kDevicesShown); ++i) {
    text += fmt::format("{}{:04x}:{:04x}", i == 0 ? "" : " ", marker.ids[i].vendor,
                        marker.ids[i].device);
  }
  if (marker.ids.size() > kDevicesShown) text += fmt::format(" and more ({})", marker.ids.size());
  return text;
}

void format_pe(std::string& out, const ImageReport& report) {
  const PeFacts& pe = *report.pe;
  const auto row = [&out](std::string_view key, const std::string& value) {
    out += fmt::format("    {:<13}{}\n", key, value);
  };
  std::string sections;
  for (const PeSection& section : pe.sections) {
    sections += fmt::format("{}{}{}", sections.empty() ? "" : " ", section.name,
                            section.writable && section.executable ? "(W+X)" : "");
  }
  row("PE", fmt::format("{}, {} bytes; relocations {}; {}; section alignment {}; {}; {}", sections,
                        report.pe_bytes, pe.relocation_bytes > 0 ? "yes" : "no",
                        pe.info.has_nx_compat ? "NX_COMPAT" : "not NX_COMPAT", pe.section_alignment,
                        pe.info.has_signature ? "signed" : "not signed",
                        pe.info.has_sbat ? "SBAT" : "no SBAT"));
  for (const PeSignature& signature : pe.signatures) {
    row("signature", fmt::format("{}, {} bytes, not verified; names in it: {}", signature.type,
                                 signature.bytes, fmt::join(signature.names, ", ")));
  }
  if (!pe.build_id.empty()) row("build id", pe.build_id);
  if (!pe.debug_path.empty()) row("debug name", pe.debug_path);
}

void format_image(std::string& out, const ImageReport& report, std::size_t number) {
  const RomImage& image = report.image;
  const auto row = [&out](std::string_view key, const std::string& value) {
    out += fmt::format("    {:<13}{}\n", key, value);
  };
  std::string kind = "ISA expansion ROM (no PCI data)";
  if (image.pci) kind = code_type_name(image.pci->type);
  if (image.is_plain_pe) kind = "EFI, a PE file without ROM";
  if (image.efi) kind += " " + machine_text(image.efi->machine);
  if (image.is_plain_pe && report.pe) {
    kind += ", " + machine_text(static_cast<std::uint16_t>(report.pe->info.machine));
  }
  if (image.is_efi()) kind += fmt::format(", {}", subsystem_text(subsystem_of(report)));
  out += fmt::format("  image {}: {}\n", number, kind);
  const Origin& origin = report.origin;
  if (!origin.producer.empty() || !image.is_efi()) {
    const std::string producer = origin.producer.empty() ? "unknown" : origin.producer;
    row("producer", producer + (origin.version.empty() ? "" : " " + origin.version));
  } else {
    row("producer", "unknown");
  }
  if (image.is_efi() && report.pe) {
    std::string personality(personality_name(origin.personality));
    if (!origin.default_personality.empty()) {
      personality += fmt::format(", default {}", origin.default_personality);
    }
    row("personality", fmt::format("{}: {}", personality, personality_meaning(origin.personality)));
  }
  if (origin.marker && !origin.marker->ids.empty()) {
    row("drivers for", marked_ids(*origin.marker));
  }
  if (origin.marker && origin.marker->gives_rng) {
    row("gives", "EFI_RNG, to a firmware that has none, so that its network stack starts");
  }
  if (!report.pe_error.empty()) row("damaged", report.pe_error);
  if (image.pci) {
    const PciData& pci = *image.pci;
    row("device", fmt::format("{}, class {:06x}, PCI data revision {}, code revision {}",
                              ids_text(pci), pci.class_code, pci.revision, pci.code_revision));
  }
  std::string place = fmt::format("offset {:#x}, {} bytes ({})", image.offset, image.bytes.size(),
                                  kib(image.bytes.size()));
  if (image.efi) {
    place += image.efi->compression == 1
                 ? fmt::format(", compressed {} -> {} bytes", report.pe_bytes, report.packed_bytes)
             : image.efi->compression == 0
                 ? std::string(", not compressed")
                 : fmt::format(", compression {}", image.efi->compression);
  }
  if (!image.is_plain_pe) {
    place += image.sum == 0 ? ", checksum good"
             : image.is_efi()
                 ? fmt::format(", bytes add up to {:#04x} (nobody checks EFI images)", image.sum)
                 : fmt::format(", checksum WRONG ({:#04x})", image.sum);
  }
  row("place", place);
  if (report.pe) format_pe(out, report);
  for (std::size_t i = 0; i < origin.evidence.size(); ++i) {
    row(i == 0 ? "evidence" : "", origin.evidence[i]);
  }
}

nlohmann::json known_or_null(const std::string& text) {
  return text.empty() ? nlohmann::json() : nlohmann::json(text);
}

nlohmann::json json_image(const ImageReport& report) {
  const RomImage& image = report.image;
  nlohmann::json json = {
      {"offset", image.offset}, {"bytes", image.bytes.size()}, {"checksum_good", image.sum == 0}};
  json["type"] = image.is_efi() ? "EFI" : image.pci ? code_type_name(image.pci->type) : "ISA";
  if (image.pci) {
    const PciData& pci = *image.pci;
    json["vendor"] = fmt::format("{:04x}", pci.vendor);
    json["device"] = fmt::format("{:04x}", pci.device);
    json["devices"] = nlohmann::json::array();
    for (const std::uint16_t id : pci.more_devices)
      json["devices"].push_back(fmt::format("{:04x}", id));
    json["class"] = fmt::format("{:06x}", pci.class_code);
    json["pci_revision"] = pci.revision;
    json["code_revision"] = pci.code_revision;
    json["last"] = pci.last;
  }
  json["producer"] = known_or_null(report.origin.producer);
  json["version"] = known_or_null(report.origin.version);
  json["evidence"] = report.origin.evidence;
  if (!image.is_efi()) return json;
  const std::uint16_t machine = image.efi   ? image.efi->machine
                                : report.pe ? static_cast<std::uint16_t>(report.pe->info.machine)
                                            : std::uint16_t{0};
  json["machine"] = machine_text(machine);
  json["subsystem"] = subsystem_of(report);
  json["compressed"] = image.efi && image.efi->compression != 0;
  json["personality"] = personality_name(report.origin.personality);
  json["default_personality"] = known_or_null(report.origin.default_personality);
  if (report.origin.marker) {
    const ImageMarker& marker = *report.origin.marker;
    json["configuration"] = marker.configuration;
    json["gives_rng"] = marker.gives_rng;
    json["driver_ids"] = nlohmann::json::array();
    for (const MarkedId& id : marker.ids) {
      json["driver_ids"].push_back(fmt::format("{:04x}:{:04x}", id.vendor, id.device));
    }
  }
  if (!report.pe_error.empty()) json["error"] = report.pe_error;
  if (!report.pe) return json;
  nlohmann::json& pe = json["pe"];
  pe = {{"bytes", report.pe_bytes},
        {"relocations", report.pe->relocation_bytes > 0},
        {"nx_compat", report.pe->info.has_nx_compat},
        {"signed", report.pe->info.has_signature},
        {"signatures", nlohmann::json::array()},
        {"sbat", report.pe->sbat},
        {"section_alignment", report.pe->section_alignment},
        {"build_id", report.pe->build_id},
        {"debug_name", report.pe->debug_path},
        {"sections", nlohmann::json::array()}};
  for (const PeSignature& signature : report.pe->signatures) {
    pe["signatures"].push_back({{"offset", signature.offset},
                                {"bytes", signature.bytes},
                                {"type", signature.type},
                                {"names", signature.names}});
  }
  for (const PeSection& section : report.pe->sections) {
    pe["sections"].push_back({{"name", section.name},
                              {"memory_bytes", section.memory_bytes},
                              {"file_bytes", section.file_bytes},
                              {"writable", section.writable},
                              {"executable", section.executable}});
  }
  return json;
}

}  // namespace

std::string machine_text(std::uint16_t machine) {
  const std::string_view name = image::machine_name(image::Machine{machine});
  if (image::Machine{machine} == image::Machine::unknown || name.contains("unknown")) {
    return fmt::format("machine {:#06x}", machine);
  }
  return std::string(name);
}

std::string_view subsystem_text(std::uint16_t subsystem) {
  switch (subsystem) {
    case 0x0a:
      return "application";
    case 0x0b:
      return "boot service driver";
    case 0x0c:
      return "runtime driver";
    default:
      return "no subsystem of EFI";
  }
}

bool RomReport::sound() const {
  return problems.empty() && std::ranges::all_of(images, [](const ImageReport& image) {
           return image.pe_error.empty();
         });
}

RomReport report_rom(std::string name, const OptionRom& rom) {
  RomReport report{.name = std::move(name),
                   .file_bytes = rom.file.size(),
                   .chain_bytes = rom.chain_bytes,
                   .problems = rom.problems};
  for (const RomImage& image : rom.images) {
    ImageReport one{.image = image};
    if (!image.is_efi()) {
      one.origin = origin_of_bios(image.bytes);
    } else if (const auto pe = pe_of(image); !pe) {
      one.pe_error = pe.error().what;
    } else {
      const ByteView bytes = as_byte_view(*pe);
      one.pe_bytes = bytes.size();
      if (image.efi && image.efi->compression == 1) {
        one.packed_bytes =
            efi_packed_bytes(image.bytes.subspan(image.efi->image_offset)).value_or(0);
      }
      if (auto facts = read_pe_facts(bytes)) {
        one.origin = origin_of_pe(bytes, *facts);
        one.pe = *std::move(facts);
      } else {
        one.pe_error = fmt::format("offset {:#x}: {}",
                                   image.offset + (image.efi ? image.efi->image_offset : 0),
                                   facts.error().what);
      }
    }
    report.images.push_back(std::move(one));
  }
  return report;
}

std::string format_report(const RomReport& report) {
  std::string out = fmt::format("{}: {} bytes, {} image{}", report.name, report.file_bytes,
                                report.images.size(), report.images.size() == 1 ? "" : "s");
  const std::size_t behind = report.file_bytes - report.chain_bytes;
  if (behind > 0) out += fmt::format(", {} bytes behind them", behind);
  out += "\n";
  if (!report.images.front().image.is_plain_pe) {
    out += fmt::format(
        "  BAR in QEMU: {}. Live migration needs a ROM of the same size class at the "
        "other end, or romsize= on both\n",
        kib(qemu_bar_bytes(report.file_bytes)));
  }
  for (std::size_t i = 0; i < report.images.size(); ++i) format_image(out, report.images[i], i + 1);
  for (const RomProblem& problem : report.problems) {
    out += fmt::format("  DAMAGED at {:#x}: {}\n", problem.offset, problem.what);
  }
  return out;
}

nlohmann::json json_report(const RomReport& report) {
  nlohmann::json json = {{"file", report.name},
                         {"bytes", report.file_bytes},
                         {"chain_bytes", report.chain_bytes},
                         {"bar_bytes", qemu_bar_bytes(report.file_bytes)},
                         {"images", nlohmann::json::array()},
                         {"problems", nlohmann::json::array()}};
  for (const ImageReport& image : report.images) json["images"].push_back(json_image(image));
  for (const RomProblem& problem : report.problems) {
    json["problems"].push_back({{"offset", problem.offset}, {"what", problem.what}});
  }
  return json;
}

}  // namespace kedge::host
